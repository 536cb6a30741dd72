from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vivant.graph.errors import VivantError
from vivant.graph.node import NodeContext, Outcome
from vivant.graph.packet import Packet, Tick
from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.details import COUNT, DetailScale
from vivant.nodes.face.face_reader import FaceReader
from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.formats.face import FaceReading
from vivant.nodes.formats.motion import FaceMotion
from vivant.nodes.formats.motion_recording import MotionRecording
from vivant.nodes.formats.puppet import Puppet, Role
from vivant.nodes.formats.response import PuppetResponse
from vivant.nodes.puppet.controls import CONTROLS, control_maps
from vivant.nodes.puppet.gestures import plain_turns
from vivant.nodes.puppet.response_fit import READ
from vivant.nodes.rig import probe, response_probe
from vivant.nodes.rig.probe import ProbeInputs, ProbeParams, PuppetProbe
from vivant.nodes.rig.response_probe import PROBES, measured_response


class BrightnessTracker:
    """Reads scores that depend on what is drawn; can be blind."""

    def __init__(self, sees: bool = True) -> None:
        self.calls = 0
        self.sees = sees

    def __call__(self, pixels: Any) -> FaceReading | None:
        self.calls += 1
        if not self.sees:
            return None
        scores = np.full(52, float(pixels.mean()) / 255, np.float32)
        size = (pixels.shape[1], pixels.shape[0])
        return FaceReading(np.zeros((478, 3), np.float32), size, scores, np.eye(4, dtype=np.float32))


def context(gl: Any, tmp_path: Path, *, offline: bool, notices: list[str] | None = None) -> NodeContext:
    model = tmp_path / "model.task"
    model.write_bytes(b"model")
    return NodeContext(
        now_ns=lambda: 0,
        base_dir=tmp_path,
        fetch=lambda name: model,
        notice=(notices if notices is not None else []).append,
        connected=frozenset(),
        offline=offline,
        gl=gl,
        cache_dir=tmp_path / "built",
    )


@pytest.fixture
def tuned(monkeypatch: pytest.MonkeyPatch) -> Callable[..., PuppetProbe]:
    """Make the node, with a tracker of ours in place of the landmarker."""

    def make(where: NodeContext, tracker: BrightnessTracker, **params: Any) -> PuppetProbe:
        monkeypatch.setattr(probe, "_tracker", lambda model, puppet: tracker)
        node = PuppetProbe(ProbeParams(**params))
        node.open(where)
        return node

    return make


def step(node: PuppetProbe, puppet: Puppet, seq: int = 0) -> PuppetResponse | None:
    return node.process(ProbeInputs(Packet(Tick(seq, 0), 0, seq), Packet(puppet, 0, 0))).response


def test_a_puppet_is_drawn_small_and_read_often_enough(gl: Any, portrait_puppet: Puppet, head: AnatomicalHead) -> None:
    seen = BrightnessTracker()
    steps = list(measured_response(gl, portrait_puppet, seen, control_maps(DetailScale(head).units)))
    response = steps[-1]
    assert isinstance(response, PuppetResponse) and all(s is None for s in steps[:-1])
    assert seen.calls == PROBES + len(plain_turns()) + 2
    assert response.sensitivity.shape == (len(CONTROLS) + 3, len(READ)) and np.isfinite(response.sensitivity).all()


def test_offline_it_is_there_with_the_first_frame_and_then_on_disk(
    gl: Any, portrait_puppet: Puppet, tmp_path: Path, tuned: Callable[..., PuppetProbe]
) -> None:
    first = BrightnessTracker()
    node = tuned(context(gl, tmp_path, offline=True), first)
    made = step(node, portrait_puppet)
    assert made is not None and first.calls > PROBES
    assert step(node, portrait_puppet, 1) is made
    node.close(Outcome.DONE)
    second = BrightnessTracker()
    node = tuned(context(gl, tmp_path, offline=True), second)
    kept = step(node, portrait_puppet)
    assert kept is not None and second.calls == 0
    np.testing.assert_array_equal(kept.sensitivity, made.sensitivity)
    np.testing.assert_array_equal(kept.scores, made.scores)
    node.close(Outcome.DONE)


def test_live_it_measures_in_spare_time_a_little_at_a_time(
    gl: Any, portrait_puppet: Puppet, tmp_path: Path, tuned: Callable[..., PuppetProbe]
) -> None:
    tracker = BrightnessTracker()
    node = tuned(context(gl, tmp_path, offline=False), tracker)
    assert step(node, portrait_puppet) is None and tracker.calls == 0
    node.spare()
    assert 0 < tracker.calls <= 3 and step(node, portrait_puppet, 1) is None
    more, pieces = True, 1
    while more:
        before, pieces = tracker.calls, pieces + 1
        more = node.spare()
        assert tracker.calls <= before + 3
    assert pieces == pytest.approx(2 * (PROBES + len(plain_turns())), abs=5)
    assert step(node, portrait_puppet, 2) is not None
    node.close(Outcome.DONE)


