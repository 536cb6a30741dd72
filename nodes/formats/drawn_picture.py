"""Pictures that OpenGL has drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from vivant.nodes.formats.picture import Picture


class DrawnPicture(Picture):
    """An opaque picture as OpenGL hands it over; it is turned upright for whoever asks for its pixels.

    Whoever takes `rows` as they are spares that, as an encoder does that has to convert them anyway.

    Args:
        rows: ``uint8 (height, width, 4)``, C-contiguous, row 0 at the bottom; the fourth component means nothing. It
            must not be changed any more.

    Attributes:
        rows: The same, read-only.
    """

    __slots__ = ("_upright", "rows")

    rows: npt.NDArray[np.uint8]
    _upright: npt.NDArray[np.uint8] | None

    def __init__(self, rows: npt.NDArray[np.uint8]) -> None:
        if rows.dtype != np.uint8 or rows.ndim != 3 or rows.shape[2] != 4 or not rows.flags.c_contiguous:
            raise ValueError(f"what was drawn is contiguous uint8 (height, width, 4), got {rows.dtype} {rows.shape}")
        rows.flags.writeable = False
        for name, value in (("rows", rows), ("marks", None), ("_upright", None)):
            object.__setattr__(self, name, value)

    @property
    def pixels(self) -> npt.NDArray[np.uint8]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """``uint8 (height, width, 3)`` RGB, row 0 on top, C-contiguous, read-only."""
        if self._upright is None:
            import cv2

            upright: Any = cv2.flip(cv2.cvtColor(self.rows, cv2.COLOR_RGBA2RGB), 0)
            upright.flags.writeable = False
            object.__setattr__(self, "_upright", upright)  # two threads at once make the same
        assert self._upright is not None
        return self._upright

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.rows.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.rows.shape[0])
