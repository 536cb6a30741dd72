"""Brushes for skin: colours that spread over what is not known, and where to put them."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]


def mixed(colours: F32, known: F32, reach: float) -> F32:
    """Spread what is known over what is not (normalised convolution), ``(h, w, 3)``."""
    out, given = np.zeros_like(colours), np.zeros((*known.shape, 1), np.float32)
    for sigma in (reach, 2 * reach, 4 * reach):
        weight = cv2.GaussianBlur(known, (0, 0), sigma)[..., None]
        spread = cv2.GaussianBlur(colours * known[..., None], (0, 0), sigma) / np.maximum(weight, 1e-6)
        share = np.clip(weight / 0.05, 0, 1) * (1 - given)
        out += share * spread
        given += share
    return np.asarray(out + (1 - given) * colours, np.float32)


def filled(outlines: list[F32], shape: tuple[int, ...]) -> U8:
    """Return 1 within outlines ``(N, 2)``, pixel centres at .5, else 0; ``(h, w)``."""
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(outline * 16 - 8).astype(np.int32) for outline in outlines], 1, cv2.LINE_8, 4)
    return mask


def disc(radius: float) -> U8:
    """Return what dilates and erodes by a radius in pixels."""
    reach = max(1, round(radius))
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1)), np.uint8)


def box_around(points: F32, reach: float, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns around some pixels, within the picture."""
    low, high = np.floor(points.min(axis=0) - reach), np.ceil(points.max(axis=0) + reach)
    spans = [
        slice(int(np.clip(low[axis], 0, size - 1)), int(np.clip(high[axis], 1, size)))
        for axis, size in ((1, shape[0]), (0, shape[1]))
    ]
    return spans[0], spans[1]


def ease(t: Any) -> F32:
    """Pass from 0 to 1 without a kink."""
    t = np.clip(t, 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def page(colour: F32, cover: F32) -> U8:
    """Return a texture ``uint8 (h, w, 4)`` of colours ``(h, w, 3)`` that count for a share ``(h, w)``."""
    return np.ascontiguousarray(np.clip(np.round(np.dstack([colour, 255 * cover])), 0, 255).astype(np.uint8))
