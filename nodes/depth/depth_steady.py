"""Steadies the maps of a depth network over time: each is laid onto the one before, and noise is averaged away."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float32]

GRID = (64, 48)
"""Width and height of what is laid onto each other: means over its cells have little noise."""
MOST_SCALE = 4.0
"""By how much the scale of a map may differ from the one before; beyond that it is another scene."""
LEAST_COMMON = 0.3
"""Share of two maps that must fit each other, else they are of different scenes."""
FITS = 0.1
"""What counts as a fit, as a share of the range from near to far."""
MOST_NOISE = 0.03
"""What may be taken for noise, as a share of that range."""
OWN_SHARE = 0.02
"""How much of a map's own scale and shift is kept at each step: a chain of fits alone would drift without end."""
_ROUNDS = 8


class DepthSteady:
    """Steadies maps whose scale and shift the network chooses anew each time.

    A map is laid onto what is shown by least squares. What then differs by no more than noise does is taken over by
    and by; what differs by more has moved, and is taken over at once, so that nothing that moves leaves a trail.
    """

    def __init__(self) -> None:
        """Begin without a map: the first is taken as it is."""
        self._shown: Floats | None = None

    def forget(self) -> None:
        """Begin anew, with another scene."""
        self._shown = None

    def take(self, disparity: Floats, calm: float) -> tuple[Floats, bool]:
        """Steady one map.

        Args:
            disparity: ``float32 (h, w)``, finite, larger is nearer.
            calm: Share of what was shown that is kept where nothing moves, from 0.

        Returns:
            The map to show, ``float32 (h, w)``, in the scale of the one before; and whether it begins anew instead.
        """
        before = self._shown
        if before is None or before.shape != disparity.shape:
            self._shown = disparity
            return disparity, True
        fit = scale_and_shift(disparity, before)
        if fit is None:
            self._shown = disparity
            return disparity, True
        scale = fit[0] + OWN_SHARE * (1 - fit[0])
        shift = fit[1] * (1 - OWN_SHARE)
        self._shown = _followed(before, disparity * np.float32(scale) + np.float32(shift), calm)
        return self._shown, False


def scale_and_shift(of: Floats, onto: Floats) -> tuple[float, float] | None:
    """Return scale and shift that lay one map onto another, though a part of the scene has moved.

    Iteratively reweighted least squares with the weights of Geman and McClure, ``1 / (1 + (r / s)^2)^2`` for the
    residual ``r``, where the spread ``s`` is told by the median (Holland, Welsch: Robust regression using iteratively
    reweighted least-squares, 1977).

    Args:
        of: ``float32 (h, w)``, finite.
        onto: ``float32 (h, w)``, finite.

    Returns:
        ``(a, b)`` with ``a * of + b`` near `onto`; None where the two have nothing in common. A flat map is shifted.
    """
    x, y = _cells(of), _cells(onto)
    span = _span(y)
    if _span(x) <= 1e-6 * max(1e-6, float(np.abs(x).max())) or span <= 1e-6 * max(1e-6, float(np.abs(y).max())):
        return 1.0, float(np.median(y) - np.median(x))
    scale = span / _span(x)
    shift = float(np.median(y - scale * x))
    for _ in range(_ROUNDS):
        apart = np.abs(scale * x + shift - y)
        spread = max(1.4826 * float(np.median(apart)), 1e-4 * span)
        weight = 1 / (1 + (apart / spread) ** 2) ** 2
        weight /= weight.sum()
        mean_x, mean_y = float((weight * x).sum()), float((weight * y).sum())
        variance = float((weight * (x - mean_x) ** 2).sum())
        if variance <= 0:
            break
        scale = float((weight * (x - mean_x) * (y - mean_y)).sum()) / variance
        shift = mean_y - scale * mean_x
    common = float((np.abs(scale * x + shift - y) < FITS * span).mean())
    if common < LEAST_COMMON or not 1 / MOST_SCALE <= scale <= MOST_SCALE:
        return None
    return scale, shift


def _cells(values: Floats) -> npt.NDArray[np.float64]:
    import cv2

    size = min(GRID[0], values.shape[1]), min(GRID[1], values.shape[0])
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float64).ravel()


def _span(values: npt.NDArray[np.float64]) -> float:
    low, high = np.percentile(values, (2, 98))
    return float(high - low)


def _followed(shown: Floats, fresh: Floats, calm: float) -> Floats:
    import cv2

    change = fresh - shown
    side = 5 if min(shown.shape) >= 128 else 3
    # one pixel cannot tell noise from motion, its neighbours together can
    size = np.asarray(cv2.blur(np.abs(change), (side, side)), np.float32)
    noise = min(float(np.median(size)), MOST_NOISE * _span(_cells(shown)))
    moved = np.clip(size / np.float32(max(2 * noise, 1e-12)) - 1, 0, 1) if noise > 0 else np.float32(1)
    follow = np.float32(1 - calm) + np.float32(calm) * moved
    return np.asarray(shown + follow * change, np.float32)
