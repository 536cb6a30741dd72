"""Depth of video: flicker and lag, measured with a network that chooses scale and shift anew at each picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from vivant.graph.node import NodeContext
from vivant.graph.packet import Packet
from vivant.nodes.depth.depth_fade import DepthFade
from vivant.nodes.depth.onnx import DepthOnnx, DepthOnnxInputs, DepthOnnxParams
from vivant.nodes.formats.depth import DepthMap
from vivant.nodes.formats.picture import Picture

Contexts = Callable[..., NodeContext]
WIDTH, HEIGHT = 140, 112
FRAME_NS = 33_333_333
PERIOD = 6
"""Frames from one map to the next where the network is slower than the video."""
FLAT = DepthMap(np.zeros((4, 4), np.float32), 0.1, -0.1)
FULL = DepthMap(np.ones((4, 4), np.float32), 0.3, -0.5)


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """What is bright is near, in a scale and with a shift that swing by 15 % with the least change of the picture."""
    numbers = {"often": 40_000.0, "part": 0.15, "one": 1.0, "often2": 27_000.0}
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["m"], axes=[1], keepdims=1),
        helper.make_node("ReduceMean", ["x"], ["all"], keepdims=1),
        *(
            node
            for out, often in (("s", "often"), ("t", "often2"))
            for node in (
                helper.make_node("Mul", ["all", often], [f"{out}1"]),
                helper.make_node("Sin", [f"{out}1"], [f"{out}2"]),
                helper.make_node("Mul", [f"{out}2", "part"], [out]),
            )
        ),
        helper.make_node("Add", ["s", "one"], ["scale"]),
        helper.make_node("Mul", ["m", "scale"], ["scaled"]),
        helper.make_node("Add", ["scaled", "t"], ["depth"]),
    ]
    graph = helper.make_graph(
        nodes,
        "swings",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, HEIGHT, WIDTH])],
        [helper.make_tensor_value_info("depth", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.array(value, np.float32), name) for name, value in numbers.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(made, tmp_path / "network.onnx")
    return tmp_path / "network.onnx"


@pytest.fixture
def constant(tmp_path: Path) -> Path:
    """A network that keeps its scale: nothing is left to be laid onto each other."""
    mean = helper.make_node("ReduceMean", ["x"], ["depth"], axes=[1], keepdims=1)
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, HEIGHT, WIDTH])
    graph = helper.make_graph([mean], "b", [given], [helper.make_tensor_value_info("depth", TensorProto.FLOAT, None)])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(made, tmp_path / "network.onnx")
    return tmp_path / "network.onnx"


def scene(number: int, *, box: float | None = None, negative: bool = False) -> Picture:
    """A room that grows darker to the left, a head before it, sensor noise; perhaps something that came in."""
    light = np.tile(np.linspace(40, 160, WIDTH), (HEIGHT, 1))
    light[40:90, 50:90] = 190
    if negative:
        light = 230 - light
    if box is not None:
        light[10:50, 100:130] = box
    noisy = light[..., None] + np.random.default_rng(number).normal(0, 6, (HEIGHT, WIDTH, 3))
    return Picture(np.ascontiguousarray(np.clip(noisy, 0, 255).astype(np.uint8)))


def opened(context: Contexts, calm: float, **params: object) -> DepthOnnx:
    given = {"model": "network.onnx", "threads": 1, "normalize": "none", "calm": calm} | params
    node = DepthOnnx(DepthOnnxParams.model_validate(given))
    node.open(context())
    return node


def map_of(node: DepthOnnx, picture: Picture, frame: int) -> DepthMap:
    return node.process(DepthOnnxInputs(Packet(picture, frame * FRAME_NS, frame))).depth


def flicker(node: DepthOnnx, apart: int) -> float:
    """Standard deviation of a pixel over 60 maps of the still scene, in the mean, the first second left out."""
    warm = 30 // apart
    maps = [map_of(node, scene(n), n * apart).values for n in range(60 + warm)][warm:]
    return float(np.std(maps, axis=0).mean())


@pytest.mark.usefixtures("network")
@pytest.mark.parametrize("apart", [1, PERIOD])
@pytest.mark.parametrize("align_edges", [False, True])
def test_a_still_scene_flickers_half_as_much(node_context: Contexts, apart: int, align_edges: bool) -> None:
    raw = flicker(opened(node_context, 0, align_edges=align_edges), apart)
    steady = flicker(opened(node_context, 0.75, align_edges=align_edges), apart)
    print(f"a map every {apart} frames, edges {align_edges}: flicker raw {raw:.4f}, steadied {steady:.4f}")  # noqa: T201
    assert raw > 0.01
    assert steady < 0.5 * raw


@pytest.mark.usefixtures("constant")
def test_noise_of_the_sensor_alone_is_halved_too(node_context: Contexts) -> None:
    raw, steady = (flicker(opened(node_context, calm, align_edges=False), 1) for calm in (0, 0.75))
    print(f"noise of the sensor alone: flicker raw {raw:.4f}, steadied {steady:.4f}")  # noqa: T201
    assert steady < 0.5 * raw


def shown(node: DepthOnnx, comes: int, *, faded: bool) -> npt.NDArray[np.float64]:
    """How near something that comes in at frame `comes` is shown, relative to what it settles at.

    A map is of the frame at which its computing began and is there one period later, as from a network that is always
    busy.
    """
    fade, held, seen = DepthFade(), FLAT, []
    for frame in range(comes + 40):
        if frame >= PERIOD and frame % PERIOD == 0:
            of = frame - PERIOD
            held = map_of(node, scene(of, box=250 if of >= comes else None), of)
            fade.take(held, of * FRAME_NS, frame * FRAME_NS)
        now = fade.at(frame * FRAME_NS) if faded else held
        assert now is not None or frame < PERIOD
        seen.append(
            0.0 if now is None or now.values.shape != (HEIGHT, WIDTH) else float(now.values[20:40, 108:122].mean())
        )
    before, after = np.mean(seen[comes - 12 : comes]), np.mean(seen[-12:])
    return np.asarray((np.array(seen) - before) / (after - before), np.float64)


@pytest.mark.usefixtures("constant")
def test_what_comes_in_is_shown_at_most_one_period_later(node_context: Contexts) -> None:
    comes = 60 + 2  # within a period, as it happens
    raw = shown(opened(node_context, 0), comes, faded=False)
    steady = shown(opened(node_context, 0.75), comes, faded=True)
    half, most = ([int(np.argmax(seen > share)) - comes for seen in (raw, steady)] for share in (0.5, 0.9))
    for share, (held, faded) in (("half", half), ("90 %", most)):
        print(f"{share} is shown {held * FRAME_NS / 1e6:.0f} ms late raw, {faded * FRAME_NS / 1e6:.0f} ms")  # noqa: T201
    assert 0 < half[0] <= half[1]
    assert half[1] - half[0] <= PERIOD / 2 + 1
    assert most[1] - most[0] <= PERIOD


@pytest.mark.usefixtures("network")
def test_a_cut_is_taken_over_at_once(node_context: Contexts) -> None:
    node = opened(node_context, 0.75)
    maps = [map_of(node, scene(n), n) for n in range(5)]
    assert [one.begins for one in maps] == [True, False, False, False, False]
    after = map_of(node, scene(5, negative=True), 5)
    assert after.begins
    fresh = map_of(opened(node_context, 0.75), scene(5, negative=True), 5)
    np.testing.assert_array_equal(after.values, fresh.values)  # nothing of the scene before is left
    assert not map_of(node, scene(6, negative=True), 6).begins
