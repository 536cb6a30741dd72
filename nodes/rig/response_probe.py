"""Measures a puppet's response: draws it as gestures ask, small, and reads it with the tracker, step by step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.details import COUNT
from vivant.nodes.face.head_fit import tracker_rotation
from vivant.nodes.formats.puppet import Puppet
from vivant.nodes.formats.response import PuppetResponse
from vivant.nodes.formats.rotation import rotation_matrix, rotation_vector
from vivant.nodes.puppet.controls import ControlMaps
from vivant.nodes.puppet.gestures import gestures, plain_turns
from vivant.nodes.puppet.response_fit import fit_response
from vivant.nodes.puppet.turn_response import fit_turns
from vivant.nodes.rig.read_back import ReadBack, Tracker

PROBES = 90
SIDE_PX = 640
"""Longer side of what is drawn for the tracker, which looks at 256 pixels of it."""
_STRAY, _SEED = 0.1, 11


def measured_response(gl: Any, puppet: Puppet, tracker: Tracker, maps: ControlMaps) -> Iterator[PuppetResponse | None]:
    """Measure; yields None after each drawing and each reading, at last the response.

    The last is None, too, where the drawings cannot be read.

    Args:
        gl: ``moderngl.Context``; the iterator must be advanced, and closed, on its thread.
        puppet: The puppet.
        tracker: Reads a drawing, each for itself.
        maps: The controls.
    """
    shrink = min(1.0, SIDE_PX / max(puppet.size))
    player = ReadBack(
        gl, puppet, tracker, (max(1, round(shrink * puppet.size[0])), max(1, round(shrink * puppet.size[1])))
    )
    try:
        yield from _probed(player, maps)
    finally:
        player.release()


def _probed(player: ReadBack, maps: ControlMaps) -> Iterator[PuppetResponse | None]:
    plain = np.zeros((COUNT + 2, 2), np.float32)
    rest = player.read(player.draw(np.zeros(52, np.float32), np.eye(3), plain))
    yield None
    if rest is None:
        return
    rest_rotation = tracker_rotation(rest).astype(np.float64)
    worn, turns = gestures(PROBES)
    plain_turned = plain_turns()
    stray = _STRAY * np.random.default_rng(_SEED).standard_normal((PROBES, len(maps.into_jaw)))
    asked = [
        *(
            (weights, turn, np.tensordot(by, maps.into_details, axes=1))
            for weights, turn, by in zip(worn, turns, stray, strict=True)
        ),
        *((np.zeros(52), turn, plain.astype(np.float64)) for turn in plain_turned),
    ]
    answered: list[int] = []
    scores: list[npt.NDArray[np.float32]] = []
    seen: list[npt.NDArray[np.float64]] = []
    for number, (weights, turn, details) in enumerate(asked):
        drawing = player.draw(weights.astype(np.float32), rotation_matrix(turn), details.astype(np.float32))
        yield None
        reading = player.read(drawing)
        if reading is not None:
            answered.append(number)
            scores.append(reading.scores)
            seen.append(rotation_vector(tracker_rotation(reading).astype(np.float64) @ rest_rotation.T))
        yield None
    if not answered:
        return
    weights, turns, details = (np.array(part) for part in zip(*(asked[number] for number in answered), strict=True))
    turned = fit_turns(maps.units, rest_rotation, turns, weights, details, np.array(seen))
    # Eyes, brows and jaw are fitted to expressions: far turns without any would only bend the straight lines.
    worn_ones = np.array(answered) < PROBES
    weights, turns, details = weights[worn_ones], turns[worn_ones], details[worn_ones]
    controls = weights @ maps.of_weights + np.tensordot(details, maps.of_details, axes=2)
    yield fit_response(maps, controls, turns, np.array(scores, np.float64)[worn_ones], turned)
