"""From motion to pose: whose expression, how far the head turns, where the eyes look."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.formats.gaze import EYEBALL, gaze
from vivant.nodes.formats.puppet import Puppet, PuppetPose
from vivant.nodes.formats.rotation import rotation_matrix, rotation_vector

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

CAP_RADIUS = 0.75
"""Radius of the puppet's eyeballs in widths of the eye. A real one must be hidden at its sides by lids that fit to a
hair; a flatter cap covers the whole opening. It turns less in exchange."""

NECK_SHARE = 0.4
"""How much of a turn the neck takes, the head on top of it the rest: about half of axial rotation happens between
the two uppermost vertebrae."""


def pose(puppet: Puppet, weights: F32, turn: F64, shift: F64, details: F32 | None = None) -> PuppetPose:
    """Bend a puppet.

    Args:
        puppet: The puppet.
        weights: ``(52,)`` the expression that it shall wear.
        turn: ``(3, 3)`` rotation of the head from rest, in axes of picture space.
        shift: ``(3,)`` displacement of the head, picture heights.
        details: ``(H + 2, 2)`` as `taken_over` returns them; None: none.

    Returns:
        Local rotations and shifts of its bones.
    """
    count = len(puppet.bones)
    rotations = np.tile(np.eye(3), (count, 1, 1))
    translations = np.zeros((count, 3))
    vector = rotation_vector(turn)
    rotations[puppet.bone("neck")] = rotation_matrix(NECK_SHARE * vector)
    rotations[puppet.bone("head")] = rotation_matrix((1 - NECK_SHARE) * vector)
    translations[puppet.bone("neck")] = shift
    frame = puppet.head_rotation.astype(np.float64)
    jaw = float(weights[INDEX["jawOpen"]] - puppet.expression[INDEX["jawOpen"]])
    rotations[puppet.bone("jaw")] = rotation_matrix(frame[:, 0] * puppet.jaw_swing * jaw)
    flatter = EYEBALL / CAP_RADIUS
    for number, side in enumerate(("Right", "Left")):
        yaw, pitch = gaze(weights, side)
        if details is not None:
            yaw += float(details[number - 2, 0])
            pitch += float(details[number - 2, 1])
        own_yaw, own_pitch = gaze(puppet.expression, side)
        local = np.array([-(pitch - own_pitch), yaw - own_yaw, 0.0]) * flatter
        rotations[puppet.bone(f"eye{side}")] = rotation_matrix(frame @ local)
    handles = np.zeros(0, np.float32) if details is None else np.ascontiguousarray(details[:-2]).reshape(-1)
    return PuppetPose(weights, rotations.astype(np.float32), translations.astype(np.float32), handles)


def taken_over(puppet: Puppet, weights: F32, details: F32) -> F32:
    """Return what a driver's details are on a puppet, ``float32 (H + 2, 2)``: handles, decimetres; gaze, radians.

    Where the puppet's units do less at the handles than they did to the driver, the handles make up for it.

    Args:
        puppet: The puppet.
        weights: ``(52,)`` of the driver.
        details: ``(H + 2, 2)`` as `FaceMotion.details`.
    """
    rig = puppet.details
    out = np.empty_like(details)
    count = len(rig.factor)
    out[:count] = rig.factor * details[:count] + np.tensordot(weights, rig.lack, axes=1)
    out[count:] = rig.gaze * details[count:] / EYEBALL
    return out
