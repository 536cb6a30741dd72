"""What a live run presented: when, how old, and how much memory it had by then."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from vivant.runtime.memory import current_rss_mb
from vivant.runtime.ring import Ring
from vivant.runtime.statistics import Samples

MEMORY_EVERY_NS = 1_000_000_000


@dataclass
class Presented:
    """The frames that a run presented.

    Attributes:
        frames: How many, those that repeat the packet before included.
        fresh: How many showed a packet that was not shown before.
        first_ns: The clock's time of the first; None before it.
        last_ns: The clock's time of the newest.
        latency: From capture to presented, of the fresh ones.
        at_ns: When the last fresh ones were presented.
        seqs: Their numbers at their source.
        memory_at_ns: When the resident memory was looked at, once per second.
        memory_mb: What it was.
    """

    frames: int = 0
    fresh: int = 0
    first_ns: int | None = None
    last_ns: int = 0
    latency: Samples = field(default_factory=Samples)
    at_ns: Ring = field(default_factory=lambda: Ring("q"))
    seqs: Ring = field(default_factory=lambda: Ring("q"))
    memory_at_ns: Ring = field(default_factory=lambda: Ring("q"))
    memory_mb: Ring = field(default_factory=Ring)
    _looked_ns: int | None = None
    _last_seq: int | None = None
    _moments: deque[int] = field(default_factory=lambda: deque(maxlen=240))

    def frame(self, now_ns: int, t_ns: int, seq: int, *, ages: bool) -> bool:
        """Count a frame.

        Args:
            now_ns: The clock's time: it is presented.
            t_ns: When it was captured.
            seq: Its number; below zero it comes of no source.
            ages: Whether it has a capture time: a still picture has none to be late by.

        Returns:
            Whether it was fresh.
        """
        self.frames += 1
        self.first_ns = now_ns if self.first_ns is None else self.first_ns
        self.last_ns = now_ns
        self._moments.append(now_ns)
        if self._looked_ns is None or now_ns - self._looked_ns >= MEMORY_EVERY_NS:
            self._looked_ns = now_ns
            mb = current_rss_mb()
            if mb is not None:
                self.memory_at_ns.append(now_ns)
                self.memory_mb.append(mb)
        if not ages or seq < 0 or seq == self._last_seq:
            return False
        self._last_seq = seq
        self.fresh += 1
        self.latency.add_ns(now_ns - t_ns)
        self.at_ns.append(now_ns)
        self.seqs.append(seq)
        return True

    def recent_fps(self, now_ns: int, over_ns: int = 2_000_000_000) -> float:
        """Return the frames per second of the last moments."""
        recent = [moment for moment in self._moments if now_ns - moment <= over_ns]
        return (len(recent) - 1) * 1e9 / max(1, now_ns - recent[0]) if len(recent) > 1 else 0.0

    def as_json(self) -> dict[str, Any]:
        """Return the log and the memory as columns, times in seconds after the first frame."""
        zero_ns = self.first_ns or 0
        return {
            "first_ns": self.first_ns,
            "fresh": self.fresh,
            "at_s": [round((at - zero_ns) / 1e9, 4) for at in self.at_ns],
            "seq": list(self.seqs),
            "latency_ms": [round(ms, 2) for ms in self.latency.milliseconds()],
            "memory_at_s": [round((at - zero_ns) / 1e9, 1) for at in self.memory_at_ns],
            "memory_mb": [round(mb, 2) for mb in self.memory_mb],
        }
