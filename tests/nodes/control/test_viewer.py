from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pydantic import ValidationError

from vivant.graph.errors import VivantError
from vivant.graph.node import NodeContext
from vivant.graph.packet import Packet, Tick
from vivant.nodes.control.viewer import ControlViewer, ViewerInputs, ViewerParams
from vivant.nodes.control.viewer_place import CameraPlace, eyes_before, seen_from
from vivant.nodes.formats.camera_pose import CameraPose
from vivant.nodes.formats.face import FaceReading
from vivant.nodes.formats.scene import Scene, SceneLayer
from vivant.nodes.formats.stereo import Stereo

F64 = npt.NDArray[np.float64]
Contexts = Callable[..., NodeContext]

EYE_Z, REACH = 1.5, 0.3
SIZE = (160, 120)
EYES = np.array([0.0, 2.6, 3.5])


def scene(*, spots: tuple[tuple[float, float, float], ...] = ()) -> Scene:
    """A scene of white squares on nothing, each with its middle at a place in space, picture heights."""
    vertices: list[tuple[float, ...]] = []
    triangles: list[tuple[int, int, int]] = []
    half = 0.03
    for x, y, z in spots:
        first = len(vertices)
        for corner_x, corner_y in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
            shrink = 1 - z / EYE_Z  # back to where the camera at rest sees it
            vertices.append(((x + corner_x * half) / shrink, (y + corner_y * half) / shrink, z, 0.5, 0.5))
        triangles += [(first, first + 1, first + 2), (first, first + 2, first + 3)]
    layer = SceneLayer(np.full((2, 2, 4), 255, np.uint8), 0, 3 * len(triangles))
    return Scene(SIZE, EYE_Z, REACH, np.array(vertices, np.float32), np.array(triangles, np.int32), (layer,))


def face(right: float, up: float, far: float, *, mirrored: bool = True, identity: int = 0) -> FaceReading:
    """A face whose eyes are there, in centimetres from a camera with MediaPipe's own field of view."""
    transform = np.eye(4, dtype=np.float32)
    transform[:3, 3] = np.array([right if mirrored else -right, up, -far]) - EYES
    nothing = np.zeros((478, 3), np.float32)
    return FaceReading(nothing, (640, 480), np.zeros(52, np.float32), transform, identity)


def kooima(eye: F64, low: F64, side: F64, top: F64, point: F64) -> F64:
    """Where a point is seen on a screen, -1 to 1 from border to border.

    From the paper: three corners of the screen, the eye, and ``glFrustum``, step by step.
    """
    right, up = (side - low) / np.linalg.norm(side - low), (top - low) / np.linalg.norm(top - low)
    normal = np.cross(right, up)
    va, vb, vc = low - eye, side - eye, top - eye
    d, near, far = -float(normal @ va), 0.1, 100.0
    l, r, b, t = (float(v) * near / d for v in (right @ va, right @ vb, up @ va, up @ vc))  # noqa: E741
    frustum = np.array(
        [
            [2 * near / (r - l), 0, (r + l) / (r - l), 0],
            [0, 2 * near / (t - b), (t + b) / (t - b), 0],
            [0, 0, -(far + near) / (far - near), -2 * far * near / (far - near)],
            [0, 0, -1, 0],
        ]
    )
    x, y, _, w = frustum @ np.append(np.stack([right, up, normal]) @ (point - eye), 1)
    return np.array([x / w, y / w])


def seen(gl: Any, what: Scene, pose: CameraPose) -> F64 | None:
    """Where white is in the drawing, -1 to 1; None: nowhere."""
    from vivant.nodes.render.scene_renderer import SceneRenderer
    from vivant.nodes.render.scene_shaders import SceneShaders

    shaders = SceneShaders(gl)
    renderer = SceneRenderer(gl, (8 * SIZE[0], 8 * SIZE[1]), shaders, Stereo.NONE)
    renderer.load(what)
    renderer.draw(pose)
    width, height = renderer.size
    white = np.frombuffer(renderer.framebuffer.read(components=4), np.uint8).reshape(height, width, 4)[..., 0] > 127
    renderer.release()
    shaders.release()
    if not white.any():
        return None
    rows, columns = np.nonzero(white)
    return np.array([2 * (columns.mean() + 0.5) / width - 1, 2 * (rows.mean() + 0.5) / height - 1])


