"""What a live run says about itself while it runs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping

from vivant.runtime.presented import Presented
from vivant.runtime.refusals import Refusals, in_one_line
from vivant.runtime.station import Station
from vivant.runtime.statistics import percentile
from vivant.runtime.upkeep import State

RECENT_NS = 2_000_000_000
"""What is told is that of the last moments, not of the whole evening."""
LOOK_NS = 250_000_000
"""How often the nodes' calls are counted for their rates."""
NOTICE_NS = 10_000_000_000
"""How long the newest notice stays among the lines."""


class LiveStatus:
    """Puts the state of a live run into a few lines. Asked on the main thread, a few times per second."""

    def __init__(
        self,
        stations: Mapping[str, Station],
        presented: Presented,
        now_ns: Callable[[], int],
        refusals: Refusals | None = None,
    ) -> None:
        """Look at a run.

        Args:
            stations: Its nodes by name; the mapping may change while it runs.
            presented: What it presented.
            now_ns: Its clock.
            refusals: Edits that are not in force.
        """
        self.now_ns = now_ns
        self._stations = stations
        self._presented = presented
        self._refusals = refusals or Refusals()
        self._notice, self._noticed_ns = "", 0
        self._counts = deque[tuple[int, dict[str, int]]](maxlen=RECENT_NS // LOOK_NS + 1)

    def look(self) -> None:
        """Count what the nodes have done, from time to time. Called with every step."""
        now_ns = self.now_ns()
        if not self._counts or now_ns - self._counts[-1][0] >= LOOK_NS:
            self._counts.append((now_ns, {node_id: s.statistics.count for node_id, s in self._stations.items()}))

    def notice(self, line: str) -> None:
        """Take note of a line that was said to the user. From any thread."""
        self._notice, self._noticed_ns = line.splitlines()[0] if line else "", self.now_ns()

    def summary(self) -> str:
        """Return frames per second, latency, drops and what is wrong, in one line."""
        now_ns = self.now_ns()
        parts = self._figures(now_ns)
        parts += [
            f"{station.id} {station.upkeep.state.value} ({_wrong(station, now_ns)})"
            for station in list(self._stations.values())
            if station.upkeep.state in (State.HOLDING, State.FAILED)
        ]
        parts += [f"refused: {in_one_line(fault)}" for fault in self._refusals.faults]
        return " | ".join(parts)

    def lines(self) -> tuple[str, ...]:
        """Return how the run is doing as a whole, node by node, and what is wrong, a line each.

        A node's line has columns, which tabs separate: name, state, calls per second, duration of a call, age of
        what it gave last, packets lost before it.
        """
        now_ns = self.now_ns()
        rows, wrong, once = [[" | ".join(self._figures(now_ns))]], list[str](), list[str]()
        for station in list(self._stations.values()):
            statistics, state = station.statistics, station.upkeep.state
            if state in (State.HOLDING, State.FAILED):
                wrong.append(f"{station.id}: {_wrong(station, now_ns)}")
            elif statistics.count == 1 and state is State.RUNNING:
                once.append(station.id)
                continue
            typical_ms = statistics.duration.latest()
            rows.append(
                [
                    station.id,
                    state.value,
                    f"{self._rate_hz(station, now_ns):.0f}/s",
                    "" if typical_ms is None else f"{typical_ms:.1f} ms",
                    "" if statistics.shown_ns is None else f"{(now_ns - statistics.shown_ns) / 1e6:.0f} ms old",
                    f"{station.dropped} dropped",
                ]
            )
        lines = ["\t".join(row) for row in rows]
        if once:
            lines.append(f"once: {', '.join(once)}")
        lines += wrong
        lines += [f"refused, what ran before goes on: {in_one_line(fault)}" for fault in self._refusals.faults]
        if self._notice and now_ns - self._noticed_ns <= NOTICE_NS:
            lines.append(self._notice)
        return tuple(lines)

    def _figures(self, now_ns: int) -> list[str]:
        parts = [f"{self._presented.recent_fps(now_ns, RECENT_NS):.0f} fps"]
        latencies = sorted(self._presented.recent_latencies_ms(now_ns, RECENT_NS))
        p50, p95 = percentile(latencies, 50), percentile(latencies, 95)
        if p50 is not None and p95 is not None:
            parts.append(f"latency {p50:.0f} ms, p95 {p95:.0f} ms")
        parts.append(f"{sum(station.dropped for station in list(self._stations.values()))} dropped")
        return parts

    def _rate_hz(self, station: Station, now_ns: int) -> float:
        """Return a node's calls per second since the oldest look at it."""
        for then_ns, counts in self._counts:
            if station.id in counts and then_ns < now_ns:
                return (station.statistics.count - counts[station.id]) * 1e9 / (now_ns - then_ns)
        return 0.0


def _wrong(station: Station, now_ns: int) -> str:
    error, upkeep = station.upkeep.error, station.upkeep
    text = str(error).strip() if error is not None else ""
    reason = text.splitlines()[0] if text else type(error).__name__ if error is not None else "it failed"
    if upkeep.state is not State.HOLDING:
        return reason
    return f"{reason}; again in {max(0.0, (upkeep.retry_at_ns - now_ns) / 1e9):.1f} s"
