"""Paints what a nearer layer hides."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from vivant.nodes.scene.nearest_known import nearest_known

F32 = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_APART = 6.0  # pixels by which neighbouring places may come from different places, before that shows as a seam


def hidden_colour(pixels: F32, known: Mask, band: float, coarse: float) -> F32:
    """Continue a picture into what is not known of it.

    Beside the outline of what is known the picture goes on as in a mirror, texture and all; farther in, or where mirror
    images from two sides meet, with the colours of the nearest that is known, the softer the farther.

    Args:
        pixels: ``float32 (h, w, c)`` in [0, 255], of up to four channels.
        known: ``bool (h, w)``.
        band: How far from the known the mirror reaches, pixels; from half of that on it fades.
        coarse: Size of the smallest spot in what is no mirror image, pixels.

    Returns:
        ``float32 (h, w, c)`` in [0, 255], equal to `pixels` where they are known.
    """
    if bool(known.all()) or not bool(known.any()):
        return pixels.copy()
    distance, rows, columns = nearest_known(known)
    nearest = np.stack([columns, rows], axis=2).astype(np.float32)  # x, y
    smooth = _smooth(pixels, known, distance, nearest, coarse)
    share, mirrored = _mirrored(pixels, known, distance, nearest, smooth, band, coarse)
    filled = smooth + share[..., None] * (mirrored - smooth)
    return np.asarray(np.where(known[..., None], pixels, np.clip(filled, 0, 255)), np.float32)


def _smooth(pixels: F32, known: Mask, distance: F32, nearest: F32, coarse: float) -> F32:
    """Return colours from what is nearest, blurred about as far as it is away, ``(h, w, c)``."""
    # the known is blurred by itself first: a single odd pixel of the outline must not become a streak
    weight = cv2.GaussianBlur(known.astype(np.float32), (0, 0), coarse)[..., None]
    shade = cv2.GaussianBlur(pixels * known[..., None], (0, 0), coarse) / np.maximum(weight, 1e-4)
    x, y = nearest[..., 0].astype(np.int32), nearest[..., 1].astype(np.int32)
    carried = np.asarray(shade[y, x], np.float32)
    sigma = coarse
    result = np.asarray(cv2.GaussianBlur(carried, (0, 0), 0.5 * coarse), np.float32)
    while sigma < float(distance.max()):
        # the farther, the smaller the picture can be that is blurred
        zoom = max(1, int(sigma / 2))
        small = cv2.resize(carried, None, fx=1 / zoom, fy=1 / zoom, interpolation=cv2.INTER_AREA)
        blurred = cv2.GaussianBlur(small, (0, 0), sigma / zoom)
        blurred = cv2.resize(blurred, (carried.shape[1], carried.shape[0]), interpolation=cv2.INTER_LINEAR)
        share = np.clip(distance / sigma - 1, 0, 1)[..., None]
        result += share * (np.asarray(blurred, np.float32) - result)
        sigma *= 2
    return result


def _mirrored(
    pixels: F32, known: Mask, distance: F32, nearest: F32, smooth: F32, band: float, coarse: float
) -> tuple[F32, F32]:
    """Return how much the mirror image counts, ``(h, w)``, and that image, or `smooth`, ``(h, w, c)``."""
    height, width = known.shape
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    # smoothed, else every step of the outline would be a streak
    outline = np.asarray(cv2.GaussianBlur(nearest, (0, 0), max(1.5, coarse / 2)), np.float32)
    apart = np.linalg.norm(nearest - outline, axis=2)
    x = np.ascontiguousarray(2 * outline[..., 0] - columns)
    y = np.ascontiguousarray(2 * outline[..., 1] - rows)
    there = cv2.remap(known.astype(np.float32), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    there = np.asarray(there, np.float32)
    # what hides it has no part in the mean of neighbours either
    mirrored = cv2.remap(pixels * known[..., None], x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    mirrored = np.asarray(mirrored, np.float32) / np.maximum(there, 1e-3)[..., None]
    mirrored = np.where((there > 0.5)[..., None], mirrored, smooth)
    # what is mirrored must be known, and a little around it: no spots
    there = np.minimum(there, np.clip(2 * cv2.blur(there, (5, 5)) - 1, 0, 1))
    share = np.clip(2 - 2 * distance / max(band, 1.0), 0, 1) * there
    # where what comes from one side meets what comes from another, neither is right
    share *= np.clip(2 - apart / _APART, 0, 1)
    share = cv2.GaussianBlur(share, (0, 0), max(1.0, coarse / 4))
    return np.asarray(share, np.float32), np.asarray(mirrored, np.float32)