@pytest.mark.parametrize(
    "eyes", [(0, 0, 60), (3, 0, 60), (-3, 0, 60), (0, 2, 60), (2, -2, 58), (-1.5, 3, 55), (0, 0, 54)]
)
@pytest.mark.parametrize("spot", [(0.0, 0.0, -0.6), (0.4, -0.2, -1.5), (-0.2, 0.1, 0.15), (0.3, 0.3, 0.0)])
def test_a_scene_is_drawn_as_through_a_window(
    gl: Any, eyes: tuple[float, float, float], spot: tuple[float, float, float]
) -> None:
    """In centimetres of the room, by the paper, against what is drawn."""
    height_cm, distance_cm = 30.0, 60.0
    drawn = seen(
        gl,
        scene(spots=(spot,)),
        seen_from(np.array(eyes, float), height_cm=height_cm, distance_cm=distance_cm, eye_z=EYE_Z, reach=REACH),
    )
    half = 0.5 * height_cm * SIZE[0] / SIZE[1], 0.5 * height_cm
    # as deep as it looks right from `distance_cm`
    point = np.array([spot[0] * height_cm, spot[1] * height_cm, spot[2] * distance_cm / EYE_Z])
    wanted = kooima(
        np.array(eyes, float),
        np.array([-half[0], -half[1], 0]),
        np.array([half[0], -half[1], 0]),
        np.array([-half[0], half[1], 0]),
        point,
    )
    assert drawn is not None
    np.testing.assert_allclose(drawn, wanted, atol=0.004)


def test_a_head_that_moves_to_the_right_sees_more_of_the_left(gl: Any, node_context: Contexts) -> None:
    left = scene(spots=((-1.4, 0.0, -1.5),))  # behind the frame: not to be seen from its middle
    right = scene(spots=((1.4, 0.0, -1.5),))

    def from_head(aside: float, what: Scene) -> F64 | None:
        return seen(gl, what, shown(still(node_context, face(aside, 0, 60)), what))

    assert from_head(0, left) is None and from_head(0, right) is None
    there = from_head(5, left)
    assert there is not None and there[0] < -0.9 and from_head(5, right) is None
    there = from_head(-5, right)
    assert there is not None and there[0] > 0.9 and from_head(-5, left) is None


def make(node_context: Contexts, *, offline: bool = True, kept: dict[str, Any] | None = None, **params: Any) -> Any:
    given = {"camera_cm": (0, 0, 0), "camera_fov_deg": 63, **params}
    node = ControlViewer(ViewerParams(**given))
    node.open(node_context(offline=offline, kept={} if kept is None else kept))
    return node


def still(node_context: Contexts, who: FaceReading | None, **params: Any) -> tuple[Any, Packet[FaceReading | None]]:
    """A viewer who has been there for a while: the node, and the packet that it looks at."""
    return make(node_context, fade_s=0, **params), Packet(who, 0, 0)


def shown(looked: tuple[Any, Packet[FaceReading | None]], what: Scene | None = None, now_s: float = 0) -> CameraPose:
    node, packet = looked
    now = Packet(Tick(round(now_s * 1e9), 33_000_000), 0, 0)
    made = node.process(ViewerInputs(now, packet, Packet(what or scene(spots=((0, 0, 0),)), 0, 0)))
    return made.camera  # type: ignore[no-any-return]


def test_the_move_is_the_heads_in_picture_heights(node_context: Contexts) -> None:
    pose = shown(still(node_context, face(3, -1.5, 54)))
    assert pose.held == 1 and pose.zoom == 1 and pose.aim == (0, 0)
    np.testing.assert_allclose(pose.move, (0.1, -0.05, -0.15), atol=1e-5)
    larger = shown(still(node_context, face(3, -1.5, 54), screen_height_cm=60))
    np.testing.assert_allclose(larger.move, (0.05, -0.025, -0.15), atol=1e-5)
    doubled = shown(still(node_context, face(1.5, 0, 60), gain=2))
    np.testing.assert_allclose(doubled.move, (0.1, 0, 0), atol=1e-5)
    assert shown(still(node_context, face(3, 0, 60), gain=0)) == CameraPose(held=1.0)
    assert shown(still(node_context, face(0, 0, 90))).move[2] == 0, "from farther nothing else is seen"


def test_a_picture_that_is_not_flipped(node_context: Contexts) -> None:
    pose = shown(still(node_context, face(3, 0, 60, mirrored=False), mirrored=False))
    np.testing.assert_allclose(pose.move, (0.1, 0, 0), atol=1e-5)


