"""``vivant depth``: what is written, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from vivant.nodes.depth.depth_file import FilePolarity, read_depth_file
from vivant.nodes.depth.depth_network import DepthNetwork
from vivant.runtime.cli import main


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVANT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("VIVANT_OFFLINE", "1")
    monkeypatch.delenv("VIVANT_NO_CACHE", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def network(tmp_path: Path) -> str:
    """A network that takes what is bright for near; its name as a user in that folder gives it."""
    mean = helper.make_node("ReduceMean", ["x"], ["depth"], axes=[1], keepdims=1)
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, "h", "w"])
    told = helper.make_tensor_value_info("depth", TensorProto.FLOAT, None)
    graph = helper.make_graph([mean], "bright", [given], [told])
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "bright.onnx"
    )
    return "bright.onnx"


@pytest.fixture
def picture(tmp_path: Path) -> str:
    """Dark on the left, light on the right."""
    row = np.linspace(10, 240, 120).astype(np.uint8)
    Image.fromarray(np.repeat(np.tile(row, (80, 1))[..., None], 3, axis=2)).save(tmp_path / "ramp.png")
    return "ramp.png"


def left(folder: Path) -> set[str]:
    """The files in a folder, hidden ones too."""
    return {file.name for file in folder.iterdir() if file.is_file()}


def test_a_map_and_its_preview_are_written(
    tmp_path: Path, picture: str, network: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["depth", picture, "-o", "depth.png", "--preview", "colours.jpg", "--model", network]
    assert main(given) == 0
    assert capsys.readouterr().out == "depth.png: 120 x 80 pixels, white is near\n"
    values, _ = read_depth_file(tmp_path / "depth.png", FilePolarity.DISPARITY)
    assert values.shape == (80, 120)
    assert values[:, :5].max() < 0.1 and values[:, -5:].min() > 0.9
    with Image.open(tmp_path / "colours.jpg") as opened:
        colours = np.asarray(opened)
    assert colours.shape == (80, 120, 3) and colours[40, -3].sum() > 500 > 100 > colours[40, 3].sum()
    assert left(tmp_path) == {picture, network, "depth.png", "colours.jpg"}


def test_the_second_time_no_network_runs(
    tmp_path: Path, picture: str, network: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = ["depth", picture, "-o", "depth.png", "--model", network]
    assert main(given) == 0
    first = (tmp_path / "depth.png").read_bytes()
    (tmp_path / "depth.png").unlink()

    def dies(*_: object, **__: object) -> None:
        raise AssertionError("the network was opened")

    monkeypatch.setattr(DepthNetwork, "__init__", dies)
    assert main(given) == 0
    assert (tmp_path / "depth.png").read_bytes() == first
    assert main([*given, "--set", "depth.align_edges=false"]) == 1  # another map
    monkeypatch.setenv("VIVANT_NO_CACHE", "1")
    assert main(given) == 1


def test_its_settings_reach_the_network(tmp_path: Path, picture: str, network: str) -> None:
    given = ["depth", picture, "-o", "depth.png", "--model", network, "--set", "depth.normalize=none"]
    assert main([*given, "--set", "depth.polarity=metric", "--set", "portrait.max_size=64"]) == 0
    values, _ = read_depth_file(tmp_path / "depth.png", FilePolarity.DISPARITY)
    assert values.shape[1] == 64
    assert values[:, 0].min() > 0.9 and values[:, -5:].max() < 0.1


def given(name: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, "h", "w"])


def saved(file: Path, nodes: list[onnx.NodeProto], inputs: list[str], *values: onnx.TensorProto) -> None:
    told = helper.make_tensor_value_info("depth", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "unfit", [given(name) for name in inputs], [told], list(values))
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    file.write_bytes(made.SerializeToString())


def outside(folder: Path) -> None:
    """A model whose weights lie beside its folder, not in it."""
    np.ones(3, np.float32).tofile(folder / "weights.bin")
    (folder / "models").mkdir()
    weights = numpy_helper.from_array(np.ones((1, 3, 1, 1), np.float32), "w")
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    for key, value in {"location": "../weights.bin", "offset": "0", "length": "12"}.items():
        weights.external_data.append(onnx.StringStringEntryProto(key=key, value=value))
    saved(folder / "models/outside.onnx", [helper.make_node("Conv", ["x", "w"], ["depth"])], ["x"], weights)


def unfit(folder: Path) -> None:
    mean = helper.make_node("ReduceMean", ["x"], ["m"], axes=[1], keepdims=1)
    all_of_it = helper.make_node("ReduceMean", ["x"], ["m"], keepdims=1)
    summed = helper.make_node("Add", ["m", "y"], ["s"])
    saved(folder / "two.onnx", [mean, summed, helper.make_node("Neg", ["s"], ["depth"])], ["x", "y"])
    no_number = numpy_helper.from_array(np.array(np.nan, np.float32), "n")
    saved(folder / "nan.onnx", [mean, helper.make_node("Mul", ["m", "n"], ["depth"])], ["x"], no_number)
    shape = numpy_helper.from_array(np.array([1, 200_000, 1000, 1000], np.int64), "n")  # 800 TB
    saved(folder / "huge.onnx", [all_of_it, helper.make_node("Expand", ["m", "n"], ["depth"])], ["x"], shape)
    outside(folder)


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("two.onnx", "has 2 inputs"),
        ("nan.onnx", "gives no usable number"),
        ("huge.onnx", "more memory than there is"),
        ("models/outside.onnx", "outside its folder"),
    ],
)
def test_a_network_that_is_no_good_is_told_in_one_block(
    tmp_path: Path, picture: str, model: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    unfit(tmp_path)
    assert main(["depth", picture, "-o", "depth.png", "--model", model]) == 1
    told = capsys.readouterr().err
    assert says in told and "Traceback" not in told
    assert told.count("vivant: ") == 1 and Path(model).name in told and "what to do:" in told
    assert not (tmp_path / "depth.png").exists()


@pytest.mark.parametrize(
    ("changed", "says", "status"),
    [
        (["ramp.png", "-o", "depth.tif"], "no ending of a depth map", 2),
        (["ramp.png", "-o", "depth.png", "--preview", "p.gif"], "no ending of its preview", 2),
        (["ramp.png", "-o", "depth.png", "--preview", "depth.png"], "cannot be one file", 2),
        (["ramp.png", "-o", "ramp.png"], "overwrite what it is made from", 2),
        (["ramp.png", "-o", "nowhere/depth.png"], "does not exist", 2),
        (["rmap.png", "-o", "depth.png"], "did you mean ramp.png", 2),
        (["bright.onnx", "-o", "depth.png"], "not a picture", 2),
        (["ramp.png", "-o", "depth.png", "--model", "none.onnx"], "no such model file", 1),
        (["ramp.png", "-o", "depth.png", "--model", "ramp.onnx"], "no ONNX model", 1),
        (["ramp.png", "-o", "depth.png", "--model", "depth_anythin_v2_small"], "did you mean", 2),
        (["ramp.png", "-o", "depth.png", "--model", "depth_anything_v2_small"], "VIVANT_OFFLINE", 1),
        (["ramp.png", "-o", "depth.png", "--set", "depth.polarity=metrc"], "polarity", 2),
        (["ramp.png", "-o", "depth.png", "--set", "depth.normalise=none"], "normalize", 2),
    ],
)
def test_what_cannot_be_done_is_told_and_nothing_is_written(
    tmp_path: Path,
    picture: str,
    network: str,
    changed: list[str],
    says: str,
    status: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "ramp.onnx").write_bytes((tmp_path / network).read_bytes()[:50])
    (tmp_path / "depth.png").write_bytes(b"older")
    before = left(tmp_path)
    model = [] if "--model" in changed else ["--model", network]
    assert main(["depth", *changed, *model]) == status
    told = capsys.readouterr().err
    assert says in told and "Traceback" not in told
    assert left(tmp_path) == before
    assert (tmp_path / "depth.png").read_bytes() == b"older"
