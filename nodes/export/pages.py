"""Textures, cut down to what is seen of them."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from vivant.nodes.face.rasterize import rasterize

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]

_ROOM_PX = 4
_WITHIN = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, 0.5, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [1 / 3] * 3])


def alpha_range(page: U8, uv: F32, triangles: I32) -> tuple[U8, U8]:
    """Return the least and the greatest alpha that each triangle takes from a page, each ``uint8 (T,)``.

    Args:
        page: ``uint8 (h, w, 4)``.
        uv: ``float32 (V, 2)``, origin top left.
        triangles: ``int32 (T, 3)``.
    """
    height, width = page.shape[:2]
    three = np.ones((3, 3), np.uint8)
    # filtering mixes a pixel with its neighbours
    low, high = (np.asarray(f(np.ascontiguousarray(page[..., 3]), three), np.uint8) for f in (cv2.erode, cv2.dilate))
    spots = np.einsum("sk,tkx->tsx", _WITHIN, uv[triangles])
    column = np.clip((spots[..., 0] * width).astype(int), 0, width - 1)
    row = np.clip((spots[..., 1] * height).astype(int), 0, height - 1)
    least, most = low[row, column].min(axis=1), high[row, column].max(axis=1)
    points = np.concatenate([uv * [width, height], np.zeros((len(uv), 1))], axis=1).astype(np.float32)
    shown = rasterize(points, triangles, (width, height))[0]
    inside = shown >= 0
    np.minimum.at(least, shown[inside], low[inside])
    np.maximum.at(most, shown[inside], high[inside])
    return least, most


def cut(page: U8, uvs: list[F32], most_px: int) -> tuple[U8, list[F32]]:
    """Cut a page to the part that is used, and make it no larger than wanted.

    Args:
        page: ``uint8 (h, w, 4)``.
        uvs: Texture coordinates of all that use it ``(N, 2)``, origin top left.
        most_px: Its longer side at most.

    Returns:
        The page and the texture coordinates in it.
    """
    height, width = page.shape[:2]
    size = np.array([width, height])
    places = np.concatenate(uvs) * size
    low = np.clip(np.floor(places.min(axis=0)) - _ROOM_PX, 0, size - 1).astype(int)
    high = np.clip(np.ceil(places.max(axis=0)) + _ROOM_PX, low + 1, size).astype(int)
    part = np.ascontiguousarray(page[low[1] : high[1], low[0] : high[0]])
    moved = [((uv * size - low) / (high - low)).astype(np.float32) for uv in uvs]
    zoom = most_px / max(part.shape[:2])
    if zoom < 1:
        part = _reduced(part, zoom)
    return part, moved


def _reduced(page: U8, zoom: float) -> U8:
    """Reduce a page, colours weighted by alpha: what is transparent must not tinge what is not."""
    size = (max(1, round(page.shape[1] * zoom)), max(1, round(page.shape[0] * zoom)))
    alpha = page[..., 3:].astype(np.float32) + 0.5
    weighted = cv2.resize(page[..., :3] * alpha, size, interpolation=cv2.INTER_AREA)
    small = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)[..., None]
    out = np.concatenate([weighted / small, small - 0.5], axis=2)
    return np.asarray(out.round().clip(0, 255), np.uint8)
