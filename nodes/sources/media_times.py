"""Times of frames, from what a file notes about them."""

from __future__ import annotations

from fractions import Fraction


class MediaTimes:
    """Turns presentation time stamps into strictly increasing nanoseconds.

    Stamps may be missing, repeat or run backwards (joined transport streams, broken muxers). Such a frame
    comes one nominal step after the one before, so that no frame is lost and time never stands still.
    """

    def __init__(self, start: int | None, unit: Fraction, step_ns: int) -> None:
        """Start a stream.

        Args:
            start: Stamp of time 0; None: the first stamp seen.
            unit: Seconds per stamp.
            step_ns: Nominal distance of frames in nanoseconds.
        """
        self._start = start
        self._unit = unit
        self._step_ns = step_ns
        self._last_ns: int | None = None

    def next_ns(self, stamp: int | None) -> int:
        """Return the time of the next frame in nanoseconds."""
        if stamp is not None and self._start is None:
            self._start = stamp - (0 if self._last_ns is None else self._stamps(self._last_ns + self._step_ns))
        if stamp is None or self._start is None:
            time_ns = None
        else:
            time_ns = round((stamp - self._start) * self._unit * 1_000_000_000)
        if self._last_ns is None:
            self._last_ns = time_ns if time_ns is not None else 0
        elif time_ns is not None and time_ns > self._last_ns:
            self._last_ns = time_ns
        else:
            self._last_ns += self._step_ns
        return self._last_ns

    def _stamps(self, time_ns: int) -> int:
        return round(Fraction(time_ns, 1_000_000_000) / self._unit)