def test_where_the_camera_stands() -> None:
    head = face(0, 0, 50).transform
    np.testing.assert_allclose(eyes_before(head, CameraPlace(1, 16, 2)), (1, 16, 52), atol=1e-5)
    # it looks down: what is in its middle is lower the farther it is
    np.testing.assert_allclose(
        eyes_before(head, CameraPlace(0, 25, 0, tilt_deg=30)), (0, 0, 50 * np.cos(np.pi / 6)), atol=1e-5
    )
    np.testing.assert_allclose(
        eyes_before(face(0, 10, 50).transform, CameraPlace(tilt_deg=90)), (0, -50, 10), atol=1e-5
    )
    # another lens: as far aside, farther away
    near, far = (eyes_before(face(4, 3, 50).transform, CameraPlace(fov_deg=fov)) for fov in (63, 40))
    np.testing.assert_allclose(far[:2], near[:2])
    assert far[2] / near[2] == pytest.approx(np.tan(np.radians(31.5)) / np.tan(np.radians(20)))


def test_a_turn_of_the_head_moves_the_eyes_not_the_neck() -> None:
    turned = np.eye(4, dtype=np.float32)
    turned[:3, :3] = [[0, 0, 1], [0, 1, 0], [-1, 0, 0]]  # a quarter turn: what was ahead is at the side
    turned[:3, 3] = (0, 0, -60)
    np.testing.assert_allclose(eyes_before(turned, CameraPlace()), (3.5, 2.6, 60), atol=1e-5)


def test_the_view_comes_to_rest_at_what_the_scene_allows() -> None:
    def aside(cm: float) -> float:
        eyes = np.array([cm * 0.6, cm * 0.8, 60.0])
        pose = seen_from(eyes, height_cm=30, distance_cm=60, eye_z=EYE_Z, reach=REACH)
        assert pose.move[1] == pytest.approx(pose.move[0] * 4 / 3)
        return float(np.hypot(*pose.move[:2]))

    moves = [aside(cm) for cm in np.linspace(0, 40, 200)]
    assert aside(5) == pytest.approx(5 / 30)
    assert (np.diff(moves) > 0).all() and 0.29 < moves[-1] < REACH
    assert np.abs(np.diff(moves, 2)).max() < 0.002, "no kink"
    near = seen_from(np.array([0, 0, 10.0]), height_cm=30, distance_cm=60, eye_z=EYE_Z, reach=REACH)
    assert -REACH < near.move[2] < -0.29


def test_nobody_there_eases_to_the_middle_and_back(node_context: Contexts) -> None:
    node = make(node_context, hold_s=1, settle_s=2, fade_s=0.5)
    moves = []
    for step in range(240):
        now_s = step / 30
        there = now_s < 2 or now_s >= 6
        packet = Packet(face(4, 0, 60) if there else None, round(now_s * 1e9), step)
        moves.append(shown((node, packet), now_s=now_s).move[0])
    far = 4 / 30
    assert moves[0] == 0 and moves[15] == pytest.approx(far), "it comes within half a second"
    assert moves[88] == pytest.approx(far), "it is held for a second"
    assert 0.3 * far < moves[119] < 0.7 * far and moves[155] == pytest.approx(0)
    assert moves[179] == pytest.approx(0) and moves[-1] == pytest.approx(far)
    assert np.abs(np.diff(moves)).max() < far / 8, "it never jumps"


def test_somebody_who_comes_back_half_way_is_met_half_way(node_context: Contexts) -> None:
    node = make(node_context, hold_s=1, settle_s=2, fade_s=0.5)
    moves = []
    for step in range(180):
        now_s = step / 30
        there = now_s < 2 or now_s >= 4
        packet = Packet(face(4 if now_s < 2 else -4, 0, 60) if there else None, round(now_s * 1e9), step)
        moves.append(shown((node, packet), now_s=now_s).move[0])
    assert np.abs(np.diff(moves)).max() < 0.03 and moves[-1] == pytest.approx(-4 / 30)


def test_another_person_is_gone_over_to(node_context: Contexts) -> None:
    node = make(node_context, fade_s=0.5)
    moves = []
    for step in range(60):
        who = face(-4, 0, 60, identity=1) if step < 30 else face(4, 0, 60, identity=2)
        moves.append(shown((node, Packet(who, step * 33_333_333, step)), now_s=step / 30).move[0])
    assert moves[29] == pytest.approx(-4 / 30) and moves[-1] == pytest.approx(4 / 30)
    assert np.abs(np.diff(moves)).max() < 0.04


