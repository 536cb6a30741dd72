from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from vivant.graph.node import NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.nodes.formats.camera_pose import CameraPose
from vivant.nodes.formats.depth import DepthMap
from vivant.nodes.formats.scene import Scene
from vivant.nodes.formats.stereo import Stereo
from vivant.nodes.render.scene import RenderScene, RenderSceneInputs, RenderSceneOutputs, RenderSceneParams
from vivant.nodes.render.scene_renderer import within_reach
from vivant.nodes.render.scene_stretch import measure_stretch, viewpoints
from vivant.nodes.scene.assembly import assemble, single_mesh
from vivant.shaders.source import shader_folder

U8 = npt.NDArray[np.uint8]
Contexts = Callable[..., NodeContext]
REACH = 0.2


@pytest.fixture(scope="module")
def still_life() -> tuple[U8, DepthMap]:
    """A striped wall, a blue box before it, a red pole before both."""
    height, width = 192, 256
    y, x = np.mgrid[:height, :width]
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:] = (110 + 60 * (x // 6 % 2))[..., None]
    values = np.zeros((height, width), np.float32)
    box = (x >= 60) & (x < 130) & (y >= 60) & (y < 150)
    pixels[box], values[box] = (30, 40, 180), 0.5
    pole = (x >= 170) & (x < 184)
    pixels[pole], values[pole] = (220, 20, 10), 1.0
    return pixels, DepthMap(values, 0.25, -0.25)


@pytest.fixture(scope="module")
def scene(still_life: tuple[U8, DepthMap]) -> Scene:
    return assemble(*still_life, layers=6, reach=REACH)


Draw = Callable[..., U8]


@pytest.fixture
def draw(gl: Any, node_context: Contexts, scene: Scene) -> Iterator[Draw]:
    opened: list[RenderScene] = []

    def make(pose: CameraPose, **params: Any) -> U8:
        node = RenderScene(RenderSceneParams(**params))
        node.open(node_context(gl=gl, connected=frozenset({"frame"})))
        opened.append(node)
        made = process(node, scene, pose)
        assert made.frame is not None
        assert made.surface.size == (made.frame.width, made.frame.height)
        return made.frame.pixels

    yield make
    for node in opened:
        node.close(Outcome.DONE)


def process(node: RenderScene, scene: Scene, pose: CameraPose) -> RenderSceneOutputs:
    return node.process(RenderSceneInputs(Packet(pose, 0, 0), Packet(scene, 0, 0)))


def middle(picture: U8, colour: str) -> float:
    """Where the red pole or the blue box is, in columns."""
    rgb = picture.astype(int)
    found = rgb[..., 0] - rgb[..., 2] > 90 if colour == "red" else rgb[..., 2] - rgb[..., 0] > 70
    assert found.any()
    return float(np.nonzero(found)[1].mean())


def test_at_rest_it_is_the_picture(draw: Draw, still_life: tuple[U8, DepthMap]) -> None:
    assert cv2.PSNR(draw(CameraPose()), still_life[0]) > 38


def test_parallax_is_that_of_true_perspective(draw: Draw) -> None:
    """A camera that goes by e moves what lies at z by -e z / (eye - z), by similar triangles."""
    rest = draw(CameraPose())
    for aside in (-0.15, 0.1):
        moved = draw(CameraPose((aside, 0, 0)))
        for colour, z in (("red", 0.25), ("blue", 0.0)):
            expected = -aside * z / (1.5 - z) * 192
            assert middle(moved, colour) - middle(rest, colour) == pytest.approx(expected, abs=0.5)


def test_nearer_is_larger_and_a_dolly_zoom_holds_the_picture_plane(draw: Draw) -> None:
    def width(picture: U8) -> int:
        rgb = picture.astype(int)
        return int((rgb[100, :, 2] - rgb[100, :, 0] > 70).sum())

    rest = width(draw(CameraPose()))
    assert width(draw(CameraPose((0, 0, -0.2)))) == pytest.approx(rest * 1.5 / 1.3, abs=1.5)
    held = draw(CameraPose((0, 0, -0.2), held=1.0))
    assert width(held) == pytest.approx(rest, abs=1.5)
    pole = (held.astype(int)[30, :, 0] - held.astype(int)[30, :, 2] > 90).sum()
    assert pole == pytest.approx(14 * (1.25 / 1.05) * (1.3 / 1.5), abs=1.5)
    assert width(draw(CameraPose(zoom=1.25))) == pytest.approx(rest * 1.25, abs=1.5)


def test_the_aim_moves_the_frame(draw: Draw) -> None:
    moved = middle(draw(CameraPose(zoom=2, aim=(-0.2, 0))), "blue")
    assert moved == pytest.approx(128 + 2 * (94.5 - 128 + 0.1 * 256), abs=1)


def test_a_camera_beyond_its_reach_is_held_back(draw: Draw) -> None:
    assert np.array_equal(draw(CameraPose((REACH, 0, 0))), draw(CameraPose((3.0, 0, 0))))
    assert np.array_equal(draw(CameraPose((0, 0, -REACH))), draw(CameraPose((0, 0, -1.49))))
    assert within_reach((3.0, 4.0, 0.5), 0.5) == pytest.approx((0.3, 0.4, 0.0))
    assert within_reach((0.01, 0.02, -0.03), 0.5) == (0.01, 0.02, -0.03)


def test_nothing_is_stretched_or_empty_where_one_mesh_is(
    gl: Any, still_life: tuple[U8, DepthMap], scene: Scene
) -> None:
    poses = viewpoints(REACH)
    assert len(poses) == 30
    layered = measure_stretch(gl, scene, poses)
    mesh = measure_stretch(gl, single_mesh(*still_life, reach=REACH), poses)
    assert np.mean([view.bad for view in mesh]) > 0.02
    assert np.mean([view.bad for view in layered]) <= 0.2 * np.mean([view.bad for view in mesh])
    assert max(view.empty for view in layered) < 0.001


def test_what_is_empty_counts(gl: Any, scene: Scene) -> None:
    (view,) = measure_stretch(gl, scene, [CameraPose(zoom=0.5)])
    assert view.empty == pytest.approx(0.75, abs=0.1)


def test_what_comes_into_view_shows_neither_the_pole_nor_a_hole(draw: Draw) -> None:
    right = draw(CameraPose((0.2, 0, 0)))
    uncovered = right[20:50, 178:186].astype(int)  # wall that the pole hid
    assert np.abs(uncovered.mean((0, 1)) - 140).max() < 45
    assert (uncovered[..., 0] - uncovered[..., 2]).max() < 90


@pytest.mark.parametrize("stereo", [Stereo.SIDE_BY_SIDE, Stereo.OVER_UNDER])
def test_two_eyes_see_what_two_cameras_would(draw: Draw, stereo: Stereo) -> None:
    both = draw(CameraPose((0.05, 0, 0)), stereo=stereo, eyes_apart=0.1)
    left, right = draw(CameraPose((0.0, 0, 0))), draw(CameraPose((0.1, 0, 0)))
    joined = np.hstack([left, right]) if stereo is Stereo.SIDE_BY_SIDE else np.vstack([left, right])
    assert both.shape == joined.shape
    assert np.abs(both.astype(int) - joined).max() <= 1


def test_an_anaglyph_takes_red_from_the_left_eye(draw: Draw) -> None:
    both = draw(CameraPose(), stereo=Stereo.ANAGLYPH, eyes_apart=0.1)
    left, right = draw(CameraPose((-0.05, 0, 0))), draw(CameraPose((0.05, 0, 0)))
    assert np.abs(both[..., 0].astype(int) - left[..., 0]).max() <= 1
    assert np.abs(both[..., 1:].astype(int) - right[..., 1:]).max() <= 1


def sharpness(picture: U8, columns: slice) -> float:
    return float(np.square(np.diff(picture[10:50, columns].astype(int), axis=1)).mean())


def test_a_lens_blurs_what_is_out_of_focus(draw: Draw) -> None:
    wall, pole = slice(4, 56), slice(160, 194)
    clear = draw(CameraPose())
    far = draw(CameraPose(), aperture=0.08, focus=-0.25)
    near = draw(CameraPose(), aperture=0.08, focus=0.25)
    assert sharpness(far, wall) == pytest.approx(sharpness(clear, wall), rel=0.05)
    assert sharpness(near, wall) < 0.75 * sharpness(clear, wall)
    assert np.abs(near[10:180, 172:182].astype(int) - clear[10:180, 172:182]).mean() < 3
    assert sharpness(far, pole) < sharpness(clear, pole)
    small = draw(CameraPose(), aperture=0.08, focus=-0.25, height=96)
    assert small.shape == (96, 128, 3)


def test_a_lens_leaves_no_seam(gl: Any, node_context: Contexts) -> None:
    """A floor that is cut through, with something on it: through the widest lens it is whole everywhere."""
    y, x = np.mgrid[:200, :240]
    values = (y / 400).astype(np.float32)
    values[(x > 80) & (x < 120) & (y > 40) & (y < 130)] = 0.5
    values[(x > 160) & (x < 190) & (y > 90) & (y < 180)] = 1.0
    pixels = np.full((200, 240, 3), 200, np.uint8)
    node = RenderScene(RenderSceneParams(aperture=0.08, focus=0.0))
    node.open(node_context(gl=gl))
    made = assemble(pixels, DepthMap(values, 0.25, -0.25), layers=6, reach=REACH)
    assert len(made.layers) >= 3
    for pose in (CameraPose(), CameraPose((REACH, 0, 0)), CameraPose((0, -REACH, -0.1))):
        surface = process(node, made, pose).surface
        alpha = np.frombuffer(surface.texture.read(), np.uint8).reshape(200, 240, 4)[..., 3]
        assert alpha.min() > 250, pose
    node.close(Outcome.DONE)


def test_points_lie_on_the_surface_on_black(draw: Draw) -> None:
    for size, pose in ((12, CameraPose()), (12 * 1.25 / 1.05 * 1.3 / 1.5, CameraPose((0, 0, -0.2), held=1))):
        drawn = draw(pose, points=1 / 16, height=192).astype(int)
        red = (drawn[:, :, 0] - drawn[:, :, 2]).max(1)  # of each row, on the pole
        assert red.max() > 180 and red.min() < 30
        tops = np.flatnonzero(np.diff((red > 100).astype(int)) == 1)
        assert np.diff(tops).mean() == pytest.approx(size, abs=0.7)
    clear, dotted = draw(CameraPose()), draw(CameraPose(), points=1 / 16)
    box = dotted[70:140, 70:120].reshape(-1, 3).astype(int)
    brightest = box[box.sum(1).argmax()]
    assert np.abs(brightest - clear[100, 95]).max() < 12
    assert 0.3 < box.sum() / (clear[100, 95].astype(int).sum() * len(box)) < 0.75


def test_fog_hides_the_far_more_than_the_near(draw: Draw) -> None:
    clear = draw(CameraPose())
    foggy = draw(CameraPose(), fog=1.0, fog_colour=(0.0, 1.0, 0.0))
    assert np.abs(foggy[20, 20].astype(int) - (0, 255, 0)).max() <= 2
    assert np.abs(foggy[100, 177].astype(int) - clear[100, 177]).max() <= 2
    box = foggy[100, 95].astype(int)
    assert 60 < box[1] < 254
    half = draw(CameraPose(), fog=0.5, fog_colour=(0.0, 1.0, 0.0))
    assert half[20, 20, 1] == pytest.approx(0.5 * 255 + 0.5 * clear[20, 20, 1], abs=2)


def test_the_picture_comes_back_only_where_something_is_wired_to_it(
    gl: Any, node_context: Contexts, scene: Scene
) -> None:
    node = RenderScene(RenderSceneParams(height=96))
    node.open(node_context(gl=gl, connected=frozenset({"surface"})))
    assert process(node, scene, CameraPose()).frame is None
    node.reconnect(frozenset({"frame"}))
    made = process(node, scene, CameraPose())
    assert made.frame is not None and (made.frame.width, made.frame.height) == (128, 96)
    node.close(Outcome.DONE)


def test_a_shader_that_was_saved_is_taken_over(gl: Any, node_context: Contexts, scene: Scene) -> None:
    node = RenderScene(RenderSceneParams())
    node.open(node_context(gl=gl, connected=frozenset({"frame"})))
    before = process(node, scene, CameraPose((0.1, 0, 0)))
    files = node.files()
    names = {Path(file).relative_to(shader_folder()).as_posix() for file in files}
    assert names == {
        "scene.vert",
        "scene.frag",
        "scene_fog.frag",
        "scene_lens.frag",
        "scene_points.frag",
        "lib/fog.glsl",
    }
    node.reload(frozenset(files))
    after = process(node, scene, CameraPose((0.1, 0, 0)))
    assert before.frame is not None and after.frame is not None
    assert np.array_equal(before.frame.pixels, after.frame.pixels)
    node.close(Outcome.DONE)
    node.close(Outcome.DONE)


def test_the_pointer_moves_the_camera_where_there_is_a_window(
    gl: Any, node_context: Contexts, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    import glfw

    monkeypatch.setattr(glfw, "get_window_size", lambda window: (200, 100))
    monkeypatch.setattr(glfw, "get_cursor_pos", lambda window: (500.0, 50.0))  # right of the window: as at its edge

    def drawn(pose: CameraPose, pointer: float, window: object) -> U8:
        node = RenderScene(RenderSceneParams(pointer=pointer))
        node.open(node_context(gl=gl, window=window, connected=frozenset({"frame"})))
        made = process(node, scene, pose)
        node.close(Outcome.DONE)
        assert made.frame is not None
        return made.frame.pixels

    aside = drawn(CameraPose((0.1, 0, 0)), 0.0, None)
    assert np.array_equal(drawn(CameraPose(), 0.1, object()), aside)
    assert not np.array_equal(drawn(CameraPose(), 0.1, None), aside)


def test_transparent_parts_stay_empty(gl: Any, node_context: Contexts, still_life: tuple[U8, DepthMap]) -> None:
    pixels, depth = still_life
    alpha = np.full(pixels.shape[:2], 255, np.uint8)
    alpha[:50], alpha[50:60] = 0, 128
    cut = np.dstack([pixels, alpha])
    cut[:50, :, :3] = (0, 255, 0)
    scene = assemble(cut, depth, layers=6, reach=REACH)
    node = RenderScene(RenderSceneParams())
    node.open(node_context(gl=gl, connected=frozenset({"frame"})))

    def drawn(pose: CameraPose) -> U8:
        made = process(node, scene, pose).frame
        assert made is not None
        return made.pixels

    rest = drawn(CameraPose())
    assert rest.shape[2] == 4 and rest[:48, :, 3].max() <= 1 and rest[62:, :, 3].min() >= 254
    assert abs(rest[52:58, :, 3].astype(int) - 128).mean() < 3
    assert cv2.PSNR(np.ascontiguousarray(rest[62:, :, :3]), np.ascontiguousarray(pixels[62:])) > 36
    aside = drawn(CameraPose((REACH, 0, 0)))
    assert aside[:46, :, 3].max() <= 2 and aside[66:, :, 3].min() >= 247
    green = aside[..., 1].astype(int) - aside[..., :3].max(axis=2, where=[True, False, True], initial=0)
    assert green[aside[..., 3] > 20].max() < 25
    opaque = process(node, assemble(*still_life, layers=6, reach=REACH), CameraPose()).frame
    assert opaque is not None and opaque.pixels.shape[2] == 3
    node.close(Outcome.DONE)
