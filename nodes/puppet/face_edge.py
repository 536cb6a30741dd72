"""Where the face's skin ends: how it passes into the relief of hair, ears and neck."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import numpy.typing as npt

from vivant.nodes.puppet.mesh_part import MeshPart, picture_to_pixels

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]

_GRAZING, _WELL = 0.1, 0.4
"""Cosines to the line of sight between which the picture begins to show skin well."""
_LYING = 0.25
"""Cosine from which on skin lies on the relief; what faces away (under the jaw) keeps its own place."""


def into_relief(face: MeshPart, outer: F32, depth_map: F32, size: tuple[int, int], eye_z: float) -> MeshPart:
    """Let skin near the face's outline lie on the relief, and fade where the picture shows it at a grazing angle.

    There the fitted head and the picture disagree by a pixel or two, and skin that turned to the viewer would take
    along what lies beside it: hair, collar, background. The relief behind has all that, at the same depth.

    Args:
        face: The face's skin, at rest.
        outer: ``(N,)`` 1 at its outline, 0 where nose, eyes and mouth are.
        depth_map: ``(h, w)`` depth of the relief in picture space.
        size: Width and height of the picture.
        eye_z: Distance of the camera, picture heights.

    Returns:
        The part with other depths and opacities.
    """
    cosine = facing(face.vertices, face.triangles, eye_z)
    well = np.clip((cosine - _GRAZING) / (_WELL - _GRAZING), 0, 1)
    height, width = depth_map.shape
    x, y = picture_to_pixels(face.vertices, size).T * (np.array([[width], [height]]) / np.array([size]).T) - 0.5
    relief = cv2.remap(
        depth_map, x.astype(np.float32)[None], y.astype(np.float32)[None], cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )[0]  # fmt: skip
    vertices = face.vertices.copy()
    vertices[:, 2] += outer * np.clip(cosine / _LYING, 0, 1) * np.maximum(relief - vertices[:, 2], 0)
    opacity = face.opacity * (1 - outer * (1 - well))
    return dataclasses.replace(face, vertices=vertices, opacity=opacity.astype(np.float32))


def facing(vertices: F32, triangles: I32, eye_z: float) -> F32:
    """How much each vertex faces the camera, ``float32 (N,)`` in [-1, 1].

    Args:
        vertices: ``(N, 3)`` by place in the picture and depth.
        triangles: ``(T, 3)`` counter-clockwise as seen from outside.
        eye_z: Distance of the camera.
    """
    places = vertices.astype(np.float64)
    places[:, :2] *= 1 - places[:, 2:] / eye_z
    a, b, c = (places[triangles[:, i]] for i in range(3))
    normals = np.zeros_like(places)
    for corner in range(3):
        np.add.at(normals, triangles[:, corner], np.cross(b - a, c - a))
    sight = np.array([0, 0, eye_z]) - places
    lengths = np.linalg.norm(normals, axis=1) * np.linalg.norm(sight, axis=1)
    return np.asarray((normals * sight).sum(axis=1) / np.maximum(lengths, 1e-12), np.float32)
