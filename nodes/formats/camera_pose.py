"""Where the camera stands that looks at a scene."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CameraPose:
    """A camera beside the place from which a scene is its picture; all zeros and ones: the picture itself.

    The frame is a rectangle in the picture plane z = 0, seen through a lens that is shifted rather than turned: what
    lies in that plane stays where it is while the camera moves, and uprights stay upright (R. Kooima, "Generalized
    Perspective Projection", 2008).

    Attributes:
        move: How far the camera has gone to the right, up, and away from the picture; picture heights.
        held: 1: going nearer or away leaves the picture plane as large as it is, as in a dolly zoom; 0: it grows and
            shrinks, as the lens stays what it is.
        zoom: How many times larger than at rest the frame shows what lies in the picture plane, besides.
        aim: Where the middle of the frame lies in the picture plane: -1 and 1 are the picture's borders, left to right
            and bottom to top.
    """

    move: tuple[float, float, float] = (0.0, 0.0, 0.0)
    held: float = 0.0
    zoom: float = 1.0
    aim: tuple[float, float] = (0.0, 0.0)
