from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from vivant.graph.errors import VivantError
from vivant.graph.node import NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.nodes.depth.auto import DepthAuto, DepthAutoInputs, DepthAutoParams
from vivant.nodes.depth.file import DepthFile, DepthFileInputs, DepthFileParams
from vivant.nodes.formats.picture import Picture

Contexts = Callable[..., NodeContext]


def frame(width: int, height: int) -> Packet[Picture]:
    return Packet(Picture(np.zeros((height, width, 3), np.uint8)), 5, 0)


@pytest.fixture
def ramp(tmp_path: Path) -> Path:
    np.save(tmp_path / "ramp.npy", np.tile(np.linspace(0, 9, 40, dtype=np.float32), (30, 1)))
    return tmp_path / "ramp.npy"


def test_the_map_has_the_depths_that_were_asked_for(node_context: Contexts, ramp: Path) -> None:
    node = DepthFile(DepthFileParams(path=ramp.name, near=0.1, far=-0.5))
    node.open(node_context())
    depth = node.process(DepthFileInputs(frame(400, 300))).depth
    assert (depth.near, depth.far) == (0.1, -0.5)
    assert depth.values.shape == (30, 40)
    assert depth.values[0, 0] == 0 and depth.values[0, -1] == 1
    node.close(Outcome.DONE)


def test_a_map_of_another_picture_is_refused(node_context: Contexts, ramp: Path) -> None:
    node = DepthFile(DepthFileParams(path=ramp.name))
    node.open(node_context())
    with pytest.raises(VivantError, match="40 x 30 and does not fit a picture of 300 x 400"):
        node.process(DepthFileInputs(frame(300, 400)))


def test_what_was_filled_and_what_is_flat_is_told(node_context: Contexts, tmp_path: Path, notices: list[str]) -> None:
    values = np.zeros((30, 40), np.float32)
    values[3:6] = np.nan
    np.save(tmp_path / "holes.npy", values)
    DepthFile(DepthFileParams(path="holes.npy")).open(node_context())
    assert "10.0 %" in notices[0]
    assert "equally far" in notices[1]


def test_a_file_that_is_not_there_is_told_with_the_nearest_name(node_context: Contexts, ramp: Path) -> None:
    with pytest.raises(VivantError, match=r"did you mean ramp\.npy"):
        DepthFile(DepthFileParams(path="rmap.npy")).open(node_context())
    with pytest.raises(VivantError, match="no depth map was named"):
        DepthFile(DepthFileParams()).open(node_context())


def test_near_before_far() -> None:
    for params in (DepthFileParams, DepthAutoParams):
        with pytest.raises(ValidationError, match="near"):
            params(near=-0.5, far=0.1)


def test_a_given_file_needs_no_network(node_context: Contexts, ramp: Path) -> None:
    node = DepthAuto(DepthAutoParams(path=ramp.name, near=0.2))
    node.open(node_context())  # this context fetches nothing
    depth = node.process(DepthAutoInputs(frame(40, 30))).depth
    assert depth.near == 0.2 and depth.values[0, -1] == 1
    assert node.providers == ()
    node.close(Outcome.DONE)
    with pytest.raises(RuntimeError):
        node.process(DepthAutoInputs(frame(40, 30)))


def test_another_extent_is_taken_over_while_it_runs(node_context: Contexts, ramp: Path) -> None:
    node = DepthAuto(DepthAutoParams(path=ramp.name))
    node.open(node_context())
    node.update(DepthAutoParams(path=ramp.name, near=0.1, far=-0.4))
    depth = node.process(DepthAutoInputs(frame(40, 30))).depth
    assert (depth.near, depth.far) == (0.1, -0.4)


def test_without_a_file_the_network_estimates(node_context: Contexts, tmp_path: Path) -> None:
    """One that takes what is bright for near."""
    import onnx
    from onnx import TensorProto, helper

    mean = helper.make_node("ReduceMean", ["x"], ["depth"], axes=[1], keepdims=1)
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, "h", "w"])
    told = helper.make_tensor_value_info("depth", TensorProto.FLOAT, None)
    graph = helper.make_graph([mean], "bright", [given], [told])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(made, tmp_path / "bright.onnx")
    node = DepthAuto(DepthAutoParams(model="bright.onnx", near=0.1, far=-0.3))
    node.open(node_context())
    assert node.providers == node.providers_asked == ("CPUExecutionProvider",)
    pixels = np.zeros((60, 80, 3), np.uint8)
    pixels[:, 40:] = 255
    depth = node.process(DepthAutoInputs(Packet(Picture(pixels), 0, 0))).depth
    assert (depth.near, depth.far) == (0.1, -0.3)
    assert depth.values[30, 10] < 0.1 and depth.values[30, 70] > 0.9
    node.close(Outcome.DONE)


def test_of_a_still_picture_both_ways_out_are_told_too(node_context: Contexts, tmp_path: Path) -> None:
    """Its network is opened only when the picture is there."""
    (tmp_path / "cut.onnx").write_bytes(b"no model")
    node = DepthAuto(DepthAutoParams(model="cut.onnx"))
    node.open(node_context(still=True, cache_dir=tmp_path / "cache"))
    with pytest.raises(VivantError, match="no ONNX model") as caught:
        node.process(DepthAutoInputs(frame(40, 30)))
    assert "depth.path=FILE" in caught.value.remedy


def test_without_file_and_network_both_ways_out_are_told(node_context: Contexts) -> None:
    with pytest.raises(VivantError, match="no file depth_anything_v2_small") as caught:
        DepthAuto(DepthAutoParams()).open(node_context())
    assert "depth.path=FILE" in caught.value.remedy
