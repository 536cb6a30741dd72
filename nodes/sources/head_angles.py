"""Head rotation from the three angles people think in, and back."""

from __future__ import annotations

from math import asin, atan2, cos, sin

import numpy as np
import numpy.typing as npt


def head_rotation(yaw: float, pitch: float, roll: float) -> npt.NDArray[np.float32]:
    """Return the rotation head to camera of `FaceMotion`, ``float32 (3, 3)``.

    Args:
        yaw: Radians; positive turns the face toward the right of the image.
        pitch: Radians; positive looks up.
        roll: Radians; positive tilts counter-clockwise as the viewer sees it.

    In axes x right, y up, z toward the viewer this is ``Ry(yaw) Rx(-pitch) Rz(roll)``: the head tilts, then
    nods, then turns about the upright.
    """
    cy, sy, cp, sp, cr, sr = cos(yaw), sin(yaw), cos(pitch), sin(pitch), cos(roll), sin(roll)
    turn = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    nod = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    tilt = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return np.asarray(turn @ nod @ tilt, np.float32)


def angles_of(rotation: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    """Return yaw, pitch and roll in radians of a rotation ``(3, 3)``, the inverse of `head_rotation`."""
    return (
        atan2(rotation[0, 2], rotation[2, 2]),
        asin(min(max(float(rotation[1, 2]), -1.0), 1.0)),
        atan2(rotation[1, 0], rotation[1, 1]),
    )
