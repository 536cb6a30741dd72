"""Turns of a head as nod, turn and tilt, and how one head's are taken over by another that is held differently."""

from __future__ import annotations

from math import atan2, cos, hypot, sin

import numpy as np
import numpy.typing as npt

from vivant.nodes.formats.rotation import rotation_vector

F64 = npt.NDArray[np.float64]


def head_angles(rotation: F64) -> F64:
    """Return pitch, yaw and roll ``(3,)`` in radians of a rotation from head to camera ``(3, 3)``.

    ``Rz(roll) Ry(yaw) Rx(pitch)``: a head nods about its own ears, turns about the picture's upright, and tilts in the
    picture's plane. Signs as those of a rotation vector: positive looks down, toward the viewer's right, and tilts
    counter-clockwise.
    """
    # plain numbers here and below, as in `vivant.nodes.formats.rotation`
    (xx, _, _), (yx, _, _), (zx, zy, zz) = rotation.tolist()
    return np.array([atan2(zy, zz), atan2(-zx, hypot(zy, zz)), atan2(yx, xx)])


def rotation_of(angles: F64) -> F64:
    """Return the rotation ``(3, 3)`` with these angles, the inverse of `head_angles`."""
    pitch, yaw, roll = angles.tolist()
    sp, cp, sy, cy, sr, cr = sin(pitch), cos(pitch), sin(yaw), cos(yaw), sin(roll), cos(roll)
    return np.array(
        [
            [cr * cy, cr * sy * sp - sr * cp, cr * sy * cp + sr * sp],
            [sr * cy, sr * sy * sp + cr * cp, sr * sy * cp - cr * sp],
            [-sy, cy * sp, cy * cp],
        ]
    )


def change_of_angles(before: F64, now: F64) -> F64:
    """Return by how much the angles of a rotation differ from another's, ``(3,)``, each within half a turn."""
    change = head_angles(now) - head_angles(before)
    return np.asarray((change + np.pi) % (2 * np.pi) - np.pi)


def turned_by(rest: F64, change: F64) -> F64:
    """Return how a head that rests at `rest` has to be turned for its angles to change so.

    Rotating it as the other head was rotated in the camera's axes is the same only where both look ahead: a head that
    is seen from aside would tilt with every nod.

    Args:
        rest: ``(3, 3)`` head to camera.
        change: ``(3,)`` of pitch, yaw and roll, radians.

    Returns:
        A rotation vector in the camera's axes ``(3,)``, radians.
    """
    return rotation_vector(rotation_of(head_angles(rest) + change) @ rest.T)
