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
"""How steep a layer may be, depth over width: a camera that goes 0.2 picture heights aside stretches it by a third."""
_LEAST = 0.15  # share of a vertex's neighbourhood that must be the layer's own, for its depth to count


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


def layer_mesh(
    z: F32, own: Mask, covered: Mask, cell: int, pixels_per_unit: float, steepest: float = _STEEPEST
) -> LayerMesh:
    """Lay a grid over a layer.

    Args:
        z: Depth, ``float32 (h, w)``; it counts only where it is the layer's own.
        own: ``bool (h, w)``, at least one pixel.
        covered: ``bool (h, w)`` where the mesh has to be.
        cell: Side of a cell of the grid, pixels.
        pixels_per_unit: Pixels in one unit of depth: the picture's height.
        steepest: Steeper parts are flattened, half of the difference before and half behind.
    """
    height, width = z.shape
    columns = np.linspace(0, width, max(1, round(width / cell)) + 1).astype(np.float32)
    rows = np.linspace(0, height, max(1, round(height / cell)) + 1).astype(np.float32)
    x, y = np.meshgrid(columns, rows)
    weight = cv2.GaussianBlur(own.astype(np.float32), (0, 0), max(0.5, 0.35 * cell), borderType=cv2.BORDER_REPLICATE)
    sums = cv2.GaussianBlur(np.where(own, z, 0), (0, 0), max(0.5, 0.35 * cell), borderType=cv2.BORDER_REPLICATE)
    # a vertex lies at a corner of pixels: half a pixel before the centre of the next
    weight, sums = (
        np.asarray(cv2.remap(v, x - 0.5, y - 0.5, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)
        for v in (weight, sums)
    )
    known = weight >= min(_LEAST, float(weight.max()))
    at = no_steeper(
        np.asarray(sums / np.maximum(weight, 1e-6), np.float32), known, steepest * float(columns[1]) / pixels_per_unit
    )
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


def no_steeper(z: F32, known: Mask, rise: float) -> F32:
    """Continue depths that are known at some places of a grid, nowhere steeper than allowed.

    The mean of the highest surface that is nowhere above what is known and of the lowest that is nowhere below it
    (E. J. McShane, "Extension of range of functions", 1934). Beside a thin thing it goes on as deep as the thing is,
    where a mean of all around would bend the thing itself. Where what is known is too steep it goes through the middle.

    Args:
        z: ``float32 (h, w)``.
        known: ``bool (h, w)``, at least one.
        rise: How much neighbours in a row or a column may differ.
    """
    low = np.where(known, z, np.inf).astype(np.float32)
    high = np.where(known, z, -np.inf).astype(np.float32)
    whole, all_but_last, all_but_first = slice(None), slice(None, -1), slice(1, None)
    pairs = (
        ((all_but_last, whole), (all_but_first, whole), 1.0),
        ((whole, all_but_last), (whole, all_but_first), 1.0),
        ((all_but_last, all_but_last), (all_but_first, all_but_first), 2**0.5),
        ((all_but_last, all_but_first), (all_but_first, all_but_last), 2**0.5),
    )
    for _ in range(sum(z.shape)):
        before = (low.copy(), high.copy())
        for first, second, distance in pairs:
            for a, b in ((first, second), (second, first)):
                np.minimum(low[a], low[b] + np.float32(rise * distance), out=low[a])
                np.maximum(high[a], high[b] - np.float32(rise * distance), out=high[a])
        if np.array_equal(low, before[0]) and np.array_equal(high, before[1]):
            break
    bottom, top = float(z[known].min()), float(z[known].max())
    return np.asarray(np.clip(0.5 * (low + high), bottom, top), np.float32)
