"""A value over time, given by keys and eased between them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise


class Track:
    """Keys joined by a smooth curve that never leaves the range of two neighbouring keys.

    Cubic Hermite pieces with the slopes of M. Steffen, "A simple method for monotonic interpolation in one
    dimension", Astronomy and Astrophysics 239 (1990). A lid keyed 0, 1, 0 reaches 1 and comes to rest there;
    a spline with free slopes would go past it. Before the first key and after the last the value holds.
    """

    def __init__(self, times_s: Sequence[float], values: Sequence[float]) -> None:
        """Take keys; at least one, times strictly increasing.

        Raises:
            ValueError: They are not.
        """
        if not times_s or len(times_s) != len(values):
            raise ValueError(f"{len(times_s)} times for {len(values)} values")
        if any(b <= a for a, b in pairwise(times_s)):
            raise ValueError("times must increase")
        self._times = tuple(times_s)
        self._values = tuple(values)
        self._slopes = _slopes(self._times, self._values)

    def __call__(self, time_s: float) -> float:
        """Return the value at `time_s`."""
        right = bisect_right(self._times, time_s)
        if right == 0:
            return self._values[0]
        if right == len(self._times):
            return self._values[-1]
        left = right - 1
        span = self._times[right] - self._times[left]
        u = (time_s - self._times[left]) / span
        start, end = self._values[left], self._values[right]
        value = (
            start
            + (end - start) * u * u * (3 - 2 * u)
            + span * u * (1 - u) * ((1 - u) * self._slopes[left] - u * self._slopes[right])
        )
        # Rounding alone may pass a key by 1e-17, and weights end at exactly 0 and 1.
        return min(max(value, min(start, end)), max(start, end))


def _slopes(times: Sequence[float], values: Sequence[float]) -> tuple[float, ...]:
    """Return the slope at each key; flat at both ends, so that motion starts and ends at rest."""
    spans = [b - a for a, b in pairwise(times)]
    rises = [(b - a) / span for a, b, span in zip(values, values[1:], spans, strict=False)]
    inner = [0.0] * max(0, len(times) - 2)
    for i in range(len(inner)):
        before, after = rises[i], rises[i + 1]
        if before * after > 0:
            parabola = (before * spans[i + 1] + after * spans[i]) / (spans[i] + spans[i + 1])
            size = min(2 * abs(before), 2 * abs(after), abs(parabola))
            inner[i] = size if before > 0 else -size
    return (0.0, *inner, 0.0)[: len(times)] if len(times) > 1 else (0.0,)
