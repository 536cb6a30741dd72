from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.puppet.backdrop import complete_background, separate_foreground

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]


@pytest.fixture
def room() -> U8:
    """A dim, bluish gradient."""
    y, x = np.mgrid[:180, :240]
    return np.stack([40 + x // 8, 60 + y // 6, 120 + x // 10], axis=2).astype(np.uint8)


@pytest.fixture
def matte() -> F32:
    """A person from the bottom border up, with a soft edge."""
    y, x = np.mgrid[:180, :240].astype(np.float32)
    distance = np.maximum(45 - np.hypot(x - 120, y - 80), 60 - np.hypot(x - 120, y - 190))
    return np.asarray(np.clip(distance / 4 + 0.5, 0, 1), np.float32)


def painted(room: U8, matte: F32, colour: tuple[int, int, int] = (255, 0, 255)) -> U8:
    alpha = matte[..., None]
    return np.asarray(np.round(alpha * np.array(colour) + (1 - alpha) * room), np.uint8)


def near(matte: F32, reach: int) -> npt.NDArray[np.bool_]:
    return cv2.dilate((matte > 0.02).astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1))) > 0


def test_where_there_is_no_person_the_background_is_the_picture(room: U8, matte: F32) -> None:
    pixels = painted(room, matte)
    done = complete_background(pixels, matte, np.ones_like(matte), 40)
    away = ~near(matte, 5)
    assert away.mean() > 0.2
    np.testing.assert_array_equal(done[away], pixels[away])


def test_nothing_of_the_person_is_left(room: U8, matte: F32) -> None:
    done = complete_background(painted(room, matte), matte, np.ones_like(matte), 40).astype(int)
    # the person is magenta, the room has no red beside it: red says how much of the person is left
    assert (done[..., 0] - done[..., 1]).max() < 40
    inside = matte > 0.9
    assert np.abs(done[inside] - room[inside]).mean() < 25
    assert done[inside].min() > 20


def test_what_does_not_move_is_not_painted(room: U8, matte: F32) -> None:
    pixels = painted(room, matte)
    moving = np.zeros_like(matte)
    np.testing.assert_array_equal(complete_background(pixels, matte, moving, 40), pixels)
    moving[:110] = 1
    done = complete_background(pixels, matte, moving, 40)
    np.testing.assert_array_equal(done[112:], pixels[112:])
    assert (done[60:100, 100:140] != pixels[60:100, 100:140]).any(axis=2).all()


def test_what_follows_the_head_a_little_leaves_nobody_behind(room: U8, matte: F32) -> None:
    done = complete_background(painted(room, matte), matte, np.full_like(matte, 0.05), 40).astype(int)
    assert (done[..., 0] - done[..., 1]).max() < 40


def test_texture_goes_on_beside_the_outline(room: U8, matte: F32) -> None:
    stripes = np.where(np.arange(180)[:, None, None] % 12 < 6, 60, 0).astype(np.uint8)
    pixels = painted(room + stripes, matte)
    done = complete_background(pixels, matte, np.ones_like(matte), 40)
    # beside the head the outline is upright: stripes run on into the band, level
    contrast = done[70:94, 84:92].astype(float).mean(axis=(1, 2))
    assert np.ptp(contrast) > 30
    diffused = complete_background(pixels, matte, np.ones_like(matte), 0)
    assert np.ptp(diffused[70:94, 84:92].astype(float).mean(axis=(1, 2))) < 0.6 * np.ptp(contrast)


def test_a_rim_that_the_matte_missed_is_not_smeared(room: U8, matte: F32) -> None:
    wide = np.maximum(matte, np.roll(matte, 2, axis=1))  # the person reaches two pixels farther than the matte says
    done = complete_background(painted(room, wide), matte, np.ones_like(matte), 40).astype(int)
    inside = cv2.erode((matte > 0.9).astype(np.uint8), np.ones((13, 13))) > 0
    assert (done[..., 0] - done[..., 1])[inside].max() < 40


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_no_person_or_nothing_else_leaves_the_picture(room: U8, level: float) -> None:
    everywhere = np.ones(room.shape[:2], np.float32)
    done = complete_background(room, level * everywhere, everywhere, 40)
    np.testing.assert_array_equal(done, room)


def test_the_filling_is_the_same_every_time(room: U8, matte: F32) -> None:
    noisy = np.clip(room + np.random.default_rng(1).normal(0, 8, room.shape), 0, 255).astype(np.uint8)
    pixels = painted(noisy, matte)
    first, second = (complete_background(pixels, matte, np.ones_like(matte), 40) for _ in range(2))
    assert first.tobytes() == second.tobytes()
    # it has the room's grain, not an ironed patch
    middle = first[60:100, 100:140].astype(float)
    assert (middle - cv2.GaussianBlur(middle, (0, 0), 1.5)).std() > 1.5


def test_person_over_background_is_the_picture_again(room: U8, matte: F32) -> None:
    y, x = np.mgrid[:180, :240]
    person = np.stack([180 + 40 * np.sin(x / 9), 120 + 30 * np.cos(y / 7), 90 + 0 * x], axis=2)
    alpha = matte[..., None]
    pixels = np.round(alpha * person + (1 - alpha) * room).astype(np.uint8)
    layer = separate_foreground(pixels, matte, room)
    np.testing.assert_array_equal(layer[..., 3], np.round(255 * matte).astype(np.uint8))
    share = layer[..., 3:].astype(float) / 255
    again = share * layer[..., :3] + (1 - share) * room
    error = ((again - pixels) ** 2).mean()
    assert 10 * np.log10(255**2 / error) > 42
    assert np.abs(again - pixels).max() < 30
    inside = matte == 1
    np.testing.assert_array_equal(layer[inside, :3], pixels[inside])


def test_the_soft_edge_loses_the_old_background(matte: F32) -> None:
    green = np.zeros((*matte.shape, 3), np.uint8)
    green[..., 1] = 255
    pixels = painted(green, matte, (220, 40, 60))
    layer = separate_foreground(pixels, matte, green).astype(int)
    edge = (matte > 0.1) & (matte < 0.9)
    assert edge.sum() > 200
    assert (pixels[edge, 1] > 100).mean() > 0.4  # the picture's edge is greenish
    halo = np.abs(layer[edge, :3] - [220, 40, 60])
    assert halo.max() < 70
    assert halo.mean() < 0.2 * np.abs(pixels[edge].astype(int) - [220, 40, 60]).mean()


def test_where_both_sides_meet_there_is_no_seam() -> None:
    # a room that is dark on the left and light on the right, a narrow person between: what goes on from the left
    # may not stand hard beside what goes on from the right
    x = np.mgrid[:180, :240][1].astype(np.float32)
    room = np.where(x[..., None] < 120, [40, 50, 60], [160, 170, 180]).astype(np.uint8)
    matte = np.clip(20 - np.abs(x - 120), 0, 1).astype(np.float32)
    done = complete_background(painted(room, matte), matte, np.ones_like(matte), 60).astype(np.float32)
    step = np.abs(np.diff(cv2.GaussianBlur(done, (0, 0), 1.0).mean(axis=2)[40:140], axis=1)).max()
    assert step < 12  # a hard seam of 120 has 48 here
