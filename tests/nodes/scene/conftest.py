"""Pictures whose depth is known because they are made of it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.formats.depth import DepthMap

U8 = npt.NDArray[np.uint8]


@pytest.fixture(scope="session")
def still_life() -> tuple[U8, DepthMap]:
    """A grey wall with fine stripes, a green floor that comes nearer, a blue box, a red pole before it all."""
    height, width = 192, 256
    y, x = np.mgrid[:height, :width]
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:] = (120 + 40 * (x // 4 % 2))[..., None]
    values = np.full((height, width), 0.1, np.float32)
    floor = y >= 130
    pixels[floor] = (40, 150, 60)
    values[floor] = (0.1 + 0.5 * (y - 130) / 62)[floor]
    box = (x >= 60) & (x < 130) & (y >= 60) & (y < 150)
    pixels[box], values[box] = (30, 40, 180), 0.5
    pole = (x >= 170) & (x < 184)
    pixels[pole], values[pole] = (200, 40, 30), 1.0
    return pixels, DepthMap(values, 0.25, -0.25)
