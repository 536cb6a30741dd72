from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from vivant.graph.errors import VivantError
from vivant.graph.node import NodeContext
from vivant.graph.packet import Packet
from vivant.nodes.formats.depth import DepthMap
from vivant.nodes.formats.picture import Picture
from vivant.nodes.formats.scene import Scene
from vivant.nodes.scene.build import SceneBuild, SceneInputs, SceneParams
from vivant.nodes.scene.scene_arrays import from_arrays, to_arrays

U8 = npt.NDArray[np.uint8]
Contexts = Callable[..., NodeContext]
StillLife = tuple[U8, DepthMap]


def build(context: NodeContext, what: StillLife, **params: float) -> Scene:
    node = SceneBuild(SceneParams(**params))  # type: ignore[arg-type]
    node.open(context)
    made = node.process(SceneInputs(Packet(what[1], 0, 0), Packet(Picture(what[0]), 0, 0)))
    assert made is not None
    return made.scene


def same(a: Scene, b: Scene) -> bool:
    left, right = to_arrays(a), to_arrays(b)
    return left.keys() == right.keys() and all(np.array_equal(left[k], right[k]) for k in left)


def test_a_scene_has_its_layers_back_to_front(node_context: Contexts, still_life: StillLife) -> None:
    scene = build(node_context(), still_life)
    assert scene.size == (256, 192) and scene.vertices.dtype == np.float32
    assert 3 <= len(scene.layers) <= 6
    assert sum(layer.count for layer in scene.layers) == scene.triangles.size
    corners = scene.triangles.ravel()
    nearest = [scene.vertices[corners[la.first : la.first + la.count], 2].max() for la in scene.layers]
    assert nearest == sorted(nearest)
    for layer in scene.layers:
        uv = scene.vertices[corners[layer.first : layer.first + layer.count], 3:]
        assert layer.texture.shape[2] == 4 and uv.min() > -0.2 and uv.max() < 1.2


def test_layers_are_no_more_than_allowed(node_context: Contexts, still_life: StillLife) -> None:
    assert len(build(node_context(), still_life, layers=1).layers) == 1
    assert len(build(node_context(), still_life, layers=2).layers) == 2


def test_a_flat_picture_is_one_layer(node_context: Contexts, still_life: StillLife) -> None:
    flat = DepthMap(np.zeros((20, 30), np.float32), 0.25, -0.25)
    (layer,) = build(node_context(), (still_life[0], flat)).layers
    assert (layer.texture[..., 3] == 255).all()


def test_a_scene_is_kept_and_the_same(node_context: Contexts, still_life: StillLife, tmp_path: Path) -> None:
    first = build(node_context(cache_dir=tmp_path), still_life)
    assert list(tmp_path.rglob("*.npz"))
    assert same(first, build(node_context(cache_dir=tmp_path), still_life))
    assert same(first, build(node_context(), still_life))
    assert not same(first, build(node_context(cache_dir=tmp_path), still_life, reach=0.1))


def test_arrays_of_something_else_are_no_scene(node_context: Contexts, still_life: StillLife) -> None:
    arrays = to_arrays(build(node_context(), still_life))
    assert same(from_arrays(arrays), build(node_context(), still_life))
    for name in ("runs", "texture/0", "size"):
        with pytest.raises((KeyError, ValueError)):
            from_arrays({k: v for k, v in arrays.items() if k != name})
    with pytest.raises(ValueError, match="vertices"):
        from_arrays(arrays | {"vertices": arrays["vertices"][:, :4]})


def test_it_waits_until_both_speak_of_the_same_picture(node_context: Contexts, still_life: StillLife) -> None:
    node = SceneBuild(SceneParams())
    node.open(node_context())
    assert node.process(SceneInputs(Packet(still_life[1], 1, 0), Packet(Picture(still_life[0]), 0, 0))) is None


def test_depth_that_reaches_to_the_camera_is_refused(node_context: Contexts, still_life: StillLife) -> None:
    near = DepthMap(still_life[1].values, 1.2, -0.2)
    with pytest.raises(VivantError, match="in the camera's way") as caught:
        build(node_context(), (still_life[0], near))
    assert "1" in caught.value.remedy


def test_a_picture_of_which_nothing_is_seen_is_refused(node_context: Contexts, still_life: StillLife) -> None:
    clear = np.dstack([still_life[0], np.zeros(still_life[0].shape[:2], np.uint8)])
    with pytest.raises(VivantError, match="transparent") as caught:
        build(node_context(), (clear, still_life[1]))
    assert caught.value.exit_status == 2
