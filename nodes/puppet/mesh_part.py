"""Pieces that a puppet's mesh is put together from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vivant.nodes.formats.puppet import Role

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class MeshPart:
    """One piece, at rest, in picture space.

    Attributes:
        name: What it shows; also the name of its layer.
        texture: Name of its texture.
        vertices: ``float32 (N, 3)``; z is the vertex's own depth.
        triangles: ``int32 (T, 3)`` counter-clockwise as seen by the viewer.
        uv: ``float32 (N, 2)`` in its texture, origin top left.
        opacity: ``float32 (N,)``.
        role: How it hides and is hidden.
        units: ``float32 (52 or 52 + 2 H, N, 3)`` displacement per expression unit and handle, or None: none.
        bone: Name of the single bone that carries it, or None: weighted over root, neck and head by place.
        mapped: Whether the depth map gives its depth.
        fade: ``float32 (1 + U,)`` a row of `Puppet.fades`; None: it is always drawn.
    """

    name: str
    texture: str
    vertices: F32
    triangles: I32
    uv: F32
    opacity: F32
    role: Role
    units: F32 | None = None
    bone: str | None = None
    mapped: bool = False
    fade: F32 | None = None


def grid_triangles(columns: int, rows: int) -> I32:
    """Return the triangles of a grid of ``columns x rows`` vertices, row 0 on top, counter-clockwise."""
    index = np.arange(columns * rows).reshape(rows, columns)
    a, b = index[:-1, :-1].ravel(), index[:-1, 1:].ravel()
    c, d = index[1:, :-1].ravel(), index[1:, 1:].ravel()
    return np.concatenate([np.stack([a, c, b], axis=1), np.stack([b, c, d], axis=1)]).astype(np.int32)


def picture_to_uv(points: npt.NDArray[np.floating], size: tuple[int, int]) -> F32:
    """Map x, y of picture space ``(N, 2+)`` to texture coordinates ``(N, 2)`` with the origin at the top left."""
    width, height = size
    return np.stack([points[:, 0] * height / width + 0.5, 0.5 - points[:, 1]], axis=1).astype(np.float32)


def picture_to_pixels(points: npt.NDArray[np.floating], size: tuple[int, int]) -> F32:
    """Map x, y of picture space ``(N, 2+)`` to pixels ``(N, 2)``, y down, pixel centres at .5."""
    width, height = size
    return np.stack([points[:, 0] * height + width / 2, height / 2 - points[:, 1] * height], axis=1).astype(np.float32)
