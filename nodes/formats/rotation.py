"""Rotations as vectors, axis times angle in radians, and as matrices."""

from __future__ import annotations

from math import atan2, cos, hypot, sin

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]


# Plain numbers: for three of them a call into numpy takes longer than the sum.


def rotation_vector(rotation: F64) -> F64:
    """Axis times angle in radians of a rotation matrix, ``(3,)``; angles below 180 degrees."""
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = rotation.tolist()
    x, y, z = zy - yz, xz - zx, yx - xy
    sine = 0.5 * hypot(x, y, z)
    angle = atan2(sine, 0.5 * (xx + yy + zz - 1))
    share = 0.5 if sine < 1e-8 else 0.5 * angle / sine
    return np.array([share * x, share * y, share * z])


def rotation_vectors(rotations: F64) -> F64:
    """`rotation_vector` of many ``(N, 3, 3)`` at once, ``(N, 3)``."""
    twice = rotations - rotations.transpose(0, 2, 1)
    axes = twice[:, [2, 0, 1], [1, 2, 0]]
    sines = 0.5 * np.sqrt((axes * axes).sum(axis=1))
    angles = np.arctan2(sines, 0.5 * (np.trace(rotations, axis1=1, axis2=2) - 1))
    shares = np.where(sines < 1e-8, 0.5, 0.5 * angles / np.maximum(sines, 1e-8))
    return np.asarray(shares[:, None] * axes)


def rotation_matrix(vector: npt.NDArray[np.floating]) -> F64:
    """Rodrigues' formula: the rotation ``(3, 3)`` about `vector` by its length in radians."""
    x, y, z = vector.tolist()
    angle = hypot(x, y, z)
    if angle < 1e-12:
        return np.eye(3)
    x, y, z = x / angle, y / angle, z / angle
    s, c = sin(angle), cos(angle)
    d = 1 - c
    return np.array(
        [
            [c + d * x * x, d * x * y - s * z, d * x * z + s * y],
            [d * x * y + s * z, c + d * y * y, d * y * z - s * x],
            [d * x * z - s * y, d * y * z + s * x, c + d * z * z],
        ]
    )
