"""What is read amiss of a puppet: learned in a driver's own moments, and made up for in what is asked.

What was missed is put down to the driver's scores that moved with it, by ridge regression: iterative learning control
with one step, which is somewhat shorter than what was missed.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vivant.nodes.formats.arkit import BLENDSHAPES, INDEX
from vivant.nodes.puppet.response_fit import log_odds

F64 = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_MOUTH = np.array([name.startswith(("jaw", "mouth")) for name in BLENDSHAPES])
_LEAST_STD = 0.03
"""Scores that vary by less do not move."""
LEAST_MOMENTS = 12
"""Of fewer nothing is said."""
_RIDGE = 0.03
"""As a share of the inputs' mean variance."""
_STEP = 0.7
_LEAST_ODDS = 0.02


def mouth_leak(wanted: F64, read: F64) -> F64:
    """Say how a mouth's weights are to be moved, for each of the driver's scores, so that less is read amiss.

    The dark between funnelled lips is no open jaw, but looks like one to the tracker, in each picture in another way.
    A score follows its weight about one to one.

    Args:
        wanted: The driver's scores, ``(N, 52)``.
        read: What the tracker read of the puppet in the same moments, ``(N, 52)``.

    Returns:
        ``float64 (52, 52)``: row i, what weights are changed by for 1 of score i above its mean; 0: nothing is known.
    """
    out = np.zeros((len(BLENDSHAPES), len(BLENDSHAPES)))
    moved = _MOUTH & _moving(wanted)
    if _enough(wanted, moved):
        out[np.ix_(moved, moved)] = _put_down_to(wanted[:, moved], (wanted - read)[:, moved])
    return out


def eyes_missed(wanted: F64, read: F64, scores: npt.NDArray[np.int32]) -> F64:
    """Say what a model of eyes and brows still misses, for each of the driver's scores.

    Lids that close look squinted, in one picture more than in another; a model that is linear, and careful with what
    it corrects, leaves some of that.

    Args:
        wanted: The driver's scores, ``(N, 52)``.
        read: What the tracker read of the puppet in the same moments, corrected by the model, ``(N, 52)``.
        scores: Which of the 52 the model speaks of, ``(K,)``.

    Returns:
        ``float64 (52, K)``: row i, log-odds by which more is to be asked for 1 of score i above its mean; 0: nothing is
        known. Of the jaw nothing is said: it belongs to the mouth.
    """
    out = np.zeros((len(BLENDSHAPES), len(scores)))
    moved = _moving(wanted)
    if _enough(wanted, moved):
        missed = log_odds(wanted[:, scores], _LEAST_ODDS) - log_odds(read[:, scores], _LEAST_ODDS)
        out[moved] = _put_down_to(wanted[:, moved], missed)
        out[:, scores == INDEX["jawOpen"]] = 0
    return out


def followed(wanted: F64, read: F64) -> float:
    """Return how well a puppet follows a driver: the mean correlation of the scores that move, in [-1, 1]."""
    moved = _moving(wanted)
    if not moved.any():
        return 0.0
    a, b = (values[:, moved] - values[:, moved].mean(axis=0) for values in (wanted, read))
    scale = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    return float(np.divide((a * b).sum(axis=0), scale, out=np.zeros_like(scale), where=scale > 0).mean())


def _put_down_to(inputs: F64, missed: F64) -> F64:
    """Regress what was missed ``(N, K)`` on the inputs ``(N, I)``; returns a step of that ``(I, K)``."""
    inputs = inputs - inputs.mean(axis=0)
    gram = inputs.T @ inputs
    gram += _RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram))
    return np.asarray(_STEP * np.linalg.solve(gram, inputs.T @ (missed - missed.mean(axis=0))))


def _enough(wanted: F64, moved: Flags) -> bool:
    return len(wanted) >= LEAST_MOMENTS and bool(moved.any())


def _moving(wanted: F64) -> Flags:
    return np.asarray(wanted.std(axis=0) > _LEAST_STD)
