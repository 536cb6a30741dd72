"""Paints what a nearer layer hides."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from vivant.nodes.depth.push_pull import push_pull

F32 = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_APART = 6.0  # pixels by which neighbouring places may come from different places, before that shows as a seam


def hidden_colour(pixels: F32, known: Mask, band: float, coarse: float) -> F32:
    """Continue a picture into what is not known of it.

    Light and shade go on smoothly (push-pull), and on them lies the texture of what is known, mirrored at its outline:
    as fine and as sharp as beside it, and where it meets the known the same. Mirroring the picture itself would show
    every figure beside the outline twice.

    Args:
        pixels: ``float32 (h, w, 3)``.
        known: ``bool (h, w)``.
        band: How far from the known texture is wanted, pixels; beyond it fades.
        coarse: What is larger than this counts as light and shade, pixels.

    Returns:
        ``float32 (h, w, 3)`` in [0, 255], equal to `pixels` where they are known.
    """
    if bool(known.all()) or not bool(known.any()):
        return pixels.copy()
    weight = cv2.GaussianBlur(known.astype(np.float32), (0, 0), coarse)
    shade = cv2.GaussianBlur(pixels * known[..., None], (0, 0), coarse) / np.maximum(weight, 1e-4)[..., None]
    texture = (pixels - shade) * known[..., None]
    smooth = push_pull(np.asarray(shade, np.float32), known)
    # the pyramid is blocky where it is coarse
    smooth = np.where(known[..., None], smooth, cv2.GaussianBlur(smooth, (0, 0), max(1.0, coarse / 4)))
    share, mirrored = _mirrored(texture, known, band, coarse)
    filled = np.clip(smooth + share[..., None] * mirrored, 0, 255)
    return np.asarray(np.where(known[..., None], pixels, filled), np.float32)


def _mirrored(texture: F32, known: Mask, band: float, coarse: float) -> tuple[F32, F32]:
    """Return how much the mirrored texture counts, ``(h, w)``, and that texture, ``(h, w, 3)``."""
    height, width = known.shape
    hidden = (~known).astype(np.uint8)
    distance, label = cv2.distanceTransformWithLabels(hidden, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    label, distance = np.asarray(label, np.int32), np.asarray(distance, np.float32)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    table = np.zeros((int(label.max()) + 1, 2), np.float32)
    table[label[known]] = np.stack([columns[known], rows[known]], axis=1)
    nearest = table[label]
    # smoothed, else every step of the outline would be a streak
    outline = np.asarray(cv2.GaussianBlur(nearest, (0, 0), max(1.5, coarse / 3)), np.float32)
    apart = np.linalg.norm(nearest - outline, axis=2)
    x = np.ascontiguousarray(2 * outline[..., 0] - columns)
    y = np.ascontiguousarray(2 * outline[..., 1] - rows)
    mirrored = cv2.remap(texture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    there = cv2.remap(known.astype(np.float32), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    share = np.clip(2 - distance / max(band, 1.0), 0, 1) * np.asarray(there, np.float32)
    # where what comes from one side meets what comes from another, neither is right
    share *= np.clip(2 - apart / _APART, 0, 1)
    return np.asarray(cv2.GaussianBlur(share, (0, 0), 1.5), np.float32), np.asarray(mirrored, np.float32)