def run_live(node_context: Contexts, calm: float, where: Callable[[float], float], seconds: float = 4) -> F64:
    """A camera of 30 frames per second, a display of 60, 70 ms from one to the other: the view, picture heights."""
    node = make(node_context, offline=False, calm=calm, fade_s=0)
    moves, packet = [], None
    what = scene(spots=((0, 0, 0),))
    for step in range(round(60 * seconds)):
        now_ns = round(step / 60 * 1e9)
        captured = (now_ns - 70_000_000) // 33_333_333
        if captured >= 0 and (packet is None or captured != packet.seq):
            t_ns = captured * 33_333_333
            packet = Packet(face(where(t_ns / 1e9), 0, 60), t_ns, captured)
        inputs = ViewerInputs(Packet(Tick(now_ns, 16_666_667 if step else 0), 0, 0), packet, Packet(what, 0, 0))
        moves.append(node.process(inputs).camera.move[0])
    return np.array(moves)


def test_live_noise_is_steadied_and_motion_is_not_late(node_context: Contexts) -> None:
    random = np.random.default_rng(4)
    noisy = {calm: run_live(node_context, calm, lambda _: float(random.normal(0, 0.3)))[60:] for calm in (0, 0.5, 1)}
    jumps = {calm: float(np.diff(moves).std()) for calm, moves in noisy.items()}
    assert jumps[1] < jumps[0.5] < 0.3 * jumps[0]

    def swing(t_s: float) -> float:  # as one leans from side to side
        return 4 * float(np.sin(2 * np.pi * 0.4 * t_s))

    moves = run_live(node_context, 0.5, swing)
    times = np.arange(len(moves)) / 60
    lags = np.arange(0, 0.4, 0.005)
    errors = [np.abs(moves[120:] - np.array([swing(t - lag) for t in times[120:]]) / 30).mean() for lag in lags]
    assert lags[int(np.argmin(errors))] < 0.2 and min(errors) < 0.01


def test_live_the_view_moves_on_between_two_frames_of_the_camera(node_context: Contexts) -> None:
    moves = run_live(node_context, 0.5, lambda t_s: 2 * t_s, seconds=2)[60:]
    steps = np.diff(moves)
    assert (steps > 0).all() and steps.max() < 2 * steps.mean()


def test_the_middle_can_be_said(node_context: Contexts) -> None:
    kept: dict[str, Any] = {}
    node = make(node_context, kept=kept, fade_s=0)
    with pytest.raises(VivantError, match="nobody is there"):
        node.command("middle")
    packet = Packet(face(4, -3, 55), 0, 0)
    assert shown((node, packet)).move != (0, 0, 0)
    node.command("middle")
    np.testing.assert_allclose(shown((node, packet)).move, (0, 0, 0), atol=1e-9)
    moved = Packet(face(7, -3, 55), 1, 1)
    np.testing.assert_allclose(shown((node, moved), now_s=0.1).move, (0.1, 0, 0), atol=1e-6)
    again = make(node_context, kept=kept, fade_s=0)  # after a fault
    np.testing.assert_allclose(shown((again, packet)).move, (0, 0, 0), atol=1e-9)
    again.command("forget")
    assert shown((again, packet)).move[0] == pytest.approx(4 / 30)


def test_before_the_first_face_the_scene_is_its_picture(node_context: Contexts) -> None:
    node = make(node_context)
    inputs = ViewerInputs(Packet(Tick(0, 0), 0, 0), None, Packet(scene(spots=((0, 0, 0),)), 0, 0))
    assert node.process(inputs).camera == CameraPose(held=1.0)
    assert shown((node, Packet(None, 0, 0))) == CameraPose(held=1.0)


@pytest.mark.parametrize(
    "params",
    [
        {"screen_height_cm": 0},
        {"distance_cm": 0},
        {"camera_cm": [0, 0]},
        {"camera_cm": [0, 0, 1e6]},
        {"camera_fov_deg": 180},
        {"gain": -1},
        {"calm": 2},
        {"hold_s": 0},
    ],
)
def test_what_cannot_be_is_refused(params: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ViewerParams(**params)
