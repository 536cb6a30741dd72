"""Depth maps and mattes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class DepthMap:
    """Depth of a picture.

    Attributes:
        values: ``float32 (h, w)`` relative inverse depth, 1 nearest, 0 farthest, no NaN. Its size may
            differ from the picture's; it covers the same area.
        near: z of value 1 in picture space (1 unit = picture height, z toward the viewer).
        far: z of value 0 in picture space.
        begins: A scene begins with it: it is not to be faded from the map before.
    """

    values: npt.NDArray[np.float32]
    near: float
    far: float
    begins: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Matte:
    """Which part of a picture is the person.

    Attributes:
        values: ``float32 (h, w)`` in [0, 1], 1 = person, of the picture's size.
    """

    values: npt.NDArray[np.float32]
