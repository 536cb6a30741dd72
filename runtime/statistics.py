"""Numbers of a run: how often, how long, how late."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from vivant.runtime.ring import Ring

KEPT = 8192
"""Percentiles are those of the last so many samples: enough for hours to cost no memory."""


class Samples(Ring[int]):
    """Durations, the last `KEPT` of them: taken in nanoseconds, told in milliseconds."""

    def __init__(self) -> None:
        super().__init__("q", KEPT)

    def milliseconds(self) -> list[float]:
        """Return the durations kept, the oldest first."""
        return [value / 1e6 for value in self]

    def latest(self, count: int = 30) -> float | None:
        """Return the median of the last `count` samples in milliseconds; None without samples."""
        return _in_ms(percentile(sorted(self.last(count)), 50))

    def percentile(self, percent: float) -> float | None:
        """Return a percentile in milliseconds by nearest rank; None without samples."""
        return _in_ms(percentile(sorted(self), percent))


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
        faults: Calls that failed.
        dropped: Packets that were lost before they reached this node.
        duration: How long ``process`` took.
        age: Live, how old what it gave was by then: from capture to the end of its call.
        shown_ns: Capture time of what it gave last; None without one.
    """

    faults: int = 0
    dropped: int = 0
    duration: Samples = field(default_factory=Samples)
    age: Samples = field(default_factory=Samples)
    shown_ns: int | None = None

    @property
    def count(self) -> int:
        """Calls of ``process`` that succeeded."""
        return self.duration.added

    def showed(self, duration_ns: int, age_ns: int, t_ns: int) -> None:
        """Note a call that succeeded, and how old what it gave was by then; `t_ns`: when that was captured.

        It is called for every packet: two calls of `Ring.add`, written out.
        """
        ring = self.duration
        added = ring.added
        ring.values[added % ring.kept] = duration_ns
        ring.added = added + 1
        ring = self.age
        added = ring.added
        ring.values[added % ring.kept] = age_ns
        ring.added = added + 1
        self.shown_ns = t_ns
