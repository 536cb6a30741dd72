"""What is seen when a puppet moves: colours of the drawn portrait tell where its parts went."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.formats.head import HeadFit
from vivant.nodes.formats.puppet import Puppet, PuppetPose
from vivant.nodes.puppet.mesh_part import picture_to_pixels

U8 = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Draw = Callable[[Puppet, PuppetPose], U8]
Posed = Callable[..., PuppetPose]

BLINK = {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}


def iris(frame: U8) -> Mask:
    red, green, blue = (frame[..., i].astype(int) for i in range(3))
    return (blue > 120) & (blue > red + 70) & (blue > green + 70)


def nose(frame: U8) -> Mask:
    red, green, blue = (frame[..., i].astype(int) for i in range(3))
    inside = (green > red + 60) & (green > blue + 60)
    inside[250:] = False  # the room is green below
    return inside


def centre(mask: Mask) -> npt.NDArray[np.float64]:
    """Mean column and row."""
    assert mask.any()
    rows, columns = np.nonzero(mask)
    return np.array([columns.mean(), rows.mean()])


def eye_box(fit: HeadFit, side: str) -> tuple[slice, slice]:
    """Return the part of the picture around an eye of the person."""
    x, y = picture_to_pixels(fit.points[[473 if side == "Left" else 468]], fit.size)[0]
    return slice(int(y) - 22, int(y) + 22), slice(int(x) - 26, int(x) + 26)


@pytest.fixture
def rest(portrait_puppet: Puppet, posed: Posed, draw: Draw) -> U8:
    return draw(portrait_puppet, posed(portrait_puppet))


def test_the_same_pose_gives_the_same_bytes(portrait_puppet: Puppet, posed: Posed, draw: Draw) -> None:
    bent = posed(portrait_puppet, BLINK | {"jawOpen": 0.6}, turn=(0.2, -0.4, 0.1), shift=(0.05, 0, 0.1))
    first = draw(portrait_puppet, bent)
    draw(portrait_puppet, posed(portrait_puppet))
    assert draw(portrait_puppet, bent).tobytes() == first.tobytes()


def test_a_moved_head_changes_the_head_and_leaves_the_corners(
    portrait_puppet: Puppet, posed: Posed, draw: Draw, rest: U8
) -> None:
    moved = draw(portrait_puppet, posed(portrait_puppet, turn=(0.1, 0.3, 0)))
    change = np.abs(moved.astype(int) - rest).max(axis=2)
    height, width = change.shape
    head = change[int(0.2 * height) : int(0.7 * height), int(0.3 * width) : int(0.7 * width)]
    assert (head > 8).mean() > 0.2
    for rows, reach in ((slice(0, 40), 40), (slice(height - 40, height), 12)):
        for columns in (slice(0, reach), slice(width - reach, width)):
            assert change[rows, columns].max() == 0


@pytest.mark.parametrize("pitch", [-0.4, 0.0, 0.4])
@pytest.mark.parametrize("yaw", [-0.7, 0.7])
def test_no_gap_and_no_black_border_however_the_head_moves(
    portrait_puppet: Puppet, portrait_pixels: U8, posed: Posed, draw: Draw, yaw: float, pitch: float
) -> None:
    darkest = int(portrait_pixels.max(axis=2).min())
    assert darkest > 60  # else the test below could not fail
    for shift in ((0.2, 0.0, 0.0), (-0.2, 0.15, 0.0), (0.0, -0.25, 0.1), (0.0, 0.25, -0.3)):
        frame = draw(portrait_puppet, posed(portrait_puppet, turn=(pitch, yaw, 0.1), shift=shift))
        assert (frame[..., 3] == 255).all()
        for name, strip in (
            ("top", frame[:3]),
            ("bottom", frame[-3:]),
            ("left", frame[:, :3]),
            ("right", frame[:, -3:]),
        ):
            seen = strip[..., :3].max(axis=2)
            assert seen.min() > 0.6 * darkest, f"dark at the {name} border"


def test_blinking_covers_the_iris(portrait_puppet: Puppet, posed: Posed, draw: Draw, rest: U8) -> None:
    open_count = int(iris(rest).sum())
    assert open_count > 150
    closed = draw(portrait_puppet, posed(portrait_puppet, BLINK))
    assert iris(closed).sum() < 0.1 * open_count
    half = draw(portrait_puppet, posed(portrait_puppet, {name: 0.5 for name in BLINK}))
    assert 0.2 * open_count < iris(half).sum() < 0.95 * open_count


@pytest.mark.parametrize(("side", "other"), [("Left", "Right"), ("Right", "Left")])
def test_a_wink_closes_its_own_eye(
    portrait_puppet: Puppet, portrait_fit: HeadFit, posed: Posed, draw: Draw, rest: U8, side: str, other: str
) -> None:
    winking = draw(portrait_puppet, posed(portrait_puppet, {f"eyeBlink{side}": 1.0}))
    shut, still = eye_box(portrait_fit, side), eye_box(portrait_fit, other)
    assert iris(winking[shut]).sum() < 0.15 * iris(rest[shut]).sum()
    assert iris(winking[still]).sum() > 0.95 * iris(rest[still]).sum()


def test_an_open_jaw_shows_the_inside_of_the_mouth(
    portrait_puppet: Puppet, portrait_fit: HeadFit, posed: Posed, draw: Draw, rest: U8
) -> None:
    frame = draw(portrait_puppet, posed(portrait_puppet, {"jawOpen": 1.0}))
    x, y = picture_to_pixels(portrait_fit.points[[13, 14]].mean(axis=0, keepdims=True), portrait_fit.size)[0]
    rows, columns = slice(int(y) - 8, int(y) + 50), slice(int(x) - 24, int(x) + 24)

    around = rest[rows, columns, :3].astype(float)
    skin = float(np.median(around[..., 2] / around[..., 0]))  # blue for each red: teeth have more of it

    def dark(picture: U8) -> int:
        return int((picture[rows, columns, :3].max(axis=2) < 120).sum())

    def teeth(picture: U8) -> int:
        part = picture[rows, columns, :3].astype(float)
        return int(((part.min(axis=2) > 130) & (part[..., 2] > 1.1 * skin * part[..., 0])).sum())

    assert dark(frame) > dark(rest) + 100
    assert teeth(frame) > teeth(rest) + 30


@pytest.mark.parametrize(
    ("weights", "direction"),
    [
        ({"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0}, (1, 0)),  # the person's left is the viewer's right
        ({"eyeLookInLeft": 1.0, "eyeLookOutRight": 1.0}, (-1, 0)),
        ({"eyeLookUpLeft": 0.6, "eyeLookUpRight": 0.6}, (0, -1)),
        ({"eyeLookDownLeft": 0.6, "eyeLookDownRight": 0.6}, (0, 1)),
    ],
)
def test_the_gaze_moves_the_iris(
    portrait_puppet: Puppet,
    portrait_fit: HeadFit,
    posed: Posed,
    draw: Draw,
    rest: U8,
    weights: dict[str, float],
    direction: tuple[int, int],
) -> None:
    looking = draw(portrait_puppet, posed(portrait_puppet, weights))
    for side in ("Left", "Right"):
        box = eye_box(portrait_fit, side)
        way = centre(iris(looking[box])) - centre(iris(rest[box]))
        assert way @ direction > 1.2
        assert way @ direction > 1.5 * abs(way @ direction[::-1])


def test_positive_yaw_turns_the_nose_toward_the_viewers_right(
    portrait_puppet: Puppet, posed: Posed, draw: Draw, rest: U8
) -> None:
    for yaw in (0.4, -0.4):
        way = centre(nose(draw(portrait_puppet, posed(portrait_puppet, turn=(0, yaw, 0))))) - centre(nose(rest))
        assert way[0] * np.sign(yaw) > 20
        assert abs(way[1]) < 10


def test_a_turn_about_negative_x_lifts_the_nose(portrait_puppet: Puppet, posed: Posed, draw: Draw, rest: U8) -> None:
    for pitch in (-0.3, 0.3):
        way = centre(nose(draw(portrait_puppet, posed(portrait_puppet, turn=(pitch, 0, 0))))) - centre(nose(rest))
        assert way[1] * np.sign(pitch) > 12
        assert abs(way[0]) < 5
