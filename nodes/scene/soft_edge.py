"""Soft edges of layers: how much a pixel shows of the nearer one, and the nearer one's own colour there."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

_EPS = 60.0  # contrast (squared, colours in 0..255) below which an edge is not the picture's
_FAINT, _SURE = 0.12, 0.9


def soft_edge(pixels: U8, inside: Mask, torn: Mask, reach: int) -> F32:
    """Return how much each pixel belongs to the layer that covers `inside`.

    Where the layer ends at a step of depth its edge follows the picture's (guided filter; K. He and others, "Guided
    Image Filtering", PAMI 2013). Where it was cut through a surface that goes on, it fades over a few pixels: what lies
    under it there is the same.

    Args:
        pixels: The picture, ``uint8 (h, w, 3)``.
        inside: ``bool (h, w)``.
        torn: ``bool (h, w)`` where steps of depth are.
        reach: How far an edge may be off, pixels.

    Returns:
        ``float32 (h, w)`` in [0, 1].
    """
    hard = inside.astype(np.float32)
    faded = np.asarray(cv2.GaussianBlur(hard, (0, 0), max(0.8, reach / 3)), np.float32)
    # colours stay in 0..255: OpenCV's filter takes most windows for singular when they are in [0, 1]
    guided = np.asarray(cv2.ximgproc.guidedFilter(pixels, hard, reach, _EPS), np.float32)
    guided = np.where(np.isfinite(guided), guided, hard)
    guided = np.clip((guided - _FAINT) / (_SURE - _FAINT), 0, 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    core, hull = cv2.erode(hard, kernel), cv2.dilate(hard, kernel)
    guided = np.maximum(np.minimum(guided, hull), core)
    # an edge that the picture does not have at all would be a wide mist: never softer than a few pixels
    guided = np.clip(guided, np.clip(4 * faded - 3, 0, 1), np.clip(4 * faded, 0, 1))
    share = cv2.GaussianBlur(cv2.dilate(torn.astype(np.float32), kernel), (0, 0), max(1.0, reach / 2))
    return np.asarray(share * guided + (1 - share) * faded, np.float32)


def own_colour(pixels: F32, alpha: F32, behind: F32, filled: F32) -> F32:
    """Take what lies behind a soft edge out of its colours.

    Solves ``picture = a F + (1 - a) B`` for F, so that the layers over each other are the picture again, and the layer
    moves without a seam of its old background. Where `alpha` is small that blows up noise: there it is `filled`.

    Args:
        pixels: The picture, ``float32 (h, w, 3)``.
        alpha: ``float32 (h, w)``.
        behind: What is seen through it, ``float32 (h, w, 3)``.
        filled: The layer's colours continued from where it is opaque, ``float32 (h, w, 3)``.

    Returns:
        ``float32 (h, w, 3)`` in [0, 255].
    """
    a = alpha[..., None]
    solved = np.clip((pixels - (1 - a) * behind) / np.maximum(a, 0.05), 0, 255)
    trust = np.clip((a - 0.15) / 0.45, 0, 1)
    return np.asarray(trust * solved + (1 - trust) * filled, np.float32)
