"""How a surface fades where it turns away from the camera, and appears where it comes into view (`Puppet.facing`)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]

_EDGE = 0.15
"""Cosine to the line of sight below which a surface fades: on a cheek one or two pixels."""
_LEAST_AT_REST = 0.1
_FROM, _OVER = 0.03, 0.17
"""By how much more than at rest a surface must face the camera to begin to appear, and until it is there."""


def vertex_normals(points: F32, triangles: I32) -> F32:
    """Unit normals ``(N, 3)`` of a mesh, the mean of the triangles around each vertex, weighted by area.

    Args:
        points: ``(N, 3)``.
        triangles: ``(T, 3)`` counter-clockwise seen from outside.
    """
    a, b, c = (points[triangles[:, i]] for i in range(3))
    normal = np.cross(b - a, c - a)
    out = np.zeros((len(points), 3))
    for axis in range(3):
        for corner in range(3):
            out[:, axis] += np.bincount(triangles[:, corner], normal[:, axis], len(points))
    return np.asarray(out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12), np.float32)


def seen_in_space(points: F32, eye_z: float) -> F32:
    """Move points ``(N, 3)``, given by place in the picture and depth, along their view rays to where they are."""
    out = points.astype(np.float32).copy()
    out[:, :2] *= (1 - points[:, 2:] / eye_z).astype(np.float32)
    return out


def towards_camera(normals: F32, points: F32, eye_z: float) -> F32:
    """Cosine-like measure ``(N,)`` of how much each vertex faces the camera at rest, as the skinning kernel has it."""
    direction = np.concatenate([-points[:, :2] / eye_z, np.ones((len(points), 1))], axis=1)
    return np.asarray((normals * direction).sum(axis=1), np.float32)


def always(count: int) -> F32:
    """Rows of `Puppet.facing` of vertices that always show."""
    return np.tile(np.array([0, 0, 0, 1], np.float32), (count, 1))


def soft_edges(normals: F32, points: F32, eye_z: float, *, everywhere: bool = False) -> F32:
    """Rows of `Puppet.facing` for a surface that fades where it turns away; at rest it shows fully.

    What faces away already at rest is left alone, as it lies in a fold, unless `everywhere` is set.
    """
    facing = towards_camera(normals, points, eye_z)
    out = always(len(points))
    fades = (facing > _LEAST_AT_REST) | everywhere
    width = np.clip(0.9 * facing[fades], 0.3 * _EDGE, _EDGE)
    out[fades, :3] = normals[fades] / width[:, None]
    out[fades, 3] = 0
    return out


def coming_into_view(normals: F32, points: F32, eye_z: float) -> F32:
    """Rows of `Puppet.facing` for a surface that the picture shows badly or not at all: at rest it is not there."""
    start = np.maximum(towards_camera(normals, points, eye_z), 0) + _FROM
    return np.concatenate([normals / _OVER, -start[:, None] / _OVER], axis=1).astype(np.float32)
