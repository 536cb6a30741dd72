"""How far things of different depth move apart in the frame when the camera moves."""

from __future__ import annotations


def sway(z: float, eye_z: float) -> float:
    """Return how far the image of a point moves for each unit that the camera moves sideways.

    Args:
        z: Depth of the point in picture space.
        eye_z: Distance of the camera from the picture plane, more than `z`.

    Returns:
        ``z / (eye_z - z)``, in a frame that stays where it is in the picture plane: 0 there, negative behind it.
    """
    return z / (eye_z - z)


def least_step(eye_z: float, reach: float, gap: float) -> float:
    """Return how large a step of depth at the picture plane must be to open a gap, when the camera goes to its limit.

    Args:
        eye_z: Distance of the camera, picture heights.
        reach: How far the camera may go, picture heights.
        gap: Width of the gap, picture heights.
    """
    # the slope of `sway` at z = 0 is 1 / eye_z
    return gap * eye_z / max(reach, 1e-6)
