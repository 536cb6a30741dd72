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


def growth(z: float, eye_z: float, rest_eye_z: float) -> float:
    """Return how many times larger than at rest a thing is seen in the picture plane by a camera that went nearer.

    Args:
        z: Its depth.
        eye_z: Distance of the camera now.
        rest_eye_z: Distance of the camera at rest.
    """
    return (1 - z / rest_eye_z) * eye_z / (eye_z - z)


def uncovered(near: float, far: float, eye_z: float, reach: float, half: float) -> float:
    """Return the most that can come into view of a far surface beside the edge of a near one, picture heights.

    Args:
        near: Depth of the near one.
        far: Depth of the far one.
        eye_z: Distance of the camera at rest.
        reach: How far it may go aside and nearer.
        half: Half the picture's longer side, picture heights: going nearer moves most what lies at the border.
    """

    def most(now: float) -> float:
        aside = reach * abs(sway(near, now) - sway(far, now))
        apart = half * abs(growth(near, now, eye_z) - growth(far, now, eye_z))
        return (aside + apart) / growth(far, now, eye_z)

    return max(most(eye_z), most(eye_z - reach))


def overhang(z: float, eye_z: float, reach: float, half: float) -> float:
    """Return how far beyond the picture's border a surface can come into view, picture heights.

    That is most where the camera goes nearer and the frame keeps its size, as in a dolly zoom. Arguments as of
    `uncovered`.
    """
    return max((half + reach * abs(sway(z, now))) / growth(z, now, eye_z) - half for now in (eye_z, eye_z - reach))


def least_step(eye_z: float, reach: float, gap: float) -> float:
    """Return how large a step of depth at the picture plane must be to open a gap, when the camera goes to its limit.

    Args:
        eye_z: Distance of the camera, picture heights.
        reach: How far the camera may go, picture heights.
        gap: Width of the gap, picture heights.
    """
    # the slope of `sway` at z = 0 is 1 / eye_z
    return gap * eye_z / max(reach, 1e-6)
