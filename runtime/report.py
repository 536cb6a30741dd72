"""What is told about a finished run."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vivant.graph.errors import VivantError
from vivant.graph.node import Outcome
from vivant.runtime.memory import peak_rss_mb
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
    """

    type: str
    statistics: NodeStatistics
    state: State
    providers: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values; times in milliseconds."""
        return {
            "type": self.type,
            "count": self.statistics.count,
            "ms_p50": _rounded(self.statistics.duration.percentile(50)),
            "ms_p95": _rounded(self.statistics.duration.percentile(95)),
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
        duration_ns: From the first step to the last, real time.
        nodes: What each node did.
        latency: From capture to presented; offline without samples.
        renderer: What drew, or None.
        hung: Nodes that did not stop in time and were left behind.
    """

    outcome: Outcome
    frames: int
    duration_ns: int
    nodes: Mapping[str, NodeReport]
    latency: Samples = field(default_factory=Samples)
    renderer: str | None = None
    hung: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        """Duration in seconds."""
        return self.duration_ns / 1e9

    @property
    def fps(self) -> float:
        """Frames per second; 0 for a run without duration."""
        return self.frames / self.duration_s if self.duration_ns > 0 else 0.0

    def report(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        rss = peak_rss_mb()
        return {
            "outcome": self.outcome.value,
            "frames": self.frames,
            "fps": round(self.fps, 3),
            "duration_s": round(self.duration_s, 6),
            "latency_ms": {f"p{p}": _rounded(self.latency.percentile(p)) for p in (50, 95, 99)},
            "nodes": {node_id: node.as_json() for node_id, node in self.nodes.items()},
            "renderer": self.renderer,
            "providers": {node_id: list(n.providers) for node_id, n in self.nodes.items() if n.providers},
            "peak_rss_mb": None if rss is None else round(rss, 1),
        }


def write_report(result: RunResult, path: Path) -> None:
    """Write the report as a JSON file, whole or not at all.

    Raises:
        VivantError: The file cannot be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        beside.write_text(json.dumps(result.report(), indent=2) + "\n", encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise VivantError(f"the report cannot be written: {error.strerror or error}", where=str(path)) from None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
