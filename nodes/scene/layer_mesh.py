"""The mesh of one layer: a grid over what it covers."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]

_STEEPEST = 2.0
"""How steep a layer may be, depth over width. A camera that goes 0.2 picture heights aside stretches this by a third."""


@dataclass(frozen=True, slots=True, eq=False)
class LayerMesh:
    """A grid of vertices, and its triangles where the layer covers something.

    Attributes:
        places: ``float32 (V, 2)`` pixels of the padded picture, from its top left corner.
        z: ``float32 (V,)``.
        triangles: ``int32 (T, 3)`` counter-clockwise as seen by the viewer.
    """

    places: F32
    z: F32
    triangles: I32


def layer_mesh(z: F32, covered: Mask, cell: int, pixels_per_unit: float, steepest: float = _STEEPEST) -> LayerMesh:
    """Lay a grid over a layer.

    Args:
        z: Its depth, ``float32 (h, w)``, also beside what it covers.
        covered: ``bool (h, w)``.
        cell: Side of a cell of the grid, pixels.
        pixels_per_unit: Pixels in one unit of depth: the picture's height.
        steepest: Steeper parts are flattened, half of the difference before and half behind.
    """
    height, width = z.shape
    columns = np.linspace(0, width, max(1, round(width / cell)) + 1).astype(np.float32)
    rows = np.linspace(0, height, max(1, round(height / cell)) + 1).astype(np.float32)
    x, y = np.meshgrid(columns, rows)
    smooth = cv2.GaussianBlur(z, (0, 0), max(0.5, 0.35 * cell), borderType=cv2.BORDER_REPLICATE)
    # a vertex lies at a corner of pixels: half a pixel before the centre of the next
    at = cv2.remap(smooth, x - 0.5, y - 0.5, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    at = no_steeper(np.asarray(at, np.float32), steepest * (columns[1] - columns[0]) / pixels_per_unit)
    shape = (len(columns) - 1, len(rows) - 1)
    filled = cv2.resize(covered.astype(np.float32), shape, interpolation=cv2.INTER_AREA) > 0
    number = np.arange(x.size, dtype=np.int32).reshape(x.shape)
    a, b, c, d = number[:-1, :-1][filled], number[:-1, 1:][filled], number[1:, :-1][filled], number[1:, 1:][filled]
    # rows run down: top left, bottom left, top right is counter-clockwise to the viewer
    triangles = np.stack([np.stack([a, c, b], 1), np.stack([b, c, d], 1)], 1).reshape(-1, 3)
    used, index = np.unique(triangles, return_inverse=True)
    places = np.stack([x.ravel(), y.ravel()], 1)[used]
    return LayerMesh(
        np.ascontiguousarray(places, np.float32),
        np.ascontiguousarray(at.ravel()[used]),
        np.ascontiguousarray(index.reshape(-1, 3), np.int32),
    )


def no_steeper(z: F32, rise: float) -> F32:
    """Return the mean of the steepest allowed surface below a grid of depths and of the one above it.

    Args:
        z: ``float32 (h, w)``.
        rise: How much neighbours in a row or a column may differ.
    """
    low, high = z.copy(), z.copy()
    for _ in range(max(z.shape)):
        before_low, before_high = low, high
        low, high = low.copy(), high.copy()
        for axis, diagonal in ((0, False), (1, False), (0, True), (1, True)):
            _relax(low, high, axis, rise, diagonal)
        if np.array_equal(low, before_low) and np.array_equal(high, before_high):
            break
    return np.asarray(0.5 * (low + high), np.float32)


def _relax(low: F32, high: F32, axis: int, rise: float, diagonal: bool) -> None:
    if diagonal:
        step = rise * float(np.sqrt(2))
        pair = ((np.s_[:-1, :-1], np.s_[1:, 1:]), (np.s_[:-1, 1:], np.s_[1:, :-1]))[axis]
    else:
        step = rise
        pair = ((np.s_[:-1], np.s_[1:]), (np.s_[:, :-1], np.s_[:, 1:]))[axis]
    for a, b in (pair, pair[::-1]):
        np.minimum(low[a], low[b] + step, out=low[a])
        np.maximum(high[a], high[b] - step, out=high[a])
