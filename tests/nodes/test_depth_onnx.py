from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from pydantic import ValidationError

from vivant.graph.errors import VivantError
from vivant.graph.node import NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.nodes.depth.depth_network import DepthNetwork, Normalize, Provider
from vivant.nodes.depth.depth_range import DepthRange
from vivant.nodes.depth.onnx import DepthOnnx, DepthOnnxInputs, DepthOnnxParams
from vivant.nodes.formats.depth import DepthMap
from vivant.nodes.formats.picture import Picture

Shape = Sequence[int | str]
Save = Callable[..., Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Write a network that gives the mean of the channels, or what `nodes` say."""

    def write(
        name: str = "mean.onnx",
        shape: Shape = (1, 3, "h", "w"),
        *,
        element: int = TensorProto.FLOAT,
        axis: int = 1,
        nodes: list[Any] | None = None,
        more_inputs: Sequence[str] = (),
        outputs: Sequence[str] = ("depth",),
        initializers: Sequence[Any] = (),
    ) -> Path:
        if nodes is None:
            nodes = [helper.make_node("ReduceMean", ["x"], ["depth"], axes=[axis], keepdims=1)]
        inputs = [helper.make_tensor_value_info("x", element, shape)]
        inputs += [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1]) for n in more_inputs]
        results = [helper.make_tensor_value_info(n, element, None) for n in outputs]
        graph = helper.make_graph(nodes, "test", inputs, results, list(initializers))
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        path = tmp_path / name
        path.write_bytes(model.SerializeToString())
        return path

    return write


def picture_of(colours: npt.NDArray[np.float64]) -> Picture:
    return Picture(np.ascontiguousarray(np.clip(colours, 0, 255), np.uint8))


def ramp(height: int = 60, width: int = 90) -> Picture:
    """Dark on the left, light on the right."""
    row = np.linspace(20, 230, width)
    return picture_of(np.repeat(np.tile(row, (height, 1))[..., None], 3, axis=2))


def open_node(path: Path, notices: list[str] | None = None, *, kept_in: Path | None = None, **params: Any) -> DepthOnnx:
    """Open a node; of a still picture, whose depth is kept, where there is a folder for it."""
    node = DepthOnnx(DepthOnnxParams.model_validate({"model": path.name, "threads": 1} | params))
    node.open(
        NodeContext(
            now_ns=lambda: 0,
            base_dir=path.parent,
            fetch=lambda name: path,
            notice=(notices if notices is not None else []).append,
            connected=frozenset({"depth"}),
            offline=True,
            cache_dir=kept_in,
            still=kept_in is not None,
        )
    )
    return node


def depth_of(node: DepthOnnx, picture: Picture, t_ns: int = 0) -> DepthMap:
    return node.process(DepthOnnxInputs(Packet(picture, t_ns, 0))).depth


def test_depth_has_the_size_of_the_picture_and_runs_from_0_to_1(save: Save) -> None:
    node = open_node(save(), near=0.4, far=-0.2)
    depth = depth_of(node, ramp())
    assert depth.values.shape == (60, 90)
    assert depth.values.dtype == np.float32
    assert depth.values[:, :5].max() < 0.1
    assert depth.values[:, -5:].min() > 0.9
    assert (np.diff(depth.values[30, 5:-5]) > -0.01).all()
    assert (depth.near, depth.far) == (0.4, -0.2)
    assert node.providers[-1] == "CPUExecutionProvider"
    node.close(Outcome.DONE)
    assert node.providers == ()


@pytest.mark.parametrize(
    ("shape", "axis", "element"),
    [
        ((1, 3, 28, 42), 1, TensorProto.FLOAT),
        ((1, 28, 42, 3), 3, TensorProto.FLOAT),
        ((3, 28, 42), 0, TensorProto.FLOAT),
        (("n", 3, 28, "w"), 1, TensorProto.FLOAT),
        (("n", "c", "h", "w"), 1, TensorProto.FLOAT),
        ((1, 3, 28, 42), 1, TensorProto.FLOAT16),
    ],
)
def test_size_layout_and_element_type_come_from_the_model(save: Save, shape: Shape, axis: int, element: int) -> None:
    values = depth_of(open_node(save(shape=shape, axis=axis, element=element), size=56), ramp()).values
    assert values.shape == (60, 90)
    assert values[:, :5].max() < 0.1 and values[:, -5:].min() > 0.9


def test_a_network_that_takes_bytes_gets_them_as_they_are(save: Save) -> None:
    nodes = [
        helper.make_node("Cast", ["x"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["f"], ["m"], axes=[1], keepdims=1),
        helper.make_node("Cast", ["m"], ["depth"], to=TensorProto.UINT8),
    ]
    network = DepthNetwork(save(shape=(1, 3, 16, 16), element=TensorProto.UINT8, nodes=nodes))
    assert network.run(np.full((16, 16, 3), 77, np.uint8)) == pytest.approx(77)


def test_colours_are_normalised_as_asked(save: Save) -> None:
    path = save(shape=(1, 3, 16, 16))
    grey = np.full((16, 16, 3), 255, np.uint8)
    expected = {
        Normalize.NONE: 1.0,
        Normalize.HALF: 1.0,
        Normalize.IMAGENET: np.mean([(1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225]),
    }
    for normalize, value in expected.items():
        assert DepthNetwork(path, normalize=normalize).run(grey) == pytest.approx(value, abs=1e-5)
    assert DepthNetwork(path, normalize=Normalize.HALF).run(grey * 0) == pytest.approx(-1)


def test_channels_are_red_green_blue(save: Save) -> None:
    weights = numpy_helper.from_array(np.array([1, 10, 100], np.float32).reshape(1, 3, 1, 1), "w")
    path = save(shape=(1, 3, 16, 16), nodes=[helper.make_node("Conv", ["x", "w"], ["depth"])], initializers=[weights])
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 255
    assert DepthNetwork(path, normalize=Normalize.NONE).run(red) == pytest.approx(1)


def test_an_open_input_keeps_the_picture_s_shape_on_the_network_s_grid(save: Save) -> None:
    network = DepthNetwork(save(), side=70)
    assert network.run(np.zeros((100, 200, 3), np.uint8)).shape == (70, 140)
    assert network.run(np.zeros((1000, 10, 3), np.uint8)).shape == (140, 70)  # at most 2:1
    assert DepthNetwork(network.path, side=50).run(np.zeros((100, 200, 3), np.uint8)).shape == (50, 50)


def test_a_distance_is_turned_round(save: Save) -> None:
    far_right = depth_of(open_node(save(), normalize="none", polarity="metric"), ramp()).values
    assert far_right[:, :3].min() > 0.9 and far_right[:, -5:].max() < 0.1
    by_name = depth_of(open_node(save("some_metric_net.onnx"), normalize="none"), ramp()).values
    np.testing.assert_array_equal(by_name, far_right)


def test_an_inverted_map_is_turned_round_evenly(save: Save) -> None:
    """Unlike a distance it may be below 0, and is no nearer where its numbers are small."""
    plain = depth_of(open_node(save(), normalize="half"), ramp()).values
    turned = depth_of(open_node(save(), normalize="half", polarity="inverted"), ramp()).values
    np.testing.assert_allclose(turned, 1 - plain, atol=1e-5)


def test_no_nan_comes_out(save: Save) -> None:
    # the logarithm of what is below one half is NaN, of one half minus infinity
    half = numpy_helper.from_array(np.array([0.5], np.float32), "half")
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["m"], axes=[1], keepdims=1),
        helper.make_node("Sub", ["m", "half"], ["s"]),
        helper.make_node("Log", ["s"], ["depth"]),
    ]
    path = save(nodes=nodes, initializers=[half])
    values = depth_of(open_node(path, normalize="none"), ramp()).values
    assert np.isfinite(values).all()
    assert values[:, :30].max() < 0.1 < values[:, -5:].min()
    dark = picture_of(np.full((40, 40, 3), 10.0))
    with pytest.raises(VivantError, match="no usable number"):
        depth_of(open_node(path, normalize="none"), dark)


def test_a_flat_picture_is_flat(save: Save) -> None:
    values = depth_of(open_node(save()), picture_of(np.full((40, 50, 3), 128.0))).values
    assert (values == 0).all()


def test_edges_are_aligned_to_the_picture(save: Save) -> None:
    colours = np.full((280, 280, 3), 50.0)
    colours[:, 133:] = 200
    step = picture_of(colours)
    path = save(shape=(1, 3, 28, 28))  # ten times coarser than the picture
    jump = {}
    for aligned in (False, True):
        values = depth_of(open_node(path, align_edges=aligned), step).values
        jump[aligned] = float((values[:, 133] - values[:, 132]).mean())
    assert jump[False] < 0.15  # the step is smeared over the network's pixels
    assert jump[True] > 0.6  # and stands where the picture has it


def test_an_rgba_picture_is_read(save: Save) -> None:
    rgba = np.dstack([ramp().pixels, np.full((60, 90), 255, np.uint8)])
    np.testing.assert_array_equal(
        depth_of(open_node(save()), Picture(np.ascontiguousarray(rgba))).values,
        depth_of(open_node(save()), ramp()).values,
    )


def test_bounds_follow_slowly_and_ignore_outliers() -> None:
    bounds = DepthRange(settle_s=1.0)
    first = np.linspace(0, 1, 1000, dtype=np.float32).reshape(10, 100)
    first[0, 0] = 1e6  # one wild value must not flatten the rest
    assert bounds.normalise(first, 0)[5, 50] == pytest.approx(0.55, abs=0.03)
    doubled = first * 2
    at_once = bounds.normalise(doubled, 0)  # no time has passed: the old bounds hold
    assert at_once[5, 50] == 1.0
    after = bounds.normalise(doubled, 10**9)  # one settling time: 63 % of the way
    assert after[5, 50] == pytest.approx(1.1 / (0.98 + 0.632 * 0.98), abs=0.03)
    settled = bounds.normalise(doubled, 30 * 10**9)
    assert settled[5, 50] == pytest.approx(0.55, abs=0.03)


def test_a_picture_of_another_size_starts_anew(save: Save) -> None:
    node = open_node(save())
    depth_of(node, ramp())
    bright = picture_of(ramp(40, 40).pixels / 2.0 + 120)
    fresh = depth_of(open_node(save()), bright).values
    np.testing.assert_array_equal(depth_of(node, bright).values, fresh)


@pytest.mark.parametrize("content", [b"", b"no model " * 50, None])
def test_a_damaged_model_is_told(save: Save, content: bytes | None) -> None:
    path = save()
    path.write_bytes(path.read_bytes()[:60] if content is None else content)
    with pytest.raises(VivantError, match="no ONNX model") as caught:
        open_node(path)
    assert caught.value.where == str(path)


def test_a_missing_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(VivantError, match="no such model file") as caught:
        open_node(tmp_path / "nothing.onnx")
    assert "vivant models" in caught.value.remedy


@pytest.mark.parametrize("location", ["../weights.bin", "missing.bin", "{absolute}"])
def test_weights_outside_the_model_s_folder_are_refused(save: Save, tmp_path: Path, location: str) -> None:
    outside = tmp_path.parent / "weights.bin"
    np.ones(3, np.float32).tofile(outside)
    weights = numpy_helper.from_array(np.ones((1, 3, 1, 1), np.float32), "w")
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location.format(absolute=outside), "offset": "0", "length": "12"}.items():
        weights.external_data.append(onnx.StringStringEntryProto(key=key, value=value))
    path = save(nodes=[helper.make_node("Conv", ["x", "w"], ["depth"])], initializers=[weights])
    with pytest.raises(VivantError, match="weights in another file"):
        open_node(path)


def test_several_inputs_are_refused_by_name(save: Save) -> None:
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["m"], axes=[1], keepdims=1),
        helper.make_node("Mul", ["m", "focal"], ["depth"]),
    ]
    with pytest.raises(VivantError, match="2 inputs \\('x', 'focal'\\)"):
        open_node(save(nodes=nodes, more_inputs=["focal"]))


def test_an_input_that_is_no_picture_is_refused(save: Save) -> None:
    for shape in ((1, 10), (1, 4, 8, 8), (2, 3, 8, 8)):
        with pytest.raises(VivantError, match="no picture"):
            open_node(save(shape=shape))


def test_an_output_that_is_no_map_is_refused(save: Save) -> None:
    nodes = [helper.make_node("Identity", ["x"], ["depth"])]
    with pytest.raises(VivantError, match="no depth map"):
        open_node(save(nodes=nodes, shape=(1, 3, 16, 16)))


def test_the_map_is_chosen_among_several_outputs(save: Save) -> None:
    nodes = [
        helper.make_node("GlobalAveragePool", ["x"], ["confidence"]),
        helper.make_node("ReduceMean", ["x"], ["predicted_depth"], axes=[1], keepdims=0),
    ]
    values = depth_of(open_node(save(nodes=nodes, outputs=["confidence", "predicted_depth"])), ramp()).values
    assert values.max() > 0.9


def test_a_provider_that_is_not_there_is_told(save: Save) -> None:
    import onnxruntime

    if "OpenVINOExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this ONNX Runtime has OpenVINO")
    with pytest.raises(VivantError, match="cannot compute on 'openvino'") as caught:
        DepthNetwork(save(), provider=Provider.OPENVINO)
    assert "cpu" in caught.value.remedy and caught.value.exit_status == 2


def test_near_must_not_lie_behind_far() -> None:
    with pytest.raises(ValidationError, match="near"):
        DepthOnnxParams(near=-1, far=1)


def test_telemetry_is_switched_off_in_the_environment(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "0")
    open_node(save())
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"


def dies(message: str) -> Callable[..., Any]:
    """A call that fails as ONNX Runtime does: with its own class of error, told by its words alone."""

    def call(*_: Any, **__: Any) -> Any:
        raise RuntimeError(message)

    return call


def test_a_model_that_needs_more_memory_than_there_is_is_told(save: Save) -> None:
    # four petabytes: more than a process can address, so that it fails on every machine, and at once
    shape = numpy_helper.from_array(np.array([1, 1, 2**25, 2**25], np.int64), "shape")
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["huge"]),
        helper.make_node("ReduceMean", ["x"], ["m"], keepdims=1),
        helper.make_node("Add", ["huge", "m"], ["depth"]),
    ]
    with pytest.raises(VivantError, match="more memory than there is") as caught:
        open_node(save(nodes=nodes, initializers=[shape]))
    assert str(caught.value).count("\n") == 2


@pytest.mark.parametrize("words", ["std::bad_alloc", "Failed to allocate memory for requested buffer of size 12"])
def test_memory_that_runs_out_while_it_runs_is_told_with_what_to_do(
    save: Save, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    network = DepthNetwork(save())
    monkeypatch.setattr(network, "_session", type("Session", (), {"run": dies(words)})())
    with pytest.raises(VivantError, match="more memory than there is") as caught:
        network.run(np.zeros((40, 40, 3), np.uint8))
    assert "'size' lower" in caught.value.remedy
    monkeypatch.setattr(network, "_session", type("Session", (), {"run": dies("a fault of another kind")})())
    with pytest.raises(VivantError, match="fails on an input"):
        network.run(np.zeros((40, 40, 3), np.uint8))


def test_memory_that_runs_out_while_it_is_loaded_is_told(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    import onnxruntime

    monkeypatch.setattr(onnxruntime, "InferenceSession", dies("std::bad_alloc"))
    with pytest.raises(VivantError, match="memory than there is to be loaded"):
        DepthNetwork(save())


def test_disparities_that_are_taken_for_distances_are_told(save: Save) -> None:
    """Colours from -1 to 1 give this network's map a sign: a dark picture is below 0, where no distance is."""
    dark = picture_of(np.full((40, 40, 3), 10.0))
    with pytest.raises(VivantError, match="no distance: not above 0") as caught:
        depth_of(open_node(save(), normalize="half", polarity="metric"), dark)
    assert "polarity" in caught.value.remedy and "disparity" in caught.value.remedy
    assert (depth_of(open_node(save(), normalize="half", polarity="disparity"), dark).values == 0).all()


def test_what_contradicts_the_model_is_told(save: Save) -> None:
    notices: list[str] = []
    open_node(save("metric_net.onnx"), notices, polarity="disparity")
    assert "near and far may be exchanged" in notices[0]
    nodes = [
        helper.make_node("Cast", ["x"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["f"], ["m"], axes=[1], keepdims=1),
        helper.make_node("Cast", ["m"], ["depth"], to=TensorProto.UINT8),
    ]
    of_bytes = save("bytes.onnx", shape=(1, 3, 16, 16), element=TensorProto.UINT8, nodes=nodes)
    open_node(of_bytes, notices, normalize="half")
    assert "`normalize` does nothing" in notices[1]
    open_node(save("other.onnx"), notices, normalize="half", polarity="metric")
    assert len(notices) == 2


@pytest.mark.parametrize("wrong", [{"polarity": "metrc"}, {"normalize": "imagenet2"}, {"size": 8}, {"threads": 0}])
def test_what_is_no_setting_is_refused(wrong: dict[str, Any]) -> None:
    (name,) = wrong
    with pytest.raises(ValidationError, match=name):
        DepthOnnxParams.model_validate(wrong)


def test_of_a_still_picture_the_second_time_no_network_runs(
    save: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, cache = save(), tmp_path / "cache"
    first = depth_of(open_node(path, kept_in=cache), ramp(), t_ns=5)
    monkeypatch.setattr(DepthNetwork, "__init__", dies("the network was opened"))
    node = open_node(path, kept_in=cache, near=0.1)
    again = depth_of(node, ramp(), t_ns=7)
    assert (again.values == first.values).all() and again.values.dtype == np.float32
    assert again.near == 0.1  # how deep it is to be is no matter of the network
    others: list[dict[str, Any]] = [{"align_edges": False}, {"normalize": "half"}, {"size": 64}]
    for changed in others:
        with pytest.raises(RuntimeError, match="was opened"):
            depth_of(open_node(path, kept_in=cache, **changed), ramp())
    with pytest.raises(RuntimeError, match="was opened"):
        depth_of(node, ramp(60, 91))
    path.write_bytes(path.read_bytes() + b"\x72\x00")  # another model under the same name
    with pytest.raises(RuntimeError, match="was opened"):
        depth_of(open_node(path, kept_in=cache), ramp())


def test_a_damaged_kept_map_is_made_anew(save: Save, tmp_path: Path) -> None:
    path, cache = save(), tmp_path / "cache"
    first = depth_of(open_node(path, kept_in=cache), ramp()).values
    (file,) = cache.rglob("*.npz")
    file.write_bytes(file.read_bytes()[:100])
    assert (depth_of(open_node(path, kept_in=cache), ramp()).values == first).all()


def test_a_model_with_weights_beside_it_is_never_taken_from_the_cache(save: Save, tmp_path: Path) -> None:
    """What else it is made of is not looked at, so it may have changed."""
    weights = numpy_helper.from_array(np.ones((1, 3, 1, 1), np.float32), "w")
    np.ones(3, np.float32).tofile(tmp_path / "weights.bin")
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    for key, value in {"location": "weights.bin", "offset": "0", "length": "12"}.items():
        weights.external_data.append(onnx.StringStringEntryProto(key=key, value=value))
    path = save(nodes=[helper.make_node("Conv", ["x", "w"], ["depth"])], initializers=[weights])
    assert depth_of(open_node(path, kept_in=tmp_path / "cache"), ramp()).values.max() > 0.9
    assert not list(tmp_path.rglob("*.npz"))


def test_a_missing_and_a_damaged_model_are_told_of_still_pictures_too(save: Save, tmp_path: Path) -> None:
    with pytest.raises(VivantError, match="no such model file"):
        depth_of(open_node(tmp_path / "nothing.onnx", kept_in=tmp_path), ramp())
    for content in (b"", b"rubbish"):
        path = save()
        path.write_bytes(content)
        with pytest.raises(VivantError, match="no ONNX model"):
            depth_of(open_node(path, kept_in=tmp_path), ramp())


def test_what_is_transparent_is_farthest_and_counts_for_nothing(save: Save, tmp_path: Path) -> None:
    """Else a small thing cut out of a large picture would have hardly any depth of its own."""
    pixels = np.dstack([ramp().rgb, np.zeros((60, 90), np.uint8)])
    pixels[20:40, 30:60, 3] = 255
    pixels[:10, :, :3] = 255  # under what nobody sees lies whatever a program left there
    for kept_in in (None, tmp_path / "cache"):
        values = depth_of(open_node(save(), kept_in=kept_in, align_edges=False), Picture(pixels.copy())).values
        assert values[25:35, 33:36].max() < 0.35 and values[25:35, 54:57].min() > 0.65
        assert not values[pixels[..., 3] == 0].any()
    clear = np.dstack([ramp().rgb, np.zeros((60, 90), np.uint8)])
    assert not depth_of(open_node(save()), Picture(clear)).values.any()
