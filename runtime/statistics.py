"""Numbers of a run: how often, how long, how late."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from vivant.runtime.ring import Ring

KEPT = 8192
"""Percentiles are those of the last so many samples: enough for hours to cost no memory."""


class Samples:
    """Durations in milliseconds, the last `KEPT` of them."""

    def __init__(self) -> None:
        self._values: Ring[int] = Ring("q", KEPT)
        self.add_ns = self._values.add
        """Add one duration in nanoseconds. The ring's own: it is called for every packet."""

    def milliseconds(self) -> list[float]:
        """Return the durations kept, the oldest first."""
        return [value / 1e6 for value in self._values]

    def latest(self, count: int = 30) -> float | None:
        """Return the median of the last `count` samples in milliseconds; None without samples."""
        return _in_ms(percentile(sorted(self._values.last(count)), 50))

    def percentile(self, percent: float) -> float | None:
        """Return a percentile in milliseconds by nearest rank; None without samples."""
        return _in_ms(percentile(sorted(self._values), percent))


def _in_ms(value_ns: float | None) -> float | None:
    return None if value_ns is None else value_ns / 1e6


def percentile(ordered: Sequence[float], percent: float) -> float | None:
    """Return the nearest-rank percentile of ascending values: the smallest that `percent` % do not exceed."""
    if not ordered:
        return None
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]


@dataclass
class NodeStatistics:
    """Numbers of one node. Written by the thread that runs it.

    Attributes:
        count: Calls of ``process`` that succeeded.
        faults: Calls that failed.
        dropped: Packets that were lost before they reached this node.
        duration: How long ``process`` took.
        age: Live, how old what it gave was by then: from capture to the end of its call.
        shown_ns: Capture time of what it gave last; None without one.
    """

    count: int = 0
    faults: int = 0
    dropped: int = 0
    duration: Samples = field(default_factory=Samples)
    age: Samples = field(default_factory=Samples)
    shown_ns: int | None = None
