from __future__ import annotations

import json
from pathlib import Path

import pytest

from vivant.graph.errors import VivantError
from vivant.graph.node import Outcome
from vivant.runtime.presented import Presented
from vivant.runtime.report import NodeReport, RunResult, write_report
from vivant.runtime.statistics import NodeStatistics, Samples, percentile
from vivant.runtime.upkeep import State


@pytest.fixture
def result() -> RunResult:
    presented = Presented()
    for ms in range(1, 101):
        presented.frame(ms * 30_000_000, ms * 29_000_000, ms, ages=True)
    statistics = NodeStatistics(dropped=10)
    for _ in range(90):
        statistics.duration.add(1_234_567)
    node = NodeReport("face.landmarks", statistics, State.RUNNING, ("CPUExecutionProvider",), shown_age_ns=40_000_000)
    return RunResult(Outcome.DONE, 90, 3_000_000_000, {"face": node}, presented, "llvmpipe")


def test_the_report_has_what_the_command_line_promises(result: RunResult, tmp_path: Path) -> None:
    write_report(result, tmp_path / "r.json")
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["frames"] == 90
    assert report["fps"] == 30.0
    assert report["duration_s"] == 3.0
    assert report["latency_ms"] == {"p50": 50.0, "p95": 95.0, "p99": 99.0}
    assert (report["latency_max_ms"], report["fresh_fps"]) == (100.0, 33.333)
    assert report["nodes"]["face"] == {
        "type": "face.landmarks", "count": 90, "ms_p50": 1.235, "ms_p95": 1.235,
        "age_ms_p50": None, "age_ms_p95": None, "last_age_ms": 40.0, "dropped": 10, "faults": 0,
        "state": "running",
    }  # fmt: skip
    assert report["renderer"] == "llvmpipe"
    assert report["providers"] == {"face": ["CPUExecutionProvider"]}
    assert report["peak_rss_mb"] > 5
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


def test_two_goes_are_told_of_as_one(result: RunResult) -> None:
    cached, drawn = (NodeReport(name, NodeStatistics(), State.RUNNING) for name in ("face.landmarks", "render.puppet"))
    second = RunResult(Outcome.DONE, 60, 1_000_000_000, {"face": cached, "render": drawn}, None, "llvmpipe")
    whole = result.followed_by(second)
    assert (whole.frames, whole.duration_s, whole.fps) == (60, 4.0, 15.0)
    assert whole.nodes == {"face": result.nodes["face"], "render": drawn}  # what the first did took the time


def test_a_report_that_cannot_be_written_leaves_nothing(result: RunResult, tmp_path: Path) -> None:
    with pytest.raises(VivantError, match="the report cannot be written"):
        write_report(result, tmp_path / "missing" / "r.json")
    (tmp_path / "folder").mkdir()
    with pytest.raises(VivantError):
        write_report(result, tmp_path / "folder")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize(("percent", "value"), [(50, 2.0), (51, 3.0), (95, 4.0), (100, 4.0), (1, 1.0)])
def test_percentile_is_the_nearest_rank(percent: float, value: float) -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], percent) == value


def test_no_samples_have_no_percentile() -> None:
    assert Samples().percentile(50) is None
