"""One mesh of a frame and its depth, made anew for every frame: cheap rather than fine."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from vivant.nodes.formats.depth import DepthMap
from vivant.nodes.formats.scene import Scene, SceneLayer
from vivant.nodes.scene.assembly import EYE_Z

F32: TypeAlias = npt.NDArray[np.float32]
I32: TypeAlias = npt.NDArray[np.int32]
U8: TypeAlias = npt.NDArray[np.uint8]


def frame_mesh(pixels: U8, depth: DepthMap | None, *, cell: int, reach: float) -> Scene:
    """Make a scene of one layer, whose border is stretched outward as far as the camera may look beyond it.

    Args:
        pixels: The frame, ``uint8 (h, w, 3)``, or ``(h, w, 4)`` with straight alpha.
        depth: Its depth; None: it is flat.
        cell: Side of a cell of the mesh, in pixels.
        reach: How far the camera may go, picture heights.

    Returns:
        The scene. Seen from its resting place it is the frame.
    """
    height, width = pixels.shape[:2]
    places, triangles = _grid(width, height, cell, reach)
    z = np.zeros(places.shape[:2], np.float32) if depth is None else _depth_at(depth, places)
    vertices = np.concatenate([places[..., :2], z[..., None], places[..., 2:]], axis=2).reshape(-1, 5)
    # there is no depth buffer: what is nearer is drawn later
    order = np.argsort(z.ravel()[triangles[:, 0]], kind="stable")
    clear = pixels.shape[2] == 4
    texture = pixels if clear else np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2RGBA), np.uint8)
    layer = SceneLayer(texture, 0, 3 * len(triangles))
    return Scene((width, height), EYE_Z, reach, vertices, triangles[order], (layer,), clear)


@lru_cache(maxsize=4)
def _grid(width: int, height: int, cell: int, reach: float) -> tuple[F32, I32]:
    """Return ``float32 (rows, columns, 4)``, x, y, u, v of the vertices, and ``int32 (T, 3)``."""
    # at the picture's plane as much comes into view as the camera goes aside; what lies behind it, a little more
    beyond = 2 * reach
    u, v = (
        np.concatenate([[0], np.linspace(0, 1, max(1, round(side / cell)) + 1), [1]]).astype(np.float32)
        for side in (width, height)
    )
    x, y = (u - 0.5) * np.float32(width / height), 0.5 - v
    x[0], x[-1] = x[0] - beyond, x[-1] + beyond
    y[0], y[-1] = y[0] + beyond, y[-1] - beyond
    places = np.stack([*np.meshgrid(x, y), *np.meshgrid(u, v)], axis=2).astype(np.float32)
    index = np.arange(len(v) * len(u), dtype=np.int32).reshape(len(v), len(u))
    top, below = (index[:-1, :-1], index[:-1, 1:]), (index[1:, :-1], index[1:, 1:])
    halves = [np.stack(corners, axis=2) for corners in ((top[0], below[0], top[1]), (top[1], below[0], below[1]))]
    triangles = np.ascontiguousarray(np.stack(halves, axis=2).reshape(-1, 3), np.int32)
    places.flags.writeable = triangles.flags.writeable = False
    return places, triangles


def _depth_at(depth: DepthMap, places: F32) -> F32:
    height, width = depth.values.shape
    # a vertex lies between pixels: half a pixel before the centre of the next
    x, y = places[..., 2] * width - np.float32(0.5), places[..., 3] * height - np.float32(0.5)
    values = cv2.remap(depth.values, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(depth.far + values * np.float32(depth.near - depth.far), np.float32)
