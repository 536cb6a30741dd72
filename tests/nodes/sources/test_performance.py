from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from vivant.graph.errors import EndOfStream, VivantError
from vivant.graph.node import NodeContext, Outcome
from vivant.graph.port import NoInputs
from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.sources.performance import PerformanceParams, PerformanceSource

NodeContexts = Callable[..., NodeContext]
JAW = INDEX["jawOpen"]


@pytest.fixture(autouse=True)
def clip(tmp_path: Path) -> None:
    keys = [[0, 0], [0.5, 1], [1, 0]]
    (tmp_path / "clip.json").write_text(json.dumps({"version": 1, "duration_s": 1, "tracks": {"jawOpen": keys}}))


def play(node: PerformanceSource, most: int = 1000) -> list[tuple[int, float]]:
    played = []
    for _ in range(most):
        try:
            emission = node.process(NoInputs())
        except EndOfStream:
            break
        played.append((emission.t_ns, float(emission.outputs.motion.weights[JAW])))
    return played


def test_plays_once_at_its_rate(node_context: NodeContexts) -> None:
    node = PerformanceSource(PerformanceParams(path="clip.json", rate_hz=30))
    node.open(node_context())
    played = play(node)
    assert node.length() == len(played) == 30
    assert [t for t, _ in played] == [round(i * 1e9 / 30) for i in range(30)]
    assert played[15][1] == 1.0
    assert played[0][1] == 0.0
    node.close(Outcome.DONE)


def test_opened_again_it_starts_again(node_context: NodeContexts) -> None:
    node = PerformanceSource(PerformanceParams(path="clip.json"))
    node.open(node_context())
    first = play(node, 7)
    node.close(Outcome.INTERRUPTED)
    node.open(node_context())
    assert play(node, 7) == first


def test_live_it_loops_with_even_steps(node_context: NodeContexts, notices: list[str]) -> None:
    node = PerformanceSource(PerformanceParams(path="clip.json", rate_hz=8, loop=True))
    node.open(node_context(offline=False))
    played = play(node, 20)
    assert node.length() is None
    assert [t for t, _ in played] == [i * 125_000_000 for i in range(20)]
    assert [v for _, v in played[:8]] == [v for _, v in played[8:16]]
    assert not notices


def test_offline_a_loop_is_played_once_aloud(node_context: NodeContexts, notices: list[str]) -> None:
    node = PerformanceSource(PerformanceParams(path="clip.json", loop=True))
    node.open(node_context(offline=True))
    assert len(play(node)) == node.length() == 30
    assert "played once" in notices[0]


def test_missing_file_and_no_clip(node_context: NodeContexts, tmp_path: Path) -> None:
    with pytest.raises(VivantError, match="no such performance") as caught:
        PerformanceSource(PerformanceParams(path="clap.json")).open(node_context())
    assert "clip.json" in caught.value.remedy
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(VivantError, match="not a performance"):
        PerformanceSource(PerformanceParams(path="bad.json")).open(node_context())
