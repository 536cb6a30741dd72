"""A scene: a picture in layers that lie one behind the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class SceneLayer:
    """One layer of a scene.

    Attributes:
        texture: ``uint8 (h, w, 4)`` RGBA, straight alpha, with colours also where alpha is 0.
        first: Index of its first triangle corner in `Scene.triangles` (flattened).
        count: Number of triangle corners.
    """

    texture: U8
    first: int
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A picture in depth.

    A vertex at ``(x, y)`` of the picture plane with depth ``z`` lies on the ray from there to the camera at
    ``(0, 0, eye_z)``, which sees it where the picture has it, whatever its depth:
    ``place = (x (1 - z / eye_z), y (1 - z / eye_z), z)``.

    Attributes:
        size: Width and height of the picture in pixels.
        eye_z: How far the camera is from the picture plane at rest, picture heights.
        reach: How far the camera may go from there, to the side, up and down or nearer, picture heights: what is
            uncovered farther out was not painted.
        vertices: ``float32 (V, 5)``: x, y, z in picture space, then u, v in the layer's texture, origin at the top
            left. They go beyond the picture's borders.
        triangles: ``int32 (T, 3)`` counter-clockwise as seen by the viewer, grouped by layer.
        layers: Back to front. Each is drawn over those before it.
        see_through: Whether the picture is transparent somewhere: there nothing is drawn.
    """

    size: tuple[int, int]
    eye_z: float
    reach: float
    vertices: F32
    triangles: I32
    layers: tuple[SceneLayer, ...]
    see_through: bool = False
