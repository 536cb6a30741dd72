"""Motion that is written and played again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from vivant.graph.errors import VivantError
from vivant.graph.node import NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.nodes.formats.head_angles import head_angles
from vivant.nodes.formats.motion import FaceMotion
from vivant.nodes.outputs.performance import PerformanceOutput, PerformanceOutputInputs, PerformanceOutputParams
from vivant.nodes.outputs.performance_text import performance_text
from vivant.nodes.sources.head_angles import angles_of, head_rotation
from vivant.nodes.sources.performance_clip import read_clip

Contexts = Callable[..., NodeContext]
STEP_NS = 1_000_000_000 // 30


def motion(number: int, *, from_neutral: bool = True) -> FaceMotion:
    random = np.random.default_rng(number)
    yaw, pitch, roll = random.uniform(-0.6, 0.6, 3)
    weights = np.where(np.arange(52) % 3 == 0, random.uniform(0, 1, 52), 0).astype(np.float32)
    return FaceMotion(
        weights, head_rotation(yaw, pitch, roll), random.uniform(-5, 5, 3).astype(np.float32), from_neutral
    )


def written(node: PerformanceOutput, motions: list[FaceMotion | None], outcome: Outcome = Outcome.DONE) -> None:
    for number, one in enumerate(motions):
        node.process(PerformanceOutputInputs(Packet(one, 70 + number * STEP_NS, number)))
    node.close(outcome)


def opened(context: NodeContext, path: str = "me.json") -> PerformanceOutput:
    node = PerformanceOutput(PerformanceOutputParams(path=path))
    node.open(context)
    return node


def test_angles_come_back_from_the_rotation() -> None:
    for angles in ((0.4, -0.3, 0.2), (-1.2, 0.9, -0.7), (0.0, 0.0, 0.0)):
        assert angles_of(head_rotation(*angles).astype(np.float64)) == pytest.approx(angles, abs=1e-6)


def test_what_is_written_plays_as_it_was(node_context: Contexts, tmp_path: Path) -> None:
    motions = [motion(number) for number in range(8)]
    written(opened(node_context()), [*motions])
    clip = read_clip(tmp_path / "me.json")
    assert clip.name == "me" and clip.duration_s == pytest.approx(8 / 30, abs=1e-5)
    for number, one in enumerate(motions):
        played = clip.at(number * STEP_NS / 1e9)
        np.testing.assert_allclose(played.weights, one.weights, atol=2e-3)
        np.testing.assert_allclose(played.rotation, one.rotation, atol=2e-3)
        np.testing.assert_allclose(played.translation, one.translation, atol=2e-2)
    assert list(tmp_path.iterdir()) == [tmp_path / "me.json"]


def test_the_first_face_is_neutral_where_nobody_says_what_is(node_context: Contexts, tmp_path: Path) -> None:
    motions = [motion(number, from_neutral=False) for number in range(3)]
    written(opened(node_context()), [*motions])
    clip = read_clip(tmp_path / "me.json")
    np.testing.assert_allclose(clip.at(0).rotation, np.eye(3), atol=1e-4)
    np.testing.assert_allclose(clip.at(0).weights, motions[0].weights, atol=1e-4)
    changed = head_angles(motions[2].rotation.astype(float)) - head_angles(motions[0].rotation.astype(float))
    np.testing.assert_allclose(head_angles(clip.at(9).rotation.astype(float)), changed, atol=1e-3)


def test_a_face_that_is_lost_for_a_while_is_bridged(node_context: Contexts, tmp_path: Path) -> None:
    written(opened(node_context()), [None, motion(1), None, None, motion(2), None])
    clip = read_clip(tmp_path / "me.json")
    assert clip.duration_s == pytest.approx(6 / 30, abs=1e-5)
    np.testing.assert_allclose(clip.at(0).weights, motion(1).weights, atol=1e-3)
    np.testing.assert_allclose(clip.at(1).weights, motion(2).weights, atol=1e-3)


def test_what_stays_as_it_is_takes_no_keys() -> None:
    still = FaceMotion(np.full(52, 0.25, np.float32), np.eye(3, dtype=np.float32), np.zeros(3, np.float32), True)
    text = performance_text("still", [n / 30 for n in range(300)], [still] * 300, 10.0)
    assert len(text) < 52 * 80 and "head" not in text


def test_without_a_face_there_is_no_performance(node_context: Contexts, tmp_path: Path) -> None:
    with pytest.raises(VivantError, match="no face was seen"):
        written(opened(node_context()), [None, None])
    written(opened(node_context()), [None], Outcome.INTERRUPTED)
    written(opened(node_context()), [motion(0)], Outcome.FAILED)
    assert not list(tmp_path.iterdir())


def test_an_interrupted_run_keeps_what_it_has(node_context: Contexts, tmp_path: Path) -> None:
    written(opened(node_context()), [motion(0)], Outcome.INTERRUPTED)
    assert read_clip(tmp_path / "me.json").duration_s > 0


@pytest.mark.parametrize(
    ("path", "says"), [("", "no file was named"), ("me.mp4", "no ending"), ("no/me.json", "exist")]
)
def test_a_place_that_cannot_be_written_is_told(node_context: Contexts, path: str, says: str) -> None:
    with pytest.raises(VivantError, match=says) as caught:
        opened(node_context(), path)
    assert caught.value.exit_status == 2
