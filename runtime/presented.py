"""What a live run presented: when, how old, and how much memory it had by then."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from vivant.runtime.memory import current_rss_mb
from vivant.runtime.ring import Ring
from vivant.runtime.statistics import KEPT, Samples

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
        at_ns: When the last `KEPT` fresh ones were presented.
        seqs: Their numbers at their source.
        latencies_ns: From capture to presented.
        memory_at_ns: When the memory was looked at, about once per second.
        memory_mb: Resident memory then, MB.
    """

    frames: int = 0
    fresh: int = 0
    first_ns: int | None = None
    last_ns: int = 0
    latency: Samples = field(default_factory=Samples)
    at_ns: Ring[int] = field(default_factory=lambda: Ring("q", KEPT))
    seqs: Ring[int] = field(default_factory=lambda: Ring("q", KEPT))
    latencies_ns: Ring[int] = field(default_factory=lambda: Ring("q", KEPT))
    memory_at_ns: Ring[int] = field(default_factory=lambda: Ring("q", KEPT))
    memory_mb: Ring[float] = field(default_factory=lambda: Ring("d", KEPT))
    _last_seq: int | None = None
    _look_ns: int = 0
    _moments: Ring[int] = field(default_factory=lambda: Ring("q", 240))

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
        self._moments.add(now_ns)
        if now_ns >= self._look_ns:
            self._look_ns = now_ns + MEMORY_EVERY_NS
            mb = current_rss_mb()
            if mb is not None:
                self.memory_at_ns.add(now_ns)
                self.memory_mb.add(mb)
        if not ages or seq < 0 or seq == self._last_seq:
            return False
        self._last_seq = seq
        self.fresh += 1
        self.latency.add(now_ns - t_ns)
        self.at_ns.add(now_ns)
        self.seqs.add(seq)
        self.latencies_ns.add(now_ns - t_ns)
        return True

    def recent_fps(self, now_ns: int, over_ns: int = 2_000_000_000) -> float:
        """Return the frames per second of the last moments."""
        recent = [moment for moment in self._moments if now_ns - moment <= over_ns]
        return (len(recent) - 1) * 1e9 / max(1, now_ns - recent[0]) if len(recent) > 1 else 0.0

    def recent_latencies_ms(self, now_ns: int, over_ns: int = 2_000_000_000) -> list[float]:
        """Return the latencies of the fresh frames of the last moments in milliseconds, the oldest first."""
        recent = zip(self.at_ns.last(256), self.latencies_ns.last(256), strict=False)
        return [latency / 1e6 for at, latency in recent if now_ns - at <= over_ns]

    def as_json(self) -> dict[str, Any]:
        """Return the log and the memory as columns, times in seconds after the first frame."""
        zero_ns = self.first_ns or 0
        return {
            "first_ns": self.first_ns,
            "fresh": self.fresh,
            "at_s": [round((at - zero_ns) / 1e9, 4) for at in self.at_ns],
            "seq": list(self.seqs),
            "latency_ms": [round(latency / 1e6, 2) for latency in self.latencies_ns],
            "memory_at_s": [round((at - zero_ns) / 1e9, 1) for at in self.memory_at_ns],
            "memory_mb": [round(mb, 2) for mb in self.memory_mb],
        }
