"""Measures a puppet's response: draws it as gestures ask, small, and reads it with the tracker, step by step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
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
from vivant.nodes.puppet.response_fit import fit_response
from vivant.nodes.puppet.turn_response import fit_turns
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


@dataclass(slots=True, eq=False)
class _Seen:
    """What was asked and what was read of it, row by row."""

    weights: list[F64]
    turns: list[F64]
    details: list[F64]
    scores: list[F64]
    turned: list[F64]
    counts: list[float]
    worn: list[bool]

    def arrays(self) -> tuple[F64, F64, F64, F64, F64, F64]:
        """Return weights, turns, details, scores, turns as read, and how much each row counts."""
        rows = (self.weights, self.turns, self.details, self.scores, self.turned, self.counts)
        weights, turns, details, scores, turned, counts = (np.array(part, np.float64) for part in rows)
        return weights, turns, details, scores, turned, counts


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
    gestured: list[_Ask] = [
        _Ask(weights, turn, np.asarray(np.tensordot(by, maps.into_details, axes=1), np.float64))
        for weights, turn, by in zip(worn, turns, stray, strict=True)
    ]
    seen = _Seen([], [], [], [], [], [], [])
    yield from _looked_at(player, rest_rotation, gestured, seen)
    # Eyes, brows and jaw are fitted to expressions: far turns without any would only bend the straight lines.
    plainly = [_Ask(np.zeros(52), turn, plain.astype(np.float64), worn=False) for turn in plain_turns()]
    yield from _looked_at(player, rest_rotation, plainly, seen)
    if not seen.weights:
        return
    response = _fitted(maps, rest_rotation, seen, studied=False)
    if study is not None and response is not None:
        yield from _looked_at(player, rest_rotation, _moments(study, puppet, response), seen)
        response = _fitted(maps, rest_rotation, seen, studied=True)
    yield response


@dataclass(frozen=True, slots=True, eq=False)
class _Ask:
    weights: F64
    turn: F64
    details: F64
    worn: bool = True
    counts: float = 1.0


def _looked_at(player: ReadBack, rest: F64, asked: list[_Ask], seen: _Seen) -> Iterator[None]:
    for ask in asked:
        turn = rotation_matrix(ask.turn)
        drawing = player.draw(ask.weights.astype(np.float32), turn, ask.details.astype(np.float32))
        yield None
        reading = player.read(drawing)
        if reading is not None:
            seen.weights.append(ask.weights)
            seen.turns.append(ask.turn)
            seen.details.append(ask.details)
            seen.scores.append(reading.scores.astype(np.float64))
            seen.turned.append(rotation_vector(tracker_rotation(reading).astype(np.float64) @ rest.T))
            seen.counts.append(ask.counts)
            seen.worn.append(ask.worn)
        yield None


def _moments(study: Study, puppet: Puppet, response: PuppetResponse) -> list[_Ask]:
    """Return what the puppet will be asked in some of the driver's moments, spread over all of them."""
    asking, found = Asking(), list[_Ask]()
    for time_ns, motion in zip(study.recording.times_ns.tolist(), study.recording.motions, strict=True):
        if motion is None:
            continue
        wanted = asking.step(motion, puppet, response, time_ns, mirror=study.mirror)
        if wanted.details is not None:
            weights, details = wanted.weights.astype(np.float64), wanted.details.astype(np.float64)
            found.append(_Ask(weights, wanted.turn, details, counts=_STUDIED_COUNTS))
    most = min(_MOST_STUDIED, -(-len(found) // _STUDIED_OF))
    return [found[n] for n in np.linspace(0, len(found) - 1, most).round().astype(int)] if found else []


def _fitted(maps: ControlMaps, rest: F64, seen: _Seen, *, studied: bool) -> PuppetResponse | None:
    weights, turns, details, scores, turned, counts = seen.arrays()
    fit = fit_turns(maps.units, rest, turns, weights, details, turned, counts if studied else None)
    worn = np.array(seen.worn)
    controls = weights[worn] @ maps.of_weights + np.tensordot(details[worn], maps.of_details, axes=2)
    return fit_response(maps, controls, turns[worn], scores[worn], fit, counts[worn])
