"""Whether a camera that gives frames really sees something: the states it goes through, told from frames alone."""

from __future__ import annotations

from collections import deque
from enum import StrEnum

import numpy as np
import numpy.typing as npt

LIMIT_NS = 1_500_000_000
"""For how long frames may be bad before the camera is at fault. Within 2 s a fault is to be known, and a single
torn frame, or a hand over the lens, is none."""
BLACK_LEVEL = 12
"""Of 255: what a covered sensor, or a driver without a picture, stays below. A dark room has noise above it."""
_STRIDE = 8
_SLOW, _QUICK_AGAIN = 0.5, 0.8
_MOST_GARBLED = 60


class Sight(StrEnum):
    """What the newest frames of a camera show."""

    PROVING = "proving"
    """Opened; no frame has proved yet that it sees anything."""
    LIVE = "live"
    SLOW = "slow"
    """Live, at less than half the rate."""
    FROZEN = "frozen"
    """The same picture again and again, to the last bit. A sensor has noise: two of its frames always differ."""
    BLACK = "black"
    GARBLED = "garbled"
    """Frames that are no pictures."""


class CameraWatch:
    """Follows the frames of one connection to a camera.

    Attributes:
        sight: What the newest frame says.
        lasting: Whether that has been bad for so long that the camera is at fault.
    """

    def __init__(self, begin_ns: int, rate_hz: float, *, content: bool = True) -> None:
        """Begin with a camera that was just opened.

        Args:
            begin_ns: The time.
            rate_hz: Frames per second that it should give.
            content: Look at the pictures; else only at whether there are some, and how many.
        """
        self.sight = Sight.PROVING
        self.lasting = False
        self._rate_hz = rate_hz
        self._content = content
        self._good_ns = begin_ns
        self._last: npt.NDArray[np.uint8] | None = None
        self._times = deque[int]()
        self._garbled = 0

    @property
    def rate_hz(self) -> float:
        """Good frames per second, over the last `LIMIT_NS`; 0 before two of them."""
        span_ns = self._times[-1] - self._times[0] if self._times else 0
        return (len(self._times) - 1) * 1e9 / span_ns if span_ns else 0.0

    def see(self, pixels: npt.NDArray[np.uint8] | None, t_ns: int) -> bool:
        """Take the next frame in.

        Args:
            pixels: ``uint8 (height, width, 3)``, not changed afterwards by anybody; None: it was no picture.
            t_ns: When it was taken.

        Returns:
            Whether it is worth passing on.
        """
        self._garbled = self._garbled + 1 if pixels is None else 0
        bad = self._fault(pixels)
        proving = self._content and self._last is None and bad is None
        if pixels is not None:
            self._last = pixels
        if bad is None and not proving:
            self._good_ns = t_ns
            self.lasting = False
            self.sight = self._pace(t_ns)
            return True
        self._times.clear()  # frames that were kept back do not make a camera slow
        self.sight = bad or Sight.PROVING
        # garbled ones may come without any pause: they are counted too
        self.lasting = t_ns - self._good_ns >= LIMIT_NS or self._garbled >= _MOST_GARBLED
        return False

    def _fault(self, pixels: npt.NDArray[np.uint8] | None) -> Sight | None:
        if pixels is None:
            return Sight.GARBLED
        if not self._content:
            return None
        coarse = pixels[::_STRIDE, ::_STRIDE]
        # of the brightest channel, so that a deep blue scene is none; a hundredth may be hot pixels
        if np.percentile(coarse.max(axis=2), 99) <= BLACK_LEVEL:
            return Sight.BLACK
        last = self._last
        if last is None or last.shape != pixels.shape or not np.array_equal(coarse, last[::_STRIDE, ::_STRIDE]):
            return None
        return Sight.FROZEN if np.array_equal(pixels, last) else None

    def _pace(self, t_ns: int) -> Sight:
        self._times.append(t_ns)
        while len(self._times) > 2 and t_ns - self._times[1] >= LIMIT_NS:
            self._times.popleft()
        if t_ns - self._times[0] < LIMIT_NS:
            return self.sight if self.sight is Sight.SLOW else Sight.LIVE
        share = _QUICK_AGAIN if self.sight is Sight.SLOW else _SLOW
        return Sight.SLOW if self.rate_hz < share * self._rate_hz else Sight.LIVE