def test_leaving_in_the_middle_and_switching_off_leave_nothing(
    gl: Any, portrait_puppet: Puppet, tmp_path: Path, tuned: Callable[..., PuppetProbe]
) -> None:
    node = tuned(context(gl, tmp_path, offline=False), BrightnessTracker())
    step(node, portrait_puppet)
    node.close(Outcome.INTERRUPTED)
    node.close(Outcome.INTERRUPTED)
    off = BrightnessTracker()
    node = tuned(context(gl, tmp_path, offline=True), off, enabled=False)
    assert step(node, portrait_puppet) is None and off.calls == 0
    assert not (tmp_path / "built").exists()


def test_a_picture_the_tracker_cannot_read_is_told_and_left_as_it_is(
    gl: Any, portrait_puppet: Puppet, tmp_path: Path, tuned: Callable[..., PuppetProbe]
) -> None:
    notices: list[str] = []
    node = tuned(context(gl, tmp_path, offline=True, notices=notices), BrightnessTracker(sees=False))
    assert step(node, portrait_puppet) is None
    assert len(notices) == 1 and "not corrected" in notices[0]
    node.close(Outcome.DONE)


def recorded(path: Path, count: int, lift: float = 0.0) -> Path:
    """A driver that opens its mouth more and more, with raised brows if so."""
    motions: list[FaceMotion | None] = [None]
    for number in range(count):
        weights = np.zeros(52, np.float32)
        weights[INDEX["jawOpen"]], weights[INDEX["browInnerUp"]] = number / count, lift
        still = np.zeros((COUNT + 2, 2), np.float32)
        motions.append(FaceMotion(weights, np.eye(3, dtype=np.float32), np.zeros(3, np.float32), True, still, weights))
    MotionRecording(40_000_000 * np.arange(count + 1, dtype=np.int64), tuple(motions)).save(path)
    return path


def test_a_driver_that_is_known_is_studied(
    gl: Any, portrait_puppet: Puppet, tmp_path: Path, tuned: Callable[..., PuppetProbe]
) -> None:
    def measured(*, calls: int, **params: Any) -> PuppetResponse:
        tracker = BrightnessTracker()
        node = tuned(context(gl, tmp_path, offline=True), tracker, **params)
        response = step(node, portrait_puppet)
        node.close(Outcome.DONE)
        assert response is not None and tracker.calls == calls
        return response

    every = PROBES + len(plain_turns()) + 2
    plain = measured(calls=every)
    me = str(recorded(tmp_path / "me.npz", 33))
    studied = measured(calls=every + 9, study=me)  # every fourth moment
    assert not np.array_equal(studied.sensitivity, plain.sensitivity)
    assert np.isfinite(studied.sensitivity).all() and np.isfinite(studied.turn_of_weights).all()
    again = measured(calls=0, study=me)  # from disk
    np.testing.assert_array_equal(again.sensitivity, studied.sensitivity)
    measured(calls=every + 9, study=me, study_mirrored=True)
    measured(calls=every + 9, study=str(recorded(tmp_path / "me.npz", 33, 0.5)))  # the same name, other motion
    assert np.array_equal(measured(calls=0).sensitivity, plain.sensitivity)


SQUINT = INDEX["eyeSquintLeft"]


def talking(count: int) -> MotionRecording:
    """A driver that opens its mouth, and funnels its lips, in turns of their own."""
    motions: list[FaceMotion | None] = []
    for number in range(count):
        weights = np.zeros(52, np.float32)
        weights[INDEX["jawOpen"]] = 0.4 + 0.3 * np.sin(0.31 * number)
        weights[INDEX["mouthFunnel"]] = 0.4 + 0.3 * np.sin(0.17 * number + 1)
        still = np.zeros((COUNT + 2, 2), np.float32)
        motions.append(FaceMotion(weights, np.eye(3, dtype=np.float32), np.zeros(3, np.float32), True, still, weights))
    return MotionRecording(40_000_000 * np.arange(count, dtype=np.int64), tuple(motions))


