"""Fills what is not known with what is known around it, near or far."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_LEAST = 1e-4


def push_pull(values: F32, known: Mask) -> F32:
    """Fill a map smoothly; the farther from what is known, the wider the neighbourhood that is averaged.

    Down a pyramid of weighted means until everything is known, and up again (S. Gortler and others, "The Lumigraph",
    SIGGRAPH 1996, section 3.4.3).

    Args:
        values: ``float32 (h, w)`` or ``(h, w, c)``; what it holds where it is not known does not count.
        known: ``bool (h, w)``.

    Returns:
        The map, equal to `values` where they are known; all 0 where nothing is known.
    """
    flat = values.ndim == 2
    stack = values[..., None] if flat else values
    filled = _filled(stack * known[..., None], known.astype(np.float32))
    filled = np.where(known[..., None], stack, filled)
    return np.ascontiguousarray(filled[..., 0] if flat else filled, np.float32)


def _filled(weighted: F32, weight: F32) -> F32:
    """Return the mean at each place, from coarser levels where there is too little weight; ``(h, w, c)``."""
    height, width = weight.shape
    mean = weighted / np.maximum(weight, _LEAST)[..., None]
    if bool((weight >= 1).all()) or height * width == 1:
        return np.asarray(mean, np.float32)
    small = ((width + 1) // 2, (height + 1) // 2)
    # any weight at all counts fully one level up: the mean of what is known there, however little that is
    below = np.asarray(cv2.resize(weight, small, interpolation=cv2.INTER_AREA), np.float32)
    sums = np.asarray(cv2.resize(weighted, small, interpolation=cv2.INTER_AREA), np.float32).reshape(*below.shape, -1)
    gain = np.minimum(4.0, 1.0 / np.maximum(below, _LEAST))
    coarse = _filled(sums * gain[..., None], np.minimum(below * gain, 1.0))
    above = np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    share = np.clip(weight, 0, 1)[..., None]
    return np.asarray(share * mean + (1 - share) * above.reshape(height, width, -1), np.float32)
