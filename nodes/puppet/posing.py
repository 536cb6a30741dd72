"""From motion to pose: whose expression, how far the head turns, where the eyes look."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.formats.puppet import Puppet, PuppetPose

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

GAZE_YAW_RAD, GAZE_PITCH_RAD = np.radians(38.0), np.radians(28.0)
EYEBALL = 0.4
"""Radius of a real eyeball in widths of the eye: 12 mm of 30 mm."""

CAP_RADIUS = 0.75
"""Radius of the puppet's eyeballs in widths of the eye. A real one must be hidden at its sides by lids that fit to a
hair; a flatter cap covers the whole opening. It turns less in exchange."""

_LID_OVERLAP_DM = 0.012

NECK_SHARE = 0.4
"""How much of a turn the neck takes, the head on top of it the rest: about half of axial rotation happens between
the two uppermost vertebrae."""


def gaze(weights: npt.NDArray[np.floating], side: str) -> tuple[float, float]:
    """Return yaw (positive: toward the viewer's right) and pitch (positive: up) of an eye in radians."""
    out, inward = weights[INDEX[f"eyeLookOut{side}"]], weights[INDEX[f"eyeLookIn{side}"]]
    down, up = weights[INDEX[f"eyeLookDown{side}"]], weights[INDEX[f"eyeLookUp{side}"]]
    sign = 1.0 if side == "Left" else -1.0  # the person's left is the viewer's right
    return float(sign * GAZE_YAW_RAD * (out - inward)), float(GAZE_PITCH_RAD * (up - down))


def look_aside(weights: F32, yaw: float, pitch: float) -> None:
    """Turn the gaze of both eyes, in place; the inverse of `gaze`.

    Args:
        weights: ``(52,)``; eyeLook weights come to lie in [0, 1].
        yaw: Radians, positive toward the viewer's right.
        pitch: Radians, positive up.
    """
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        for plus, minus, change in (
            (f"eyeLookOut{side}", f"eyeLookIn{side}", sign * yaw / GAZE_YAW_RAD),
            (f"eyeLookUp{side}", f"eyeLookDown{side}", pitch / GAZE_PITCH_RAD),
        ):
            net = float(weights[INDEX[plus]] - weights[INDEX[minus]]) + change
            common = float(min(weights[INDEX[plus]], weights[INDEX[minus]]))
            weights[INDEX[plus]] = min(1.0, common + max(0.0, net))
            weights[INDEX[minus]] = min(1.0, common + max(0.0, -net))


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
    weights = _lids_meet(puppet, weights, handles)
    return PuppetPose(weights, rotations.astype(np.float32), translations.astype(np.float32), handles)


def _lids_meet(puppet: Puppet, weights: F32, handles: F32) -> F32:
    """Return the weights with blinks held where the lids meet: a squint, or a detail, may have closed part of the way.

    Lids that passed each other would draw the upper one's skin over the cheek.
    """
    rig = puppet.details
    gap = rig.lid_gap + (weights - puppet.expression) @ rig.lid_opening[:52]
    if len(handles):
        gap = gap + handles @ rig.lid_opening[52:]
    too_far = np.maximum(-_LID_OVERLAP_DM - gap, 0)
    if not too_far.any():
        return weights
    held = weights.copy()
    for number, side in enumerate(("Right", "Left")):
        unit = INDEX[f"eyeBlink{side}"]
        closing = max(-float(rig.lid_opening[unit, number]), 1e-6)
        held[unit] = max(0.0, float(weights[unit]) - float(too_far[number]) / closing)
    return held


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


def rotation_vector(rotation: F64) -> F64:
    """Axis times angle in radians of a rotation matrix, ``(3,)``; angles below 180 degrees."""
    axis = np.array([rotation[2, 1] - rotation[1, 2], rotation[0, 2] - rotation[2, 0], rotation[1, 0] - rotation[0, 1]])
    sine = 0.5 * float(np.linalg.norm(axis))
    cosine = 0.5 * (float(np.trace(rotation)) - 1)
    angle = float(np.arctan2(sine, cosine))
    return np.asarray(axis * (0.5 if sine < 1e-8 else 0.5 * angle / sine))


def rotation_matrix(vector: F64) -> F64:
    """Rodrigues' formula: the rotation ``(3, 3)`` about `vector` by its length in radians."""
    angle = float(np.linalg.norm(vector))
    if angle < 1e-12:
        return np.eye(3)
    x, y, z = np.asarray(vector, np.float64) / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)
