"""Lower lids of large drawn eyes are put where the picture shows them; those of people stay where they were read."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.face.drawn_lids import with_drawn_lids
from vivant.nodes.face.landmark_sets import EYE_CONTOURS, EYE_CORNERS, LIDS
from vivant.nodes.formats.face import FaceReading

SKIN, WHITE, LINE = (214, 160, 128), (232, 230, 228), (90, 20, 15)
MIDDLES = {"Right": (120.0, 120.0), "Left": (280.0, 120.0)}
WIDE, READ, DRAWN = 80.0, 18.0, 26.0  # pixels: the eye's width, how far below its middle the lid is read, and drawn


def reading(tilt_deg: float = 0.0) -> FaceReading:
    """Two eyes whose lower lids are read too high."""
    points = np.zeros((478, 3), np.float32)
    for side, (x, y) in MIDDLES.items():
        for row, (upper, lower) in enumerate(LIDS[side]):
            share = (row + 1) / 8
            across = x + (1 if side == "Right" else -1) * WIDE * (share - 0.5)
            bow = 1 - (2 * share - 1) ** 2
            points[upper, :2], points[lower, :2] = (across, y - READ * bow), (across, y + READ * bow)
        for corner in EYE_CORNERS[side]:
            points[corner, :2] = x + (-0.5 if corner in (33, 362) else 0.5) * WIDE, y
    spin = cv2.getRotationMatrix2D((200, 120), tilt_deg, 1)
    points[:, :2] = points[:, :2] @ spin[:, :2].T + spin[:, 2]
    return FaceReading(points, (400, 240), np.zeros(52, np.float32), np.eye(4, dtype=np.float32))


def picture(line: bool = True, tilt_deg: float = 0.0, white: tuple[int, int, int] = WHITE) -> npt.NDArray[np.uint8]:
    """The eyes drawn larger than they are read, with a line around them, or as a real one's shadow ends."""
    out = np.full((240, 400, 3), SKIN, np.uint8)
    for x, y in MIDDLES.values():
        where = (round(x), round(y)), (round(WIDE / 2 + 4), round(DRAWN))
        if line:
            cv2.ellipse(out, *where, 0, 0, 360, LINE, 5, cv2.LINE_AA)
        cv2.ellipse(out, *where, 0, 0, 360, white, -1, cv2.LINE_AA)
        cv2.circle(out, (round(x), round(y)), 15, (40, 90, 160), -1, cv2.LINE_AA)
    if not line:
        out = np.asarray(cv2.GaussianBlur(out, (0, 0), 6), np.uint8)
    spin = cv2.getRotationMatrix2D((200, 120), tilt_deg, 1)
    return np.asarray(cv2.warpAffine(out, spin, (400, 240), borderValue=SKIN), np.uint8)


@pytest.mark.parametrize("tilt_deg", [0.0, 20.0])
def test_a_lid_goes_to_the_drawn_line(tilt_deg: float) -> None:
    before = reading(tilt_deg)
    after = with_drawn_lids(picture(tilt_deg=tilt_deg), before)
    for side in ("Right", "Left"):
        upper, lower = LIDS[side][3]
        moved = np.linalg.norm(after.points[lower, :2] - before.points[lower, :2])
        assert DRAWN - READ - 2 < moved < DRAWN - READ + 4
        np.testing.assert_array_equal(after.points[upper], before.points[upper])
    changed = np.flatnonzero((after.points != before.points).any(axis=1))
    assert set(changed) <= {mark for side in EYE_CONTOURS for mark in EYE_CONTOURS[side]}


def test_a_lid_without_a_line_stays_where_it_was_read() -> None:
    shaded = (180, 172, 168)  # the white of a real eye, in the shadow of the lids
    before = reading()
    np.testing.assert_array_equal(with_drawn_lids(picture(line=False, white=shaded), before).points, before.points)


def test_where_it_is_read_right_nothing_moves() -> None:
    out = np.full((240, 400, 3), SKIN, np.uint8)
    for x, y in MIDDLES.values():
        where = (round(x), round(y)), (round(WIDE / 2), round(READ - 2))
        cv2.ellipse(out, *where, 0, 0, 360, LINE, 4, cv2.LINE_AA)
        cv2.ellipse(out, *where, 0, 0, 360, WHITE, -1, cv2.LINE_AA)
    before = reading()
    np.testing.assert_array_equal(with_drawn_lids(out, before).points, before.points)


def test_a_picture_without_colour_says_nothing() -> None:
    grey = np.asarray(np.repeat(cv2.cvtColor(picture(), cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2), np.uint8)
    before = reading()
    np.testing.assert_array_equal(with_drawn_lids(grey, before).points, before.points)


def test_eyes_at_the_picture_s_edge_do_no_harm() -> None:
    before = reading()
    before.points[:, :2] += (170, 110)
    assert np.isfinite(with_drawn_lids(picture(), before).points).all()
