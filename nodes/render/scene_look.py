"""Air and lens: what lies between a scene and its frame."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SceneLook:
    """How far things are veiled and blurred.

    Attributes:
        aperture: Width of the lens, picture heights; 0: all is sharp.
        focus: Depth of what is sharp, picture space.
        points: From one point to the next where all is drawn as points on black, picture heights; 0: it is whole.
            Points are always sharp.
        fog: How much of what is farthest the fog hides, 0 to 1; 0: there is none.
        fog_colour: Red, green, blue, 0 to 1, sRGB.
    """

    aperture: float = 0.0
    focus: float = 0.0
    points: float = 0.0
    fog: float = 0.0
    fog_colour: tuple[float, float, float] = (0.75, 0.78, 0.82)
