"""Depth of a person: the fitted head's own, hair and body inflated from the matte, smooth between."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.placed_head import PlacedHead
from vivant.nodes.face.rasterize import rasterize
from vivant.nodes.formats.head import HeadFit

F32 = npt.NDArray[np.float32]

_SIDE = 384
_COARSE_SIDE = 128
_ROUNDS = 500
_NECK_DM = 5.95  # below this height the head's own shoulders say little about a dressed body
_SILHOUETTE_DM = 0.5  # where, from back to front, the outline of hair lies in the head


def person_depth(head: AnatomicalHead, fit: HeadFit, placed: PlacedHead, matte: F32) -> F32:
    """Return the depth of the person in picture space, ``float32 (h, w)``, at most 384 pixels a side.

    Outside the person the depth of the nearest outline continues.

    Args:
        head: The anatomical head.
        fit: Its fit.
        placed: The head in picture space.
        matte: ``float32 (h, w)``.
    """
    height, width = matte.shape
    zoom = min(1.0, _SIDE / max(height, width))
    size = (max(8, round(width * zoom)), max(8, round(height * zoom)))
    person = np.asarray(cv2.resize(matte, size, interpolation=cv2.INTER_AREA), np.float32)
    body = head.triangles[head.triangle_group == 0]
    high = (head.vertices[:, 1] > _NECK_DM)[body].all(axis=1)
    points = placed.vertices.astype(np.float32).copy()
    points[:, 0] = points[:, 0] * size[1] + size[0] / 2
    points[:, 1] = size[1] / 2 - points[:, 1] * size[1]
    shown, _, surface = rasterize(points, body[high], size)
    known = shown >= 0
    outline = float(fit.place(np.array([[0, 7.0, _SILHOUETTE_DM]], np.float32))[0, 2])
    filled = _membrane(np.where(known, surface, outline), known, person, outline)
    depth = np.where(known, surface, filled).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(depth, (0, 0), 1.0), np.float32)


def _membrane(surface: F32, known: npt.NDArray[np.bool_], person: F32, outline: float) -> F32:
    """Solve Laplace's equation between the head's surface and the matte's edge, where depth is `outline`."""
    height, width = surface.shape
    zoom = min(1.0, _COARSE_SIDE / max(height, width))
    size = (max(4, round(width * zoom)), max(4, round(height * zoom)))
    share = cv2.resize(known.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    total = cv2.resize(np.where(known, surface, 0).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    inside = cv2.resize(person, size, interpolation=cv2.INTER_AREA) > 0.4
    fixed = share > 0.5
    values = np.where(fixed, total / np.maximum(share, 1e-3), outline).astype(np.float32)
    free = inside & ~fixed
    kernel = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32) / 4
    for _ in range(_ROUNDS):
        values = np.where(free, cv2.filter2D(values, -1, kernel, borderType=cv2.BORDER_REPLICATE), values)
    return np.asarray(cv2.resize(values, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
