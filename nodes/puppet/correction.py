"""Corrects what a puppet is asked so that the tracker reads from its drawing what it reads from the driver."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.expression_solver import descend
from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.formats.response import PuppetResponse
from vivant.nodes.puppet.response_fit import log_odds

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

_READING_NOISE = 0.03
_LEAST_ODDS = 0.02
_REMEMBERED_S = 10.0
_SWEEPS = 60
_MOST_LEAK, _MOST_ODDS = 0.4, 2.0
"""How far what was learned of a driver may move a weight, and the log-odds of a score that shall be read."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What a puppet is asked: weights ``(52,)``, details ``(H + 2, 2)``, and the turn's rotation vector ``(3,)``.

    The turn is taken as it is: `vivant.nodes.puppet.turn_response` says which is to be asked.
    """

    weights: F32
    details: F32
    turn: F64


class Correction:
    """The most likely change of a puppet's controls, given what shall be read: linear, Gaussian, bounded.

    A face's scores have a level of their own, heavy brows or wide eyes. It is who one is, not what one does: how far
    the puppet's level is from the driver's is remembered for some seconds and left alone, only changes are corrected.
    """

    def __init__(self) -> None:
        self._response: PuppetResponse | None = None
        self.forget()

    def forget(self) -> None:
        """Another driver comes."""
        self._level: F64 | None = None
        self._seen_s = 0.0

    def step(self, response: PuppetResponse, asked: Asked, scores: F32, dt_s: float) -> Asked:
        """Correct one frame.

        Args:
            response: Of the puppet.
            asked: What the driver does.
            scores: What the tracker read from the driver, ``(52,)``.
            dt_s: Seconds since the call before, 0 or more.
        """
        if response is not self._response:
            self._response = response
            self.forget()
        count = len(response.most)
        controls = self._controls(response, asked.weights, asked.details)
        wanted = scores[response.scores].astype(np.float64)
        expected = response.offset + np.concatenate([controls, asked.turn]) @ response.sensitivity
        jaw = INDEX["jawOpen"]
        deviation = scores - response.mean_scores
        leak = np.clip(deviation @ response.weights_of_scores, -_MOST_LEAK, _MOST_LEAK)
        # what the mouth makes up for shows in the eyes' scores; in the jaw's it cancels what is read amiss
        eyes = response.scores != jaw
        expected[eyes] += ((leak @ response.of_weights) @ response.sensitivity[:count])[eyes]
        missed = log_odds(wanted, _LEAST_ODDS) - expected
        if self._level is None:
            self._level = missed
        self._seen_s = min(self._seen_s + dt_s, _REMEMBERED_S)
        if dt_s > 0:
            self._level = self._level + min(1.0, dt_s / self._seen_s) * (missed - self._level)
        missed = missed - self._level + np.clip(deviation @ response.odds_of_scores, -_MOST_ODDS, _MOST_ODDS)
        # Scores near 0 and 1 say little: their noise is large in log-odds.
        noise = response.noise + (_READING_NOISE / np.maximum(wanted * (1 - wanted), 0.01)) ** 2
        weighted = response.sensitivity[:count] / noise
        gram = weighted @ response.sensitivity[:count].T + response.stiffness
        change = bounded_least_squares(gram, weighted @ missed, response.most)
        weights = asked.weights.copy()
        weights[jaw] += response.into_jaw @ change
        weights = np.clip(weights + leak, 0, 1).astype(np.float32)
        into_details = (change @ response.into_details.reshape(count, -1)).reshape(asked.details.shape)
        details = (asked.details + into_details).astype(np.float32)
        return Asked(weights, details, asked.turn)

    @staticmethod
    def _controls(response: PuppetResponse, weights: F32, details: F32) -> F64:
        flat = response.of_details.reshape(-1, response.of_details.shape[2])
        return np.asarray(weights @ response.of_weights + details.reshape(-1) @ flat, np.float64)


def bounded_least_squares(gram: F64, right: F64, most: F64) -> F64:
    """Minimise ``x' gram x / 2 - right' x`` with ``|x| <= most``, by projected coordinate descent ``(n,)``."""
    free = np.flatnonzero(most > 0)
    out = np.zeros(len(most))
    if not len(free):
        return out
    span = 2 * most[free]
    inner = gram[np.ix_(free, free)]
    # In u = (x / most + 1) / 2 the bounds are 0 and 1, as the solver has them.
    scaled = np.ascontiguousarray(inner * span[:, None] * span)
    goal = np.ascontiguousarray(span * (right[free] + inner @ most[free]))
    u = np.full(len(free), 0.5)
    descend(scaled, goal, np.zeros(len(free)), 0.0, _SWEEPS, u)
    out[free] = span * u - most[free]
    return out
