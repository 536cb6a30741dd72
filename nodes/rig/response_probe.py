"""Measures a puppet's response: draws it as gestures ask, small, and reads it with the tracker, step by step."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.details import COUNT
from vivant.nodes.face.head_fit import tracker_rotation
from vivant.nodes.formats.motion_recording import MotionRecording
from vivant.nodes.formats.puppet import Puppet
from vivant.nodes.formats.response import PuppetResponse
from vivant.nodes.formats.rotation import rotation_matrix, rotation_vector
from vivant.nodes.puppet.asking import Asking
from vivant.nodes.puppet.controls import ControlMaps
from vivant.nodes.puppet.gestures import gestures, plain_turns
from vivant.nodes.puppet.read_amiss import LEAST_MOMENTS, eyes_missed, followed, mouth_leak
from vivant.nodes.puppet.response_fit import fit_response
from vivant.nodes.puppet.turn_response import GESTURES_UNDONE, MOMENTS_UNDONE, fit_turns
from vivant.nodes.rig.read_back import ReadBack, Tracker

PROBES = 90
SIDE_PX = 640
"""Longer side of what is drawn for the tracker, which looks at 256 pixels of it."""
_STRAY, _SEED = 0.1, 11
_STUDIED_OF, _MOST_STUDIED, _STUDIED_COUNTS = 4, 120, 3.0
"""Every so many moments of a driver one is looked at, so many at most, and each counts as so many gestures: it is what
the puppet will do."""

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """A driver whose moments the puppet is looked at in, too.

    Attributes:
        recording: What it does.
        mirror: Whether it will be taken over with left and right swapped.
    """

    recording: MotionRecording
    mirror: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Ask:
    """What a puppet is asked: weights ``(52,)``, a rotation vector ``(3,)``, details ``(H + 2, 2)``.

    Of a driver's moments also, what shall be read: scores ``(52,)``.
    """

    weights: F64
    turn: F64
    details: F64
    worn: bool = True  # whether there is an expression
    counts: float = 1.0
    wanted: F64 | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Answer:
    """What the tracker read of it: scores ``(52,)``, and the turn from rest ``(3,)``."""

    ask: _Ask
    scores: F64
    turn: F64


def measured_response(
    gl: Any, puppet: Puppet, tracker: Tracker, maps: ControlMaps, study: Study | None = None
) -> Iterator[PuppetResponse | None]:
    """Measure; yields None after each drawing and each reading, at last the response.

    The last is None, too, where the drawings cannot be read.

    Args:
        gl: ``moderngl.Context``; the iterator must be advanced, and closed, on its thread.
        puppet: The puppet.
        tracker: Reads a drawing, each for itself.
        maps: The controls.
        study: A driver that is known beforehand. What is read of an expression hangs on who makes it: measured in its
            own moments it comes out truer than of any gestures, be they four times as many or another driver's.
    """
    shrink = min(1.0, SIDE_PX / max(puppet.size))
    player = ReadBack(
        gl, puppet, tracker, (max(1, round(shrink * puppet.size[0])), max(1, round(shrink * puppet.size[1])))
    )
    try:
        yield from _probed(player, puppet, maps, study)
    finally:
        player.release()


def _probed(
    player: ReadBack, puppet: Puppet, maps: ControlMaps, study: Study | None
) -> Iterator[PuppetResponse | None]:
    plain = np.zeros((COUNT + 2, 2), np.float32)
    rest = player.read(player.draw(np.zeros(52, np.float32), np.eye(3), plain))
    yield None
    if rest is None:
        return
    rest_rotation = tracker_rotation(rest).astype(np.float64)
    worn, turns = gestures(PROBES)
    stray = _STRAY * np.random.default_rng(_SEED).standard_normal((PROBES, len(maps.into_jaw)))
    gestured = [
        _Ask(weights, turn, np.asarray(np.tensordot(by, maps.into_details, axes=1), np.float64))
        for weights, turn, by in zip(worn, turns, stray, strict=True)
    ]
    plainly = [_Ask(np.zeros(52), turn, plain.astype(np.float64), worn=False) for turn in plain_turns()]
    answers: list[_Answer] = []
    yield from _looked_at(player, rest_rotation, [*gestured, *plainly], answers)
    if not answers:
        return
    response = _fitted(maps, rest_rotation, answers, GESTURES_UNDONE)
    if study is not None and response is not None:
        look = partial(_looked_at, player, rest_rotation)
        fit = partial(_fitted, maps, rest_rotation, undone=MOMENTS_UNDONE)
        response = yield from _studied(study, puppet, response, answers, look, fit)
    yield response


def _studied(
    study: Study,
    puppet: Puppet,
    response: PuppetResponse,
    answers: list[_Answer],
    look: Callable[[list[_Ask], list[_Answer]], Iterator[None]],
    fit: Callable[[list[_Answer]], PuppetResponse | None],
) -> Generator[None, None, PuppetResponse]:
    """Look at a driver's moments twice: fit to them, make up for what is read of the mouth amiss, and see if it helped.

    What is then still missed of eyes and brows, whose scores hang on the mouth, is made up for too, whether the mouth's
    was kept or not: there is no third look. Nothing is fitted again: what is made up for already would look like an
    answer to what made it necessary.
    """
    first: list[_Answer] = []
    yield from look(_moments(study, puppet, response), first)
    fitted = fit([*answers, *first]) if first else None
    if fitted is None:
        return response
    if len(first) < LEAST_MOMENTS:
        return fitted
    wanted, read = _scores_of(first)
    tried = dataclasses.replace(fitted, mean_scores=wanted.mean(axis=0), weights_of_scores=mouth_leak(wanted, read))
    second: list[_Answer] = []
    yield from look(_moments(study, puppet, tried), second)
    if not second:
        return fitted
    again, seen = _scores_of(second)
    if followed(again, seen) <= followed(wanted, read):
        tried = dataclasses.replace(tried, weights_of_scores=fitted.weights_of_scores)
    return dataclasses.replace(tried, odds_of_scores=eyes_missed(again, seen, fitted.scores))


def _scores_of(answers: list[_Answer]) -> tuple[F64, F64]:
    """Return what should have been read in a driver's moments, and what was."""
    known = [(answer.ask.wanted, answer.scores) for answer in answers if answer.ask.wanted is not None]
    return np.array([wanted for wanted, _ in known]), np.array([read for _, read in known])


