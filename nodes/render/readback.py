"""Brings a drawn frame back to the CPU."""

from __future__ import annotations

from typing import Any

import numpy as np

from vivant.nodes.formats.picture import Picture
from vivant.nodes.render.finish import finisher


class Readback:
    """Reads a framebuffer through a pixel buffer that is made once.

    Four components are read, never three: drivers convert three with the CPU.

    Args:
        context: ``moderngl.Context``.
        size: Width and height in pixels.
    """

    def __init__(self, context: Any, size: tuple[int, int]) -> None:
        self._finish = finisher()
        self._buffer = context.buffer(reserve=4 * size[0] * size[1], dynamic=True)
        self._pixels = np.empty((size[1], size[0], 4), np.uint8)

    def read(self, framebuffer: Any) -> Picture:
        """Wait until the frame is drawn and return it, upright and without alpha."""
        import cv2

        self._finish()
        framebuffer.read_into(self._buffer, components=4)
        self._buffer.read_into(self._pixels)
        # OpenGL has row 0 at the bottom.
        return Picture(np.asarray(cv2.cvtColor(cv2.flip(self._pixels, 0), cv2.COLOR_RGBA2RGB), np.uint8))

    def release(self) -> None:
        """Give the buffer back."""
        self._buffer.release()
