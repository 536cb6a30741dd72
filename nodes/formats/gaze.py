"""Where eyes look: the angles behind the eyeLook weights."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vivant.nodes.formats.arkit import INDEX

F32 = npt.NDArray[np.float32]

GAZE_YAW_RAD, GAZE_PITCH_RAD = np.radians(38.0), np.radians(28.0)
EYEBALL = 0.4
"""Radius of a real eyeball in widths of the eye: 12 mm of 30 mm."""


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
