"""Where to cut a depth map so that few layers separate most of its steps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]

_BINS = 512
_CLEAR = 0.15  # share of a step's height that a cut keeps away from either end: noise must not carry pixels across
_WORTH = 0.02  # a cut that separates less than this share of all steps is none


def depth_cuts(z: F32, step: float, most: int) -> list[float]:
    """Choose depths, farthest first.

    A step is separated by any cut between its far and its near side, so this is stabbing intervals with few points:
    greedily, each time where the sum of the heights of steps not yet separated is greatest.

    Args:
        z: ``float32 (h, w)``, sharpened.
        step: Least height of a step that has to be separated.
        most: How many cuts at most.

    Returns:
        Increasing depths, none of them where there are no steps.
    """
    pairs = [(z[:, :-1], z[:, 1:]), (z[:-1], z[1:])]
    low = np.concatenate([np.minimum(a, b).ravel() for a, b in pairs])
    high = np.concatenate([np.maximum(a, b).ravel() for a, b in pairs])
    steep = high - low > step
    low, high = low[steep].astype(np.float64), high[steep].astype(np.float64)
    if not len(low):
        return []
    bottom, top = float(z.min()), float(z.max())
    edges = np.linspace(bottom, top, _BINS + 1)
    width = (top - bottom) / _BINS
    # among cuts that are as good, the one through fewest pixels: continuous surfaces are better left whole
    crowd = np.histogram(z, edges)[0] / z.size
    cuts: list[float] = []
    whole = float((high - low).sum())
    while len(cuts) < most and len(low):
        height = high - low
        first = np.clip(np.ceil((low + _CLEAR * height - bottom) / width), 0, _BINS - 1).astype(np.int64)
        last = np.clip(np.floor((high - _CLEAR * height - bottom) / width), 0, _BINS - 1).astype(np.int64)
        last = np.maximum(first, last)
        change = np.bincount(first, height, _BINS + 1) - np.bincount(last + 1, height, _BINS + 1)
        gain = np.cumsum(change)[:_BINS]
        best = int(np.argmax(gain * (1 - 0.2 * crowd / max(crowd.max(), 1e-9))))
        if gain[best] < _WORTH * whole:
            break
        cut = bottom + (best + 0.5) * width
        cuts.append(cut)
        left = (low >= cut) | (high <= cut)
        low, high = low[left], high[left]
    return sorted(cuts)
