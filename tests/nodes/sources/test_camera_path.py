from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import hypot

import pytest

from vivant.graph.errors import EndOfStream
from vivant.graph.node import Emission, NodeContext
from vivant.graph.port import NoInputs
from vivant.nodes.formats.camera_pose import CameraPose
from vivant.nodes.sources.camera_moves import Easing, Move, camera_at, drift
from vivant.nodes.sources.camera_path import CameraPathOutputs, CameraPathParams, CameraPathSource

Contexts = Callable[..., NodeContext]


def distance(a: CameraPose, b: CameraPose) -> float:
    return max(abs(x - y) for x, y in zip((*a.move, *a.aim, a.zoom), (*b.move, *b.aim, b.zoom), strict=True))


def played(context: NodeContext, **params: object) -> list[Emission[CameraPathOutputs]]:
    node = CameraPathSource(CameraPathParams.model_validate(params))
    node.open(context)
    made = []
    for _ in range(node.length() or 0):
        made.append(node.process(NoInputs()))
    with pytest.raises(EndOfStream):
        node.process(NoInputs())
    return made


@pytest.mark.parametrize("easing", Easing)
@pytest.mark.parametrize("move", Move)
def test_every_move_loops_without_a_jump_and_goes_as_far_as_it_says(move: Move, easing: Easing) -> None:
    poses = [camera_at(move, k / 400, 0.2, easing) for k in range(401)]
    assert distance(poses[0], poses[-1]) < 1e-9
    assert max(distance(a, b) for a, b in pairwise(poses)) < 0.01
    far = max(max(abs(v) for v in pose.move) for pose in poses)
    assert far == pytest.approx(0.0 if move is Move.STILL else 0.2, abs=1e-6)
    assert all(pose.move[2] <= 1e-12 for pose in poses), "behind its place it would see beyond the borders"


@pytest.mark.parametrize("move", Move)
def test_no_move_shows_what_lies_beyond_the_picture(move: Move) -> None:
    for k in range(100):
        pose = camera_at(move, k / 100, 0.5)
        assert abs(pose.aim[0]) + 1 / pose.zoom <= 1 + 1e-9


def test_the_moves_are_what_they_are_called() -> None:
    assert camera_at(Move.ORBIT, 0.25, 0.1).move == pytest.approx((0.1, 0, 0))
    assert camera_at(Move.ORBIT, 0.0, 0.1).move[1] > 0.05
    assert camera_at(Move.PAN, 0.25, 0.1).aim[0] > 0 and camera_at(Move.PAN, 0.75, 0.1).aim[0] < 0
    assert camera_at(Move.DOLLY, 0.5, 0.1).move == pytest.approx((0, 0, -0.1))
    assert camera_at(Move.DOLLY, 0.5, 0.1).held == 0 and camera_at(Move.DOLLY_ZOOM, 0.5, 0.1).held == 1
    breath = camera_at(Move.BREATHING, 0.5, 0.1).move
    assert breath[1] > 0 > breath[2]
    assert camera_at(Move.STILL, 0.3, 0.1) == CameraPose()


def test_easing_rests_at_the_ends_or_turns_at_once() -> None:
    speed = {e: camera_at(Move.PAN, 0.25, 0.2, e).move[0] - camera_at(Move.PAN, 0.24, 0.2, e).move[0] for e in Easing}
    assert speed[Easing.SMOOTH] < speed[Easing.SINE] < speed[Easing.LINEAR]


def test_drift_is_that_of_its_seed_and_loops() -> None:
    assert drift(4, 0.3) == drift(4, 0.3) != drift(5, 0.3)
    assert drift(4, 0.0) == pytest.approx(drift(4, 1.0))
    assert 0.3 < max(hypot(*drift(4, k / 50)) for k in range(50)) < 1.6


def test_into_a_file_it_plays_once_through(node_context: Contexts) -> None:
    made = played(node_context(offline=True), period_s=2, rate_hz=25)
    assert len(made) == 50
    assert [e.t_ns for e in made[:3]] == [0, 40_000_000, 80_000_000]
    step = distance(made[0].outputs.camera, made[1].outputs.camera)
    assert distance(made[-1].outputs.camera, made[0].outputs.camera) == pytest.approx(step, rel=0.2), "the joint"


def test_a_duration_is_kept_live_and_offline(node_context: Contexts) -> None:
    for offline in (True, False):
        assert len(played(node_context(offline=offline), duration_s=0.5, rate_hz=30)) == 15


def test_live_it_has_no_end_and_says_the_same_at_every_run(node_context: Contexts) -> None:
    def first(count: int) -> list[CameraPose]:
        node = CameraPathSource(CameraPathParams(period_s=1, rate_hz=10, drift=0.02, seed=7))
        node.open(node_context(offline=False))
        assert node.length() is None
        made = [node.process(NoInputs()).outputs.camera for _ in range(count)]
        node.open(node_context(offline=False))
        assert node.process(NoInputs()).outputs.camera == made[0]
        return made

    poses = first(25)
    assert poses == first(25)
    assert poses[:10] == poses[10:20]
