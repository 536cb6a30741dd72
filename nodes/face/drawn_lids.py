"""Lower lids of large drawn eyes: the landmarker, which knows people's, puts them across the white of the eye.

Whatever lies between its line and the drawn one would be taken for skin, and stay where it is when the eye closes.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from vivant.nodes.face.landmark_sets import EYE_CORNERS, LIDS
from vivant.nodes.formats.face import FaceReading

U8 = npt.NDArray[np.uint8]
F64 = npt.NDArray[np.float64]

_SKIN = (0.35, 0.6)  # widths of the eye below the lid: there skin is looked at
_FARTHEST, _STEP = 0.2, 0.01  # widths of the eye: how far the lid is looked for
_WHITE, _LID = 0.6, 0.8
"""Chroma along the skin's, against it: what has less is surely of the eye; from this on it is the lid."""
_LEAST_CHROMA = 6.0
_LEAST_WAY, _LEAST_PLACES = 0.03, 4
"""Widths of the eye: less is the landmarker's noise; and at how many places along the lid it must be more."""
_LINE, _BEYOND = 0.8, 10
"""How dark a drawn line is at most against what lies on both its sides, so many steps beyond."""
_BRIGHTER = 8.0
"""CIELAB's L: how much more the white of a drawn eye has than skin. A real one lies in the shadow of the lids."""


def with_drawn_lids(pixels: U8, reading: FaceReading) -> FaceReading:
    """Move the lower lids, and the outer corners with them, down to where the picture shows them.

    From each landmark of a lid down the picture is eye as long as it has less of the skin's colour. Where the
    landmarker is right, as on photos and paintings, it is skin from there on, and nothing moves.

    Args:
        pixels: The picture, ``uint8 (h, w, 3)``.
        reading: Its face.
    """
    points = reading.points.copy()
    for side in ("Right", "Left"):
        outer, inner = EYE_CORNERS[side] if side == "Right" else EYE_CORNERS[side][::-1]
        upper, lower = (list(row) for row in zip(*LIDS[side], strict=True))
        flat = reading.points[:, :2].astype(np.float64)
        wide = float(np.linalg.norm(flat[outer] - flat[inner]))
        down = (flat[lower] - flat[upper]).mean(axis=0)
        down /= max(float(np.linalg.norm(down)), 1e-9)
        ways = _ways(pixels, flat[lower], down, wide)
        if ways is None:
            continue
        points[lower, :2] += (wide * ways[:, None] * down).astype(np.float32)
        along = (flat[outer] - flat[inner]) / max(wide, 1e-9)
        # the corner goes on as the lid begins: aside as much as down
        points[outer, :2] += (wide * ways[0] * (0.5 * down + 0.5 * along)).astype(np.float32)
    return replace(reading, points=points)


def _ways(pixels: U8, lid: F64, down: F64, wide: float) -> F64 | None:
    """Return how far below where it was read a lid is drawn, in widths of the eye ``(7,)``; None: where it was read.

    Args:
        pixels: The picture, ``uint8 (h, w, 3)``.
        lid: Where it was read in pixels, from the outer corner inward ``(7, 2)``.
        down: Which way the lower lid lies from the upper one ``(2,)``, of length 1.
        wide: The eye's width in pixels.
    """
    distances = np.linspace(*_SKIN, 8)
    below = _colours(pixels, lid[2:5, None] + wide * distances[:, None] * down).reshape(-1, 3)
    skin = np.median(below, axis=0)
    strength = float(np.linalg.norm(skin[1:]))
    if strength < _LEAST_CHROMA:
        return None  # grey as the white of an eye is
    steps = np.arange(0, _FARTHEST + _BEYOND * _STEP, _STEP)
    count = len(steps) - _BEYOND
    colours = _colours(pixels, lid[:, None] + wide * steps[:, None] * down)
    light, like_skin = colours[..., 0], colours[:, :count, 1:] @ skin[1:] / strength**2
    begins, ends = like_skin[:, 0] < _WHITE, like_skin >= _LID
    found = np.where(begins & ends.any(axis=1), steps[ends.argmax(axis=1)], np.nan)
    for place, way in enumerate(found):
        if np.isfinite(way) and not _is_drawn(light[place], round(way / _STEP), float(skin[0])):
            found[place] = np.nan
    known = np.isfinite(found)
    if np.count_nonzero(found[known] > _LEAST_WAY) < _LEAST_PLACES:
        return None
    # an iris may be as brown as skin: there the lid goes on between its neighbours, and it ends in the inner corner
    at = np.arange(len(lid) + 1)
    ways = np.interp(at, np.append(at[:-1][known], len(lid)), np.append(found[known], 0.0))
    smooth = np.convolve(np.pad(ways, 1, mode="edge"), [0.25, 0.5, 0.25], mode="valid")
    return np.asarray(smooth[:-1], np.float64)


def _is_drawn(light: F64, end: int, skin: float) -> bool:
    """Whether the way along a line of light ``(N,)`` ends at a drawn lid: on real ones white turns into skin gently."""
    before = float(light[: end + 1].max())
    line = end + int(light[end : end + _BEYOND].argmin())
    after = float(light[line : line + _BEYOND].max())
    return bool(light[line] < _LINE * min(before, after)) or float(light[0]) > skin + _BRIGHTER


def _colours(pixels: U8, places: F64) -> F64:
    """CIELAB at places in pixels ``(A, B, 2)``, ``(A, B, 3)``."""
    x, y = (places - 0.5).astype(np.float32).transpose(2, 0, 1)
    colours = cv2.remap(pixels, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return cv2.cvtColor(colours[..., :3].astype(np.float32) / 255, cv2.COLOR_RGB2LAB).astype(np.float64)
