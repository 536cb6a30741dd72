"""Which of a puppet's triangles show nothing but opaque texels: those need no blending."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vivant.nodes.formats.puppet import Puppet, Role

I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]


def opaque_first(puppet: Puppet) -> tuple[I32, tuple[int, ...]]:
    """Sort the triangles of skin and body that always show, layer by layer: the opaque before all others.

    In software what is blended takes 7 percent of a face's and body's time more (725 x 725, measured in turns), and
    most of them is opaque: only their outlines are not. Of a picture that is not made smaller: a texel that stands
    for many has something of all of them.

    Args:
        puppet: The puppet.

    Returns:
        Its triangles ``(T, 3)`` in the new order, and for each layer how many indices of opaque triangles come first.
    """
    triangles = puppet.triangles.reshape(-1, 3).copy()
    counts = [0] * len(puppet.layers)
    for number, layer in enumerate(puppet.layers):
        if layer.fade >= 0 or layer.role not in (Role.SKIN, Role.BODY):
            continue
        part = slice(layer.first // 3, (layer.first + layer.count) // 3)
        own = triangles[part]
        opaque = (puppet.opacity[own] >= 1).all(axis=1) & _within_opaque(puppet.textures[layer.texture], puppet.uv[own])
        triangles[part] = np.concatenate([own[opaque], own[~opaque]])
        counts[number] = 3 * int(opaque.sum())
    return triangles, tuple(counts)


def _within_opaque(pixels: U8, places: npt.NDArray[np.float32]) -> Bools:
    """Return whether the boxes about triangles ``(T, 3, 2)``, in texture coordinates, hold opaque texels alone.

    A texel more on each side: a place between two texels shows something of both.
    """
    height, width = pixels.shape[:2]
    clear = np.zeros((height + 1, width + 1), np.int64)
    clear[1:, 1:] = (pixels[..., 3] < 255).cumsum(axis=0).cumsum(axis=1)
    size = np.array([width, height])
    # beyond the edge the texel of the edge is shown
    low = np.clip(np.floor(places.min(axis=1) * size).astype(int) - 1, 0, size - 1)
    high = np.clip(np.ceil(places.max(axis=1) * size).astype(int) + 1, 1, size)
    (left, top), (right, bottom) = low.T, high.T
    held = clear[bottom, right] - clear[top, right] - clear[bottom, left] + clear[top, left]
    return np.asarray(held == 0)
