"""Closing gaps in a person's matte and aligning its edge to the picture."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float32]

HOLE_SHARE = 0.03
"""Holes up to this share of the person are filled. Larger ones (an arm akimbo) show the background."""
ISLAND_SHARE = 0.02
"""Specks below this share of the largest piece are removed."""
NETWORK_PX = 256
"""Side of the grid that the segmenter works on: its edges are no finer than that."""
BAND_CELLS = 3.0
"""How far from the edge, in cells of that grid, the picture may decide."""
GUIDE_EPS = 13.0
"""Contrast (squared, colours in 0..255) below which the guided filter smooths across. OpenCV's filter takes
nearly all colour windows for singular when colours are in [0, 1] (tried with 5.0: it only blurs), so they
stay in 0..255."""
LARGEST_PX = 2048
"""Longer side above which alignment works on a smaller copy: beyond, only time and memory grow."""
STEEPNESS = 1.6
"""How much each round of alignment sharpens."""


def close_gaps(confidence: Floats) -> Floats:
    """Fill holes inside the person and remove specks outside.

    Args:
        confidence: ``float32 (h, w)`` in [0, 1].

    Returns:
        The same, 1 in filled holes, 0 in removed specks.
    """
    import cv2

    result = confidence.copy()
    person = (confidence > 0.5).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(person, connectivity=8)
    if count > 1:
        areas = stats[:, cv2.CC_STAT_AREA]
        largest = int(areas[1:].max())
        specks = np.flatnonzero(areas < ISLAND_SHARE * largest)
        result[np.isin(labels, specks[specks > 0])] = 0.0
        person = (result > 0.5).astype(np.uint8)
    gaps, labels, stats, _ = cv2.connectedComponentsWithStats(1 - person, connectivity=4)
    touches = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    for gap in range(gaps):
        if gap in touches or stats[gap, cv2.CC_STAT_AREA] > HOLE_SHARE * max(int(person.sum()), 1):
            continue
        hole = labels == gap
        if not person[hole].any():  # label 0 is what is no gap
            result[hole] = 1.0
    return result


def align_to_picture(matte: Floats, rgb: npt.NDArray[np.uint8], rounds: int = 3) -> Floats:
    """Move the edge to where the picture has one, and make all else plainly inside or outside.

    The guided filter (He, Sun, Tang: Guided Image Filtering, PAMI 2013) makes the matte locally a linear
    function of the colours, which is what a matte is at a soft edge such as hair.

    Args:
        matte: ``float32 (h, w)`` in [0, 1].
        rgb: ``uint8 (h, w, 3)``, the picture.
        rounds: How often the edge is pulled closer, 1 to 3; the last rounds look at the smallest windows.

    Returns:
        ``float32 (h, w)`` in [0, 1], 0 or 1 except near the edge.
    """
    import cv2

    height, width = matte.shape
    if max(height, width) > LARGEST_PX:
        scale = LARGEST_PX / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = align_to_picture(
            np.asarray(cv2.resize(matte, size, interpolation=cv2.INTER_AREA), np.float32),
            np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8),
            rounds,
        )
        return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    inside = (matte > 0.5).astype(np.uint8)
    if not inside.any() or inside.all():
        return inside.astype(np.float32)
    cell = max(height, width) / NETWORK_PX
    band = max(3.0, BAND_CELLS * cell)
    aligned = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), max(1.0, 0.5 * cell))
    for radius in (1.5 * band, band, 0.5 * band)[-rounds:]:
        # each round pulls the edge closer and leaves a ramp beside it, which is then sharpened
        aligned = cv2.ximgproc.guidedFilter(rgb, aligned, max(2, round(radius)), GUIDE_EPS)
        aligned = np.clip((np.asarray(aligned, np.float32) - 0.5) * STEEPNESS + 0.5, 0.0, 1.0)
    # distance to the edge, positive inside: the filter decides at the edge, the network away from it
    distance = cv2.distanceTransform(inside, cv2.DIST_L2, 3) - cv2.distanceTransform(1 - inside, cv2.DIST_L2, 3)
    trust = np.clip((band - np.abs(distance)) / (0.5 * band), 0.0, 1.0).astype(np.float32)
    return np.asarray(inside + trust * (aligned - inside), np.float32)