def _looked_at(player: ReadBack, rest: F64, asked: list[_Ask], answers: list[_Answer]) -> Iterator[None]:
    for ask in asked:
        turn = rotation_matrix(ask.turn)
        drawing = player.draw(ask.weights.astype(np.float32), turn, ask.details.astype(np.float32))
        yield None
        reading = player.read(drawing)
        if reading is not None:
            turned = rotation_vector(tracker_rotation(reading).astype(np.float64) @ rest.T)
            answers.append(_Answer(ask, reading.scores.astype(np.float64), turned))
        yield None


def _moments(study: Study, puppet: Puppet, response: PuppetResponse) -> list[_Ask]:
    """Return what the puppet will be asked in some of the driver's moments, spread over all of them."""
    asking, found = Asking(), list[_Ask]()
    for time_ns, motion in zip(study.recording.times_ns.tolist(), study.recording.motions, strict=True):
        if motion is None:
            continue
        wanted = asking.step(motion, puppet, response, time_ns, mirror=study.mirror)
        if wanted.details is not None and wanted.scores is not None:
            weights, details, scores = (
                values.astype(np.float64) for values in (wanted.weights, wanted.details, wanted.scores)
            )
            found.append(_Ask(weights, wanted.turn, details, counts=_STUDIED_COUNTS, wanted=scores))
    most = min(_MOST_STUDIED, -(-len(found) // _STUDIED_OF))
    return [found[n] for n in np.linspace(0, len(found) - 1, most).round().astype(int)] if found else []


def _fitted(maps: ControlMaps, rest: F64, answers: list[_Answer], undone: float) -> PuppetResponse | None:
    asks = [answer.ask for answer in answers]
    weights, turns, details = (np.array([getattr(a, name) for a in asks]) for name in ("weights", "turn", "details"))
    scores, turned = np.array([a.scores for a in answers]), np.array([a.turn for a in answers])
    counts, worn = np.array([a.counts for a in asks]), np.array([a.worn for a in asks])
    fit = fit_turns(maps.units, rest, turns, weights, details, turned, counts, undone)
    # Eyes, brows and jaw are fitted to expressions: far turns without any would only bend the straight lines.
    controls = weights[worn] @ maps.of_weights + np.tensordot(details[worn], maps.of_details, axes=2)
    return fit_response(maps, controls, turns[worn], scores[worn], fit, counts[worn])
