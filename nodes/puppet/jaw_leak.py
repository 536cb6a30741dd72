"""What else of a mouth is read as an open jaw: learned in a driver's own moments, and taken off the jaw."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vivant.nodes.formats.arkit import BLENDSHAPES, INDEX

F64 = npt.NDArray[np.float64]

_MOUTH = np.array([name.startswith(("jaw", "mouth")) for name in BLENDSHAPES])
_LEAST_STD, _LEAST_MOMENTS = 0.03, 12
_RIDGE, _STEP = 0.03, 0.7


def jaw_leak(wanted: F64, read: F64) -> F64:
    """Say how the jaw is to be moved, for each score of the driver's mouth, so that less of it is read amiss.

    A tongue's tip between funnelled lips, or a shadow under a lower lip, is no open jaw, but looks like one to the
    tracker, in each picture in another way. What was missed is put down to the scores that moved with it, by ridge
    regression. The jaw's score follows its weight about one to one; a step is shorter, and looking again shows what
    is left.

    Args:
        wanted: The driver's scores, ``(N, 52)``.
        read: What the tracker read of the puppet in the same moments, ``(N, 52)``.

    Returns:
        ``float64 (52,)`` weight of jawOpen for each unit of a score above its mean; 0: nothing can be said.
    """
    out = np.zeros(len(BLENDSHAPES))
    moved = _MOUTH & (wanted.std(axis=0) > _LEAST_STD) if len(wanted) >= _LEAST_MOMENTS else np.zeros_like(_MOUTH)
    if not moved.any():
        return out
    inputs = wanted[:, moved] - wanted[:, moved].mean(axis=0)
    missed = wanted[:, INDEX["jawOpen"]] - read[:, INDEX["jawOpen"]]
    gram = inputs.T @ inputs
    gram += _RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram))
    out[moved] = _STEP * np.linalg.solve(gram, inputs.T @ (missed - missed.mean()))
    return out
