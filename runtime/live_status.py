"""What a live run says about itself while it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vivant.runtime.presented import Presented
from vivant.runtime.station import Station
from vivant.runtime.statistics import percentile
from vivant.runtime.upkeep import State

RECENT_NS = 2_000_000_000
"""What is told is that of the last moments, not of the whole evening."""
NOTICE_NS = 10_000_000_000
"""How long the newest notice stays among the lines."""


class LiveStatus:
    """Puts the state of a live run into a few lines. Asked on the main thread, a few times per second."""

    def __init__(self, stations: Mapping[str, Station], presented: Presented, now_ns: Callable[[], int]) -> None:
        """Look at a run.

        Args:
            stations: Its nodes by name; the mapping may change while it runs.
            presented: What it presented.
            now_ns: Its clock.
        """
        self.now_ns = now_ns
        self._stations = stations
        self._presented = presented
        self._notice, self._noticed_ns = "", 0

    def notice(self, line: str) -> None:
        """Take note of a line that was said to the user. From any thread."""
        self._notice, self._noticed_ns = line.splitlines()[0] if line else "", self.now_ns()

    def summary(self) -> str:
        """Return frames per second, latency, drops and what is wrong, in one line."""
        now_ns = self.now_ns()
        latencies = sorted(
            latency / 1e6
            for at, latency in zip(
                self._presented.at_ns.last(256), self._presented.latencies_ns.last(256), strict=False
            )
            if now_ns - at <= RECENT_NS
        )
        parts = [f"{self._presented.recent_fps(now_ns, RECENT_NS):.0f} fps"]
        p50, p95 = percentile(latencies, 50), percentile(latencies, 95)
        if p50 is not None and p95 is not None:
            parts.append(f"latency {p50:.0f} ms, p95 {p95:.0f} ms")
        dropped = sum(station.dropped for station in list(self._stations.values()))
        parts.append(f"{dropped} dropped")
        wrong = [s for s in list(self._stations.values()) if s.upkeep.state in (State.HOLDING, State.FAILED)]
        parts += [f"{station.id} {self._told(station, now_ns)}" for station in wrong]
        return " | ".join(parts)

    def lines(self) -> tuple[str, ...]:
        """Return the summary, a line for each node that runs again and again, and the newest notice."""
        now_ns = self.now_ns()
        rows = [self.summary()]
        for station in list(self._stations.values()):
            statistics = station.statistics
            typical_ms = statistics.duration.latest()
            if (statistics.count < 2 and station.upkeep.state is State.RUNNING) or typical_ms is None:
                continue
            age = ""
            if statistics.shown_ns is not None:
                age = f"  shows {(now_ns - statistics.shown_ns) / 1e6:.0f} ms ago"
            drops = f"  {station.dropped} dropped" if station.dropped else ""
            rows.append(f"{station.id}: {self._told(station, now_ns)}  {typical_ms:.1f} ms{age}{drops}")
        if self._notice and now_ns - self._noticed_ns <= NOTICE_NS:
            rows.append(self._notice)
        return tuple(rows)

    def _told(self, station: Station, now_ns: int) -> str:
        upkeep = station.upkeep
        if upkeep.state is not State.HOLDING:
            return upkeep.state.value
        wait_s = max(0.0, (upkeep.retry_at_ns - now_ns) / 1e9)
        reason = str(upkeep.error).splitlines()[0] if upkeep.error and str(upkeep.error) else "it failed"
        return f"{upkeep.state.value} ({reason}; again in {wait_s:.1f} s)"