@pytest.mark.parametrize("spoilt", [False, True], ids=["it helps", "it does harm"])
def test_what_is_read_of_a_mouth_amiss_is_made_up_for_where_that_helps(
    gl: Any, portrait_puppet: Puppet, head: AnatomicalHead, monkeypatch: pytest.MonkeyPatch, spoilt: bool
) -> None:
    lot = np.random.default_rng(5)
    looks: list[int] = []

    def looked_at(player: Any, rest: Any, asked: list[Any], answers: list[Any]) -> Iterator[None]:
        """Funnelled lips look like an open jaw; who is spoilt moves anyhow once something was made up for."""
        looks.append(len(asked))
        for ask in asked:
            scores = ask.weights.copy()
            scores[INDEX["jawOpen"]] += 0.4 * ask.weights[INDEX["mouthFunnel"]]
            if len(looks) == 3:
                scores[SQUINT] = 0.2 + 0.3 * ask.weights[INDEX["mouthFunnel"]]
            if spoilt and len(looks) == 3:
                scores[INDEX["jawOpen"]], scores[INDEX["mouthFunnel"]] = lot.uniform(0, 1, 2)
            answers.append(response_probe._Answer(ask, np.clip(scores, 0, 1), ask.turn))
            yield None

    monkeypatch.setattr(response_probe, "_looked_at", looked_at)
    study = response_probe.Study(talking(200))
    maps = control_maps(DetailScale(head).units)
    *_, response = measured_response(gl, portrait_puppet, BrightnessTracker(), maps, study)
    assert response is not None and looks == [PROBES + len(plain_turns()), 50, 50]
    # what is missed of eyes is learned of the last look, whether the mouth's is kept or not
    missed = response.odds_of_scores[INDEX["mouthFunnel"]]
    assert missed[list(response.scores).index(SQUINT)] < -0.3 and np.sum(np.abs(missed) > 0.05) == 1
    leak = response.weights_of_scores
    if spoilt:
        assert not leak.any()
    else:
        assert leak[INDEX["mouthFunnel"], INDEX["jawOpen"]] < -0.1
        mouth = [INDEX["jawOpen"], INDEX["mouthFunnel"]]
        assert not np.delete(leak, mouth, axis=0).any() and not np.delete(leak, mouth, axis=1).any()
        assert response.mean_scores[INDEX["jawOpen"]] == pytest.approx(0.4, abs=0.05)


def test_a_driver_that_shows_no_face_leaves_what_is_known_of_gestures(
    gl: Any, portrait_puppet: Puppet, tmp_path: Path, tuned: Callable[..., PuppetProbe]
) -> None:
    tracker = BrightnessTracker()
    nobody = str(recorded(tmp_path / "nobody.npz", 0))
    node = tuned(context(gl, tmp_path, offline=True), tracker, study=nobody)
    assert step(node, portrait_puppet) is not None and tracker.calls == PROBES + len(plain_turns()) + 2
    node.close(Outcome.DONE)


def test_who_wants_to_leave_does_not_wait_for_the_looking(
    gl: Any, portrait_puppet: Puppet, tmp_path: Path, tuned: Callable[..., PuppetProbe]
) -> None:
    tracker = BrightnessTracker()
    leaving = dataclasses.replace(context(gl, tmp_path, offline=True), stopped=lambda: tracker.calls >= 5)
    node = tuned(leaving, tracker)
    assert step(node, portrait_puppet) is None and tracker.calls == 5
    node.close(Outcome.INTERRUPTED)
    node = tuned(context(gl, tmp_path, offline=True), tracker)  # nothing of it was kept
    assert step(node, portrait_puppet) is not None and tracker.calls > 5 + PROBES
    node.close(Outcome.DONE)


def test_a_study_that_is_not_there_is_told(gl: Any, tmp_path: Path, tuned: Callable[..., PuppetProbe]) -> None:
    with pytest.raises(VivantError, match="no such recording of motion"):
        tuned(context(gl, tmp_path, offline=True), BrightnessTracker(), study="me.npz")
    (tmp_path / "me.npz").write_bytes(b"no arrays")
    with pytest.raises(VivantError, match="not a recording of motion"):
        tuned(context(gl, tmp_path, offline=True), BrightnessTracker(), study="me.npz")


def test_other_code_makes_another_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = probe._code_version()
    assert before == probe._code_version()
    assert Path(response_probe.__file__).name in {p.name for p in Path(probe.__file__).parent.iterdir()}


def test_the_puppets_own_face_is_read_whoever_else_is_there(
    monkeypatch: pytest.MonkeyPatch, portrait_puppet: Puppet, tmp_path: Path
) -> None:
    skin = next(layer for layer in portrait_puppet.layers if layer.role is Role.SKIN)
    corners = portrait_puppet.triangles.reshape(-1)[skin.first : skin.first + skin.count]
    width, height = portrait_puppet.size
    x, y = portrait_puppet.plane[corners].mean(axis=0)[:2] * height
    own, face_px = np.array([width / 2 + x, height / 2 - y]), portrait_puppet.face_width * height

    def face(middle: Any) -> FaceReading:
        points = np.zeros((478, 3), np.float32)
        points[:, :2] = middle
        return FaceReading(points, (width, height), np.zeros(52, np.float32), np.eye(4, dtype=np.float32))

    turned, other = face(own + np.array([0.4 * face_px, 0])), face(own - np.array([1.5 * face_px, 0]))
    there: list[FaceReading] = []
    monkeypatch.setattr(FaceReader, "__init__", lambda self, path: None)
    monkeypatch.setattr(FaceReader, "search", lambda self, pixels, most=1: there[:most])
    read = probe._tracker(tmp_path / "model", portrait_puppet)
    pixels = np.zeros((height, width, 3), np.uint8)
    for faces, expected in (([other, turned], turned), ([turned], turned), ([other], None), ([], None)):
        there[:] = faces
        assert read(pixels) is expected
    there[:] = [face(0.5 * (own + np.array([0.4 * face_px, 0])))]
    assert read(np.zeros((height // 2, width // 2, 3), np.uint8)) is there[0]  # drawn smaller
