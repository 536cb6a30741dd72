"""From motion to pose: whose expression, how far the head turns, where the eyes look."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.brow_shape import brows_kept
from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.formats.gaze import EYEBALL, gaze
from vivant.nodes.formats.puppet import Puppet, PuppetPose
from vivant.nodes.formats.rotation import rotation_matrix, rotation_vector

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

CAP_RADIUS = 0.75
"""Radius of the puppet's eyeballs in widths of the eye. A real one must be hidden at its sides by lids that fit to a
hair; a flatter cap covers the whole opening. It turns less in exchange."""

LID_OVERLAP_DM = 0.02
"""How far lids may pass each other: their meshes' edges are no smooth curves, and no gap must be left between."""

_LID_KNEE = 0.8  # of how far an eye opens at most: from there on it opens ever less
_LEAST_OPENING_DM = 0.01

NECK_SHARE = 0.4
"""How much of a turn the neck takes, the head on top of it the rest: about half of axial rotation happens between
the two uppermost vertebrae."""


def pose(
    puppet: Puppet, weights: F32, turn: F64, shift: F64, details: F32 | None = None, contact: F32 | None = None
) -> PuppetPose:
    """Bend a puppet.

    Args:
        puppet: The puppet.
        weights: ``(52,)`` the expression that it shall wear.
        turn: ``(3, 3)`` rotation of the head from rest, in axes of picture space.
        shift: ``(3,)`` displacement of the head, picture heights.
        details: ``(H + 2, 2)`` as `taken_over` returns them; None: none.
        contact: ``(K,)`` how surely the lips shall touch, as `lip_contact.contact` says; None: as it comes.

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
    weights = _lids_held(puppet, weights, handles)
    touching = np.zeros(0, np.float32) if contact is None else contact
    return PuppetPose(weights, rotations.astype(np.float32), translations.astype(np.float32), handles, touching)


def _lids_held(puppet: Puppet, weights: F32, handles: F32) -> F32:
    """Return the weights with lids held where they meet, and where no lid opens farther.

    A squint, or a detail, may have closed part of a blink's way: lids that passed each other would draw the upper one's
    skin over the cheek. And who opens the eyes wide has often stopped squinting as the picture does: both together
    would make a dome of the lid. There it is eased into its limit.
    """
    rig = puppet.details
    gap = rig.lid_gap + (weights - puppet.expression) @ rig.lid_opening[:52]
    if len(handles):
        gap = gap + handles @ rig.lid_opening[52:]
    too_far = np.maximum(-LID_OVERLAP_DM - gap, 0)
    knee = np.maximum(rig.lid_gap, _LID_KNEE * rig.lid_most)
    room = np.maximum(rig.lid_most - knee, 1e-6)
    over = np.maximum(gap - knee, 0)
    too_wide = over - room * np.tanh(over / room)
    if not (too_far.any() or too_wide.any()):
        return weights
    held = weights.copy()
    for number, side in enumerate(("Right", "Left")):
        blink, wide = INDEX[f"eyeBlink{side}"], INDEX[f"eyeWide{side}"]
        closing = max(-float(rig.lid_opening[blink, number]), 1e-6)
        held[blink] = max(0.0, float(weights[blink]) - float(too_far[number]) / closing)
        # below 0, where it is not this unit that opens the eye: it lowers the lid as it raised it
        held[wide] -= float(too_wide[number]) / max(float(rig.lid_opening[wide, number]), _LEAST_OPENING_DM)
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
    lack = (weights @ rig.lack.reshape(len(weights), -1)).reshape(count, 2)
    out[:count] = brows_kept(rig.factor * details[:count]) + lack
    out[count:] = rig.gaze * details[count:] / EYEBALL
    return out
