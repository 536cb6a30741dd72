"""A driver's motion that is written as it is and played again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from vivant.graph.errors import EndOfStream, VivantError
from vivant.graph.node import NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.graph.port import NoInputs
from vivant.nodes.formats.motion import FaceMotion
from vivant.nodes.outputs.motion import MotionOutput, MotionOutputInputs, MotionOutputParams
from vivant.nodes.sources.motion import MotionParams, MotionSource

Contexts = Callable[..., NodeContext]


def motion(number: int) -> FaceMotion:
    random = np.random.default_rng(number)
    return FaceMotion(random.random(52).astype(np.float32), np.eye(3, dtype=np.float32), np.zeros(3, np.float32))


def opened(context: NodeContext, path: str = "me.npz") -> MotionOutput:
    node = MotionOutput(MotionOutputParams(path=path))
    node.open(context)
    return node


def written(node: MotionOutput, motions: list[FaceMotion | None], outcome: Outcome = Outcome.DONE) -> None:
    for number, one in enumerate(motions):
        node.process(MotionOutputInputs(Packet(one, 500 + 40 * number, number)))
    node.close(outcome)


def test_what_is_written_is_played_moment_by_moment(node_context: Contexts) -> None:
    motions = [None, motion(1), motion(2), None, motion(3)]
    written(opened(node_context()), [*motions])
    source = MotionSource(MotionParams(path="me.npz"))
    source.open(node_context())
    assert source.length() == 5
    for number, one in enumerate(motions):
        emission = source.process(NoInputs())
        assert emission.t_ns == 40 * number
        played = emission.outputs.motion
        assert (played is None) == (one is None)
        if played is not None and one is not None:
            np.testing.assert_array_equal(played.weights, one.weights)
    with pytest.raises(EndOfStream):
        source.process(NoInputs())
    source.close(Outcome.DONE)
    assert source.length() is None


def test_interrupted_it_holds_what_was_read_and_after_a_failure_nothing(node_context: Contexts, tmp_path: Path) -> None:
    written(opened(node_context()), [motion(1)], Outcome.FAILED)
    assert not list(tmp_path.glob("*.npz"))
    written(opened(node_context()), [motion(1)], Outcome.INTERRUPTED)
    assert [path.name for path in tmp_path.glob("*.npz")] == ["me.npz"]


def test_nobody_to_be_seen_is_told(node_context: Contexts, tmp_path: Path) -> None:
    with pytest.raises(VivantError, match="no face was seen"):
        written(opened(node_context()), [None, None])
    written(opened(node_context()), [], Outcome.INTERRUPTED)
    assert not list(tmp_path.glob("*.npz"))


@pytest.mark.parametrize(
    ("path", "says"),
    [("", "no file"), ("me.json", "no ending of a recording"), ("me", "is a file .npz"), ("no/me.npz", "folder")],
)
def test_where_it_cannot_be_written_is_told(node_context: Contexts, path: str, says: str) -> None:
    with pytest.raises(VivantError, match=says):
        opened(node_context(), path)


def test_what_cannot_be_played_is_told(node_context: Contexts, tmp_path: Path) -> None:
    (tmp_path / "no.npz").write_bytes(b"no arrays")
    for path, says in (("", "was named"), ("me.npz", "no such recording"), ("no.npz", "not a recording")):
        with pytest.raises(VivantError, match=says):
            MotionSource(MotionParams(path=path)).open(node_context())
