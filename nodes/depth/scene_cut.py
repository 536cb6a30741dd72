"""Whether a video has cut to another scene."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float32]

SIZE = (32, 24)
"""Width and height of what is compared: a hand or a head that moves changes little of so small a picture."""
LEAST_ALIKE = 0.4
"""Correlation of two pictures below which they show different scenes. It knows no brightness: cameras change that."""
FLAT = 4.0
"""Deviation of grey, of 255, below which a picture shows nothing that could be compared."""
MOST_APART = 40.0
"""By how much two pictures differ in the mean, of 255, where one of them shows nothing: a cut to or from black."""


class SceneCut:
    """Compares each picture with the one before."""

    def __init__(self) -> None:
        """Begin without a picture: the first is no cut."""
        self._before: Floats | None = None

    def begins(self, rgb: npt.NDArray[np.uint8]) -> bool:
        """Return whether another scene begins with this picture, ``uint8 (h, w, 3)``."""
        import cv2

        small = cv2.resize(rgb, SIZE, interpolation=cv2.INTER_AREA)
        grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.float32)
        before, self._before = self._before, grey
        return before is not None and _is_another(before, grey)


def _is_another(before: Floats, now: Floats) -> bool:
    spread = float(before.std()), float(now.std())
    if min(spread) < FLAT:
        return float(np.abs(now - before).mean()) > MOST_APART
    alike = float(((before - before.mean()) * (now - now.mean())).mean()) / (spread[0] * spread[1])
    return alike < LEAST_ALIKE
