"""Where the nearest pixel is that is known."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

I64 = npt.NDArray[np.int64]


def nearest_known(known: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.float32], I64, I64]:
    """Find the nearest known pixel of each one.

    Args:
        known: ``bool (h, w)``; at least one is.

    Returns:
        How far it is in pixels, its row, and its column, ``(h, w)`` each.
    """
    distance, label = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    label = np.asarray(label, np.int32)
    rows, columns = np.nonzero(known)
    table = np.zeros((int(label.max()) + 1, 2), np.int64)
    table[label[rows, columns]] = np.stack([rows, columns], axis=1)
    found = table[label]
    return np.asarray(distance, np.float32), found[..., 0], found[..., 1]
