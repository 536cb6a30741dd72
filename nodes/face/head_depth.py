"""Depth of a person: the fitted head's own, hair and body inflated from the matte, smooth between."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.joints import HEAD_DM, NECK_DM
from vivant.nodes.face.placed_head import PlacedHead
from vivant.nodes.face.rasterize import rasterize
from vivant.nodes.formats.head import HeadFit

F32 = npt.NDArray[np.float32]

_SIDE = 384
_COARSE_SIDE = 128
_ROUNDS = 500
_NECK_DM = 5.95  # below this height the head's own shoulders say little about a dressed body
_SILHOUETTE_DM = 0.5  # where, from back to front, the outline of hair lies in the head
_STEEPEST_THROAT = 2.4
"""Under the chin a steeper fall is hidden in shadow: less of the neck goes aside with the chin."""
_NECK_RADIUS_DM, _NECK_FROM_DM, _NECK_TO_DM, _JAW_BEFORE_DM = 0.45, 6.5, 6.2, 0.5
_STEEPEST = 1.5
"""Depth gained per distance in the picture: seen from 35 degrees aside nothing is stretched beyond 1.7, nor folded over
on the far side. What is steeper (temples, ears, jaw above throat) the picture shows with too few pixels."""


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
    depth = no_steeper(np.asarray(cv2.GaussianBlur(depth, (0, 0), 1.0), np.float32), _STEEPEST / size[1])
    depth = _rounded_neck(depth, fit, person, known & (surface > _axis_depth(fit, size) + _JAW_BEFORE_DM * fit.scale))
    depth = no_steeper(depth, _STEEPEST_THROAT / size[1])
    return np.asarray(cv2.GaussianBlur(depth, (0, 0), 1.0), np.float32)


def _axis_depth(fit: HeadFit, size: tuple[int, int]) -> F32:
    """Depth of the neck's axis for each row, ``float32 (h, 1)``, continued above and below."""
    ends = fit.place(np.array([NECK_DM, HEAD_DM], np.float32))
    height = 0.5 - (np.arange(size[1]) + 0.5) / size[1]
    share = (height - ends[0, 1]) / (ends[1, 1] - ends[0, 1])
    return np.asarray((ends[0, 2] + np.clip(share, -1, 1) * (ends[1, 2] - ends[0, 2]))[:, None], np.float32)


def _rounded_neck(depth: F32, fit: HeadFit, person: F32, jaw: npt.NDArray[np.bool_]) -> F32:
    """Let throat and collar fall off to the neck's axis toward the person's outline, ``float32 (h, w)``.

    A column that turns about its axis keeps its outline; a flat one would go aside with the head.

    Args:
        depth: ``float32 (h, w)``.
        fit: The fitted head.
        person: ``float32 (h, w)``.
        jaw: What is chin and jaw keeps its depth.
    """
    height, width = depth.shape
    inside = cv2.copyMakeBorder((person > 0.5).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    within = np.asarray(cv2.distanceTransform(inside, cv2.DIST_L2, 5), np.float32)[1:-1, 1:-1] / height
    radius = _NECK_RADIUS_DM * fit.scale
    within = np.minimum(within, radius)
    most = _axis_depth(fit, (width, height)) + np.sqrt(within * (2 * radius - within))
    top, bottom = (fit.place(np.array([[0, y, 0.9]], np.float32))[0, 1] for y in (_NECK_FROM_DM, _NECK_TO_DM))
    level = 0.5 - (np.arange(height) + 0.5) / height
    share = np.clip((top - level) / (top - bottom), 0, 1)[:, None] * ~jaw
    return np.asarray(depth - share * np.maximum(depth - most, 0), np.float32)


def no_steeper(depth: F32, most: float) -> F32:
    """Raise what is low until depth nowhere falls by more than `most` from a pixel to the next, ``float32 (h, w)``.

    A dilation by a cone (here an octagon's): the upper Lipschitz envelope. What is near keeps its depth.

    Args:
        depth: ``float32 (h, w)``.
        most: Above 0.
    """
    square, cross = np.ones((3, 3), np.uint8), cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    # along a diagonal two steps of different kinds go one pixel and a half far
    steps, out = min(max(depth.shape), int(np.ceil(float(np.ptp(depth)) / most))), depth
    for step in range(steps):
        out = np.maximum(out, np.asarray(cv2.dilate(out, cross if step % 2 else square), np.float32) - np.float32(most))
    return np.asarray(out, np.float32)


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
