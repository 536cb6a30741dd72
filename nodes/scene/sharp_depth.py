"""Depth with steps where things end, in place of ramps."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_PASSES = 2


def sharpened(z: F32, step: float, reach: int) -> F32:
    """Make a step of every ramp that is as high as a step and narrow.

    Networks, and whoever reduces a map, blur it: pixels between a near and a far surface get a depth at which there is
    nothing. Each goes to the nearer of the two, in depth.

    Args:
        z: ``float32 (h, w)``.
        step: Least height of a step.
        reach: Half the greatest width of a ramp, pixels.

    Returns:
        ``float32 (h, w)``.
    """
    for _ in range(_PASSES):
        low, high = _range(z, reach)
        z = np.where(high - low > step, np.where(z - low < high - z, low, high), z)
    return np.ascontiguousarray(z, np.float32)


def steps(z: F32, step: float) -> Mask:
    """Return where a step of at least this height is beside a pixel, ``bool (h, w)``."""
    # with the corners: nothing may slip through a slanting edge
    low, high = _range(z, 1, cv2.MORPH_RECT)
    return np.asarray(high - low > step)


def _range(z: F32, reach: int, shape: int = cv2.MORPH_ELLIPSE) -> tuple[F32, F32]:
    kernel = cv2.getStructuringElement(shape, (2 * reach + 1, 2 * reach + 1))
    return np.asarray(cv2.erode(z, kernel), np.float32), np.asarray(cv2.dilate(z, kernel), np.float32)
