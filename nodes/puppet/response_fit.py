"""Fits a puppet's response to probes that were drawn and read."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vivant.nodes.formats.arkit import BLENDSHAPES, INDEX
from vivant.nodes.formats.response import PuppetResponse
from vivant.nodes.puppet.controls import CONTROLS, ControlMaps
from vivant.nodes.puppet.turn_response import TurnFit

F64 = npt.NDArray[np.float64]

READ = (*(name for name in BLENDSHAPES if name.startswith(("brow", "eye"))), "jawOpen")
"""Scores that are modelled: those of eyes and brows, and the jaw's. Correcting by the mouth's made likeness worse."""

LEAST_PROBES = 40
_FOLDS = 5
_LEAST_ODDS = 0.01
_OWN, _FOREIGN, _TURN = 0.5, 4.0, 0.03
"""Ridges: of a score's own region and side, of others, of the turn's radians."""
_LOOSE = 0.02


def log_odds(scores: npt.NDArray[np.floating], least: float = _LEAST_ODDS) -> F64:
    """Return ``log(s / (1 - s))`` of scores held within `least` of 0 and 1."""
    held = np.clip(np.asarray(scores, np.float64), least, 1 - least)
    return np.asarray(np.log(held / (1 - held)))


def fit_response(
    maps: ControlMaps, controls: F64, turns: F64, scores: F64, turned: TurnFit, counts: F64 | None = None
) -> PuppetResponse | None:
    """Fit the model by ridge regression; how far it is to be trusted by cross-validation.

    Args:
        maps: The controls.
        controls: What was asked, ``(N, C)``.
        turns: How the head was turned, rotation vectors in radians ``(N, 3)``.
        scores: What was read, ``(N, 52)``.
        turned: What is read of turns.
        counts: How much each probe counts ``(N,)``; None: 1 each.

    Returns:
        The response; None where too few probes could be read.
    """
    if len(controls) < LEAST_PROBES:
        return None
    numbers = np.array([INDEX[name] for name in READ], np.int32)
    counted = np.ones(len(controls)) if counts is None else counts
    asked = np.concatenate([controls, turns], axis=1)
    mean_asked = np.average(asked, axis=0, weights=counted)
    inputs = asked - mean_asked
    odds = log_odds(scores[:, numbers])
    mean_odds = np.average(odds, axis=0, weights=counted)
    outputs = odds - mean_odds
    ridges = np.stack([_ridge(name) for name in READ])
    sensitivity = _regress(inputs, outputs, ridges, counted)
    missed = np.zeros_like(outputs)
    fold = np.arange(len(inputs)) % _FOLDS
    for number in range(_FOLDS):
        kept, tried = fold != number, fold == number
        missed[tried] = outputs[tried] - inputs[tried] @ _regress(inputs[kept], outputs[kept], ridges, counted[kept])
    count = len(CONTROLS)
    spread = np.cov(controls.T, aweights=counted) + _LOOSE * np.eye(count)
    return PuppetResponse(
        of_weights=maps.of_weights,
        of_details=maps.of_details,
        into_details=maps.into_details,
        into_jaw=maps.into_jaw,
        most=np.array([control.most for control in CONTROLS]),
        scores=numbers,
        sensitivity=sensitivity,
        offset=mean_odds - mean_asked @ sensitivity,
        noise=np.average(missed**2, axis=0, weights=counted),
        stiffness=np.asarray(np.linalg.inv(spread), np.float64),
        turn_rest=turned.rest,
        turn_gain=turned.gain,
        turn_curve=turned.curve,
        turn_of_weights=turned.of_weights,
        turn_of_details=turned.of_details,
        mean_scores=np.zeros(len(BLENDSHAPES)),
        weights_of_scores=np.zeros((len(BLENDSHAPES), len(BLENDSHAPES))),
        odds_of_scores=np.zeros((len(BLENDSHAPES), len(READ))),
    )


def _ridge(name: str) -> F64:
    """How hard each input is held at no influence on a score ``(C + 3,)``."""
    of_mouth = name == "jawOpen"
    side = next((side for side in ("Left", "Right") if name.endswith(side)), "")
    own = [c.of_mouth == of_mouth and (not side or c.side in ("", side)) for c in CONTROLS]
    return np.concatenate([np.where(own, _OWN, _FOREIGN), np.full(3, _TURN)])


def _regress(inputs: F64, outputs: F64, ridges: F64, counts: F64) -> F64:
    """Ridge regression ``(I, K)`` with one ridge ``(I,)`` for each output."""
    weighted = inputs.T * counts
    gram, right = weighted @ inputs, weighted @ outputs
    columns = [np.linalg.solve(gram + np.diag(ridge), right[:, k]) for k, ridge in enumerate(ridges)]
    return np.asarray(np.stack(columns, axis=1), np.float64)
