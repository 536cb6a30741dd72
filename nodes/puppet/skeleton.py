"""Bones of a puppet, where they turn, and which vertices follow them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.joints import HEAD_DM, JAW_DM, NECK_DM
from vivant.nodes.face.landmark_sets import CHIN, FOREHEAD, LEFT_SIDE, RIGHT_SIDE
from vivant.nodes.formats.head import HeadFit
from vivant.nodes.formats.puppet import Bone

F32 = npt.NDArray[np.float32]

_HEAD_FROM, _HEAD_TO = -0.42, -0.03  # face widths above the chin between which the head takes over from the neck
_NECK_FROM, _NECK_TO = -0.68, -0.2
_OWN_WITHIN, _OWN_FADES = (0.75, 1.0), (0.5, 0.4)
"""Face widths aside: how far what goes with the head reaches below the ears and above, hair included, and over how much
that fades. Beside and below begin collars, shoulders, others."""
_BELOW_EARS, _ABOVE = 0.25, 0.75  # face widths above the chin


def skeleton(fit: HeadFit, eye_centres: dict[str, F32]) -> tuple[Bone, ...]:
    """Return root, neck, head, jaw and the two eyes, parents first."""

    def at(point: tuple[float, float, float]) -> F32:
        return np.asarray(fit.place(np.array([point], np.float32))[0])

    return (
        Bone("root", -1, np.zeros(3, np.float32)),
        Bone("neck", 0, at(NECK_DM)),
        Bone("head", 1, at(HEAD_DM)),
        Bone("jaw", 2, at(JAW_DM)),
        Bone("eyeLeft", 2, eye_centres["Left"]),
        Bone("eyeRight", 2, eye_centres["Right"]),
    )


def neck_weights(points: F32, fit: HeadFit, face_width: float) -> tuple[F32, F32, F32]:
    """Weights of root, neck and head for points of the picture, each ``float32 (N,)``; they sum to 1.

    The head carries everything above the chin, hair that hangs beside the neck goes with it less and less, the
    shoulders rest, and so do people beside.
    """
    chin = fit.points[CHIN]
    up = fit.points[FOREHEAD, :2] - chin[:2]
    up = up / np.linalg.norm(up)
    height = (points[:, :2] - chin[:2]) @ up / face_width
    middle = fit.points[[RIGHT_SIDE, LEFT_SIDE], :2].mean(axis=0)
    aside = np.abs((points[:, :2] - middle) @ np.array([-up[1], up[0]])) / face_width
    above = _ease((height - _BELOW_EARS) / (_ABOVE - _BELOW_EARS))
    within, fades = (low + above * (high - low) for low, high in (_OWN_WITHIN, _OWN_FADES))
    own = 1 - _ease((aside - within) / fades)
    head = own * _ease((height - _HEAD_FROM) / (_HEAD_TO - _HEAD_FROM))
    moved = own * _ease((height - _NECK_FROM) / (_NECK_TO - _NECK_FROM))
    return (1 - moved).astype(np.float32), (moved - head).clip(0).astype(np.float32), head.astype(np.float32)


def jaw_swing(lower_teeth: F32, opening: F32, hinge: F32, axis: F32) -> float:
    """Angle in radians by which the jaw turns about its hinge when it is fully open.

    Args:
        lower_teeth: ``(N, 3)`` in picture space.
        opening: Their displacement ``(N, 3)`` by the unit jawOpen.
        hinge: ``(3,)``.
        axis: ``(3,)`` unit vector, to the head's left.
    """
    arm = lower_teeth - hinge
    arm = arm - (arm @ axis)[:, None] * axis
    end = arm + opening
    cosine = (arm * end).sum(axis=1)
    sine = np.cross(arm, end) @ axis
    return float(np.arctan2(sine.sum(), cosine.sum()))


def _ease(t: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    t = np.clip(t, 0, 1)
    return np.asarray(t * t * (3 - 2 * t))
