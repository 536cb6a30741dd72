"""How large the eyes of a pointed-out face are, where only their middles were given: read off the picture."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from vivant.nodes.formats.face_marks import FaceMarks

_RING = (0.36, 0.46)  # where skin is looked for, in distances of the eyes
_SIDE = 96  # pixels of the patch around an eye
_LEAST_CONTRAST, _NOISE, _SHADOW = 18.0, 3.0, 0.35
_WIDTH, _HEIGHT = (0.12, 0.68), (0.05, 0.7)  # of an eye, in distances of the eyes


def with_eyes(rgb: npt.NDArray[np.uint8], marks: FaceMarks) -> FaceMarks:
    """Add corners and lids of eyes of which only the middle is known and which stand out from the skin around them.

    Args:
        rgb: The picture, ``uint8 (h, w, 3)``.
        marks: The face, in its pixels.
    """
    points = dict(marks.points)
    middles = [points.get(f"{side}_eye") for side in ("right", "left")]
    if marks.landmarks is not None or middles[0] is None or middles[1] is None:
        return marks
    right, left = np.array(middles[0]), np.array(middles[1])
    found: dict[str, tuple[float, float]] = {}
    for side, middle in (("right", right), ("left", left)):
        ends = [f"{side}_eye_{end}" for end in ("outer", "inner", "upper", "lower")]
        if any(name in points for name in ends):
            continue
        places = _extent(rgb, middle, left - right)
        if places is None:
            continue
        if side == "left":
            places = [places[1], places[0], *places[2:]]
        found |= dict(zip(ends, places, strict=True))
    # Both or none: a face with one large eye is more likely a mistake.
    if len(found) != 8:
        return marks
    return replace(marks, points={n: p for n, p in points.items() if n not in ("right_eye", "left_eye")} | found)


def _extent(
    rgb: npt.NDArray[np.uint8], middle: npt.NDArray[np.float64], across: npt.NDArray[np.float64]
) -> list[tuple[float, float]] | None:
    """Return the ends of an eye toward the picture's left, right, top and bottom as the face is tilted, or None."""
    apart = float(np.linalg.norm(across))
    # A patch that is upright as the face is: its x runs along the line between the eyes.
    x_axis = across / apart
    y_axis = np.array([-x_axis[1], x_axis[0]])
    step = 2 * _RING[1] * apart / _SIDE
    grid = (np.arange(_SIDE) + 0.5 - _SIDE / 2) * step
    places = middle + grid[None, :, None] * x_axis + grid[:, None, None] * y_axis
    patch = cv2.remap(
        rgb, places[..., 0].astype(np.float32), places[..., 1].astype(np.float32), cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    lab = np.asarray(cv2.cvtColor(np.asarray(patch, np.uint8), cv2.COLOR_RGB2LAB), np.float32)
    radius = np.hypot(grid[None, :], grid[:, None]) / apart
    ring, inside = (radius > _RING[0]) & (radius < _RING[1]), radius < 0.06
    differs = np.linalg.norm(lab - np.median(lab[ring], axis=0), axis=2)
    # Fur and brushwork differ from themselves, too, and a dark eye lies in shadow.
    noise, core = float(np.median(differs[ring])), float(np.median(differs[radius < 0.1]))
    threshold = max(_LEAST_CONTRAST, _NOISE * noise, _SHADOW * core)
    if float(np.percentile(differs[inside], 75)) < threshold:
        return None
    eye = ((differs > threshold) & (radius < _RING[1])).astype(np.uint8)
    # Lashes and lines that run into the eye are thin.
    eye = np.asarray(cv2.morphologyEx(eye, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)), np.uint8)
    _, parts = cv2.connectedComponents(eye)
    labels = np.asarray(parts)[inside & (eye > 0)]
    if len(labels) == 0:
        return None
    rows, columns = np.nonzero(np.asarray(parts) == np.bincount(labels).argmax())
    low_x, high_x, low_y, high_y = grid[columns.min()], grid[columns.max()], grid[rows.min()], grid[rows.max()]
    width, height = (high_x - low_x) / apart, (high_y - low_y) / apart
    if not (_WIDTH[0] < width < _WIDTH[1] and _HEIGHT[0] < height < _HEIGHT[1]):
        return None
    # Corners lie where the eye ends, at the height where it ends; lids above and below its middle.
    ends = [
        (low_x, grid[int(np.median(rows[columns == columns.min()]))]),
        (high_x, grid[int(np.median(rows[columns == columns.max()]))]),
        ((low_x + high_x) / 2, low_y),
        ((low_x + high_x) / 2, high_y),
    ]
    found = [middle + x * x_axis + y * y_axis for x, y in ends]
    return [(float(place[0]), float(place[1])) for place in found]
