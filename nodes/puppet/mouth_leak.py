"""What of a mouth is read amiss: learned in a driver's own moments, and made up for in what the mouth is asked."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vivant.nodes.formats.arkit import BLENDSHAPES

F64 = npt.NDArray[np.float64]

_MOUTH = np.array([name.startswith(("jaw", "mouth")) for name in BLENDSHAPES])
_LEAST_STD = 0.03
"""Scores that vary by less do not move."""
_LEAST_MOMENTS = 12
_RIDGE = 0.03
"""As a share of the inputs' mean variance."""
_STEP = 0.7


def mouth_leak(wanted: F64, read: F64) -> F64:
    """Say how a mouth's weights are to be moved, for each of the driver's scores, so that less is read amiss.

    The dark between funnelled lips is no open jaw, but looks like one to the tracker, in each picture in another way.
    What was missed is put down to the scores that moved with it, by ridge regression. A score follows its weight about
    one to one; the step is somewhat shorter.

    Args:
        wanted: The driver's scores, ``(N, 52)``.
        read: What the tracker read of the puppet in the same moments, ``(N, 52)``.

    Returns:
        ``float64 (52, 52)``: row i, what weights are changed by for 1 of score i above its mean; 0: nothing is known.
    """
    out = np.zeros((len(BLENDSHAPES), len(BLENDSHAPES)))
    moved = _MOUTH & _moving(wanted)
    if len(wanted) < _LEAST_MOMENTS or not moved.any():
        return out
    inputs = wanted[:, moved] - wanted[:, moved].mean(axis=0)
    missed = (wanted - read)[:, moved]
    gram = inputs.T @ inputs
    gram += _RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram))
    out[np.ix_(moved, moved)] = _STEP * np.linalg.solve(gram, inputs.T @ (missed - missed.mean(axis=0)))
    return out


def followed(wanted: F64, read: F64) -> float:
    """Return how well a puppet follows a driver: the mean correlation of the scores that move, in [-1, 1]."""
    moved = _moving(wanted)
    if not moved.any():
        return 0.0
    a, b = (values[:, moved] - values[:, moved].mean(axis=0) for values in (wanted, read))
    scale = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    return float(np.divide((a * b).sum(axis=0), scale, out=np.zeros_like(scale), where=scale > 0).mean())


def _moving(wanted: F64) -> npt.NDArray[np.bool_]:
    return np.asarray(wanted.std(axis=0) > _LEAST_STD)
