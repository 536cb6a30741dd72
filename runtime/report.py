"""What is told about a finished run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vivant.graph.node import Outcome
from vivant.runtime.memory import peak_rss_mb
from vivant.runtime.presented import Presented
from vivant.runtime.report_file import write_json
from vivant.runtime.statistics import NodeStatistics, Samples
from vivant.runtime.upkeep import Change, State


@dataclass(frozen=True)
class NodeReport:
    """One node's part of the report.

    Attributes:
        type: Its node type.
        statistics: Its numbers.
        state: What it was doing at the end.
        providers: What ran its network.
        changes: How it came through its states, as far as that is kept.
        shown_age_ns: How old that was which it gave last, when the run ended; None: it has no age.
    """

    type: str
    statistics: NodeStatistics
    state: State
    providers: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    shown_age_ns: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values; times in milliseconds."""
        return {
            "type": self.type,
            "count": self.statistics.count,
            "ms_p50": _rounded(self.statistics.duration.percentile(50)),
            "ms_p95": _rounded(self.statistics.duration.percentile(95)),
            "age_ms_p50": _rounded(self.statistics.age.percentile(50)),
            "age_ms_p95": _rounded(self.statistics.age.percentile(95)),
            "last_age_ms": None if self.shown_age_ns is None else _rounded(self.shown_age_ns / 1e6),
            "dropped": self.statistics.dropped,
            "faults": self.statistics.faults,
            "state": self.state.value,
        }


@dataclass(frozen=True)
class RunResult:
    """How a run went.

    Attributes:
        outcome: How it ended.
        frames: Offline, the steps made; live, the frames presented.
        duration_ns: From the first step to the last, real time, less what nodes took to prepare after the first.
        nodes: What each node did.
        presented: The frames presented, with their time from capture; None offline.
        renderer: What drew, or None.
        hung: Nodes that did not stop in time and were left behind.
    """

    outcome: Outcome
    frames: int
    duration_ns: int
    nodes: Mapping[str, NodeReport]
    presented: Presented | None = None
    renderer: str | None = None
    hung: tuple[str, ...] = ()

    def followed_by(self, other: RunResult) -> RunResult:
        """Return what is told of an offline run in two goes: the frames are those of the second.

        What both did is told of the first: the second found it on disk.
        """
        return replace(
            other,
            duration_ns=self.duration_ns + other.duration_ns,
            nodes={**self.nodes, **{name: node for name, node in other.nodes.items() if name not in self.nodes}},
            hung=(*self.hung, *other.hung),
        )

    @property
    def duration_s(self) -> float:
        """Duration in seconds."""
        return self.duration_ns / 1e9

    @property
    def latency(self) -> Samples:
        """From capture to presented, of every new packet that was presented; offline without samples."""
        return self.presented.latency if self.presented else Samples()

    @property
    def fps(self) -> float:
        """Frames per second; 0 for a run without duration."""
        return self.frames / self.duration_s if self.duration_ns > 0 else 0.0

    def report(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        rss = peak_rss_mb()
        fresh = self.presented.fresh if self.presented else 0
        return {
            "outcome": self.outcome.value,
            "frames": self.frames,
            "fps": round(self.fps, 3),
            "duration_s": round(self.duration_s, 6),
            "fresh_fps": round(fresh / self.duration_s, 3) if self.duration_ns > 0 else 0.0,
            "latency_ms": {f"p{p}": _rounded(self.latency.percentile(p)) for p in (50, 95, 99)},
            "latency_max_ms": _rounded(max(self.latency.milliseconds(), default=None)),
            "nodes": {node_id: node.as_json() for node_id, node in self.nodes.items()},
            "renderer": self.renderer,
            "providers": {node_id: list(n.providers) for node_id, n in self.nodes.items() if n.providers},
            "peak_rss_mb": None if rss is None else round(rss, 1),
            "presented": None if self.presented is None else self.presented.as_json(),
        }


def write_report(result: RunResult, path: Path) -> None:
    """Write the report as a JSON file, whole or not at all.

    Raises:
        VivantError: The file cannot be written.
    """
    write_json(result.report(), path)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
