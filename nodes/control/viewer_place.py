"""Where a viewer's eyes are before a picture, and what is seen from there."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, exp, hypot, radians, sin, tan, tanh

import numpy as np
import numpy.typing as npt

from vivant.nodes.formats.camera_pose import CameraPose

F64 = npt.NDArray[np.float64]

_BETWEEN_EYES = np.array([0.0, 2.6, 3.5, 1.0])
"""The middle between the corners of both eyes of MediaPipe's mean face, cm (its vertices 33, 133, 263 and 362)."""
_ASSUMED_FOV_DEG = 63.0
"""Vertical, of the camera that a `FaceReading.transform` is told for."""
_NEAREST_CM = 10.0
_EXACT = 0.6
"""Up to this share of its limit a view is exact."""


@dataclass(frozen=True, slots=True)
class CameraPlace:
    """How the camera stands that watches the viewer.

    Attributes:
        right_cm, up_cm, out_cm: From the middle of the picture, as the viewer sees it; out is toward the viewer.
        tilt_deg: How far it looks down.
        fov_deg: Vertical field of view.
        mirrored: Its picture is flipped as a mirror's is.
    """

    right_cm: float = 0.0
    up_cm: float = 0.0
    out_cm: float = 0.0
    tilt_deg: float = 0.0
    fov_deg: float = _ASSUMED_FOV_DEG
    mirrored: bool = True


def eyes_before(transform: npt.NDArray[np.floating], camera: CameraPlace) -> F64:
    """Return where the middle between the viewer's eyes is.

    The size of a head says how far it is aside of the camera's axis, whatever the lens: what a wrong field of view
    gets wrong is the distance alone.

    Args:
        transform: ``(4, 4)`` as `FaceReading.transform`.
        camera: How the camera stands.

    Returns:
        ``float64 (3,)`` cm from the middle of the picture: to the right as the viewer sees it, up, toward the viewer.
    """
    x, y, z, _ = (np.asarray(transform, np.float64) @ _BETWEEN_EYES).tolist()
    far = -z * tan(radians(_ASSUMED_FOV_DEG / 2)) / tan(radians(camera.fov_deg / 2))
    # a camera that looks at somebody has their right on its left, unless its picture is flipped
    right = x if camera.mirrored else -x
    tilt = radians(camera.tilt_deg)
    up, out = y * cos(tilt) - far * sin(tilt), y * sin(tilt) + far * cos(tilt)
    return np.array([right + camera.right_cm, up + camera.up_cm, max(out + camera.out_cm, _NEAREST_CM)])


def seen_from(
    eyes: F64, *, height_cm: float, distance_cm: float, eye_z: float, reach: float, gain: float = 1.0
) -> CameraPose:
    """Return the camera from which a scene behind a frame looks as it does from a viewer's eyes.

    The frame is the screen's picture, and stays; the eye goes: an off-axis frustum (R. Kooima, "Generalized
    Perspective Projection", 2009, where with the eye at ``(x, y, z)`` before a screen from ``l`` to ``r`` in z = 0 the
    frustum at distance ``n`` runs from ``(l - x) n / z`` to ``(r - x) n / z``). How deep a scene is behind its picture
    is nobody's measure: it is taken so deep that from `distance_cm` it is the picture. (Depth and distance stretched
    by the same factor give the same view.)

    Args:
        eyes: ``(3,)`` as `eyes_before`.
        height_cm: Height of the picture on the screen.
        distance_cm: From where, straight ahead, the scene is the picture.
        eye_z: `Scene.eye_z`.
        reach: `Scene.reach`: a view eases into this limit.
        gain: How many times as far the camera goes as the viewer does; 1 is a window.
    """
    right, up = (gain * float(value) / height_cm for value in eyes[:2])
    aside = hypot(right, up)
    share = _eased(aside, reach) / aside if aside > 0 else 1.0
    away = gain * eye_z * (float(eyes[2]) / distance_cm - 1)
    return CameraPose((right * share, up * share, -_eased(max(-away, 0.0), reach)), held=1.0)


def followed(before: F64, target: F64, dt_s: float, time_s: float) -> F64:
    """Return where something is that follows `target` with a time constant of `time_s`, both in seconds."""
    return before + (1 - exp(-max(dt_s, 0.0) / time_s)) * (target - before)


def _eased(value: float, limit: float) -> float:
    """Return a value of 0 or more as it is, far from its limit; nearer it comes to rest."""
    exact = _EXACT * limit
    rest = limit - exact
    return value if value <= exact else exact + rest * tanh((value - exact) / rest)
