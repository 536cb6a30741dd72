"""What counts as near and as far: robust bounds of a depth network's output, held over time."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float32]

LOW_PERCENTILE, HIGH_PERCENTILE = 2.0, 98.0


class DepthRange:
    """Maps a network's inverse depth, which has no scale, to [0, 1].

    The bounds are percentiles, not extremes, and follow changes slowly: bounds taken from each frame alone
    make the whole picture pump as people move in and out.
    """

    def __init__(self, settle_s: float) -> None:
        """Start without bounds: the first map sets them.

        Args:
            settle_s: Time in which 63 % of a change is followed, in seconds; 0 follows at once.
        """
        self.settle_s = settle_s
        self._bounds: tuple[float, float] | None = None
        self._t_ns = 0

    def normalise(self, disparity: Floats, t_ns: int, seen: npt.NDArray[np.bool_] | None = None) -> Floats:
        """Map to [0, 1], 1 nearest.

        Args:
            disparity: ``float32 (h, w)``, finite, larger is nearer.
            t_ns: Capture time.
            seen: ``bool (h, w)``, what of it counts for the bounds, at least one; None: all.

        Returns:
            ``float32 (h, w)``; all 0 where the map is flat.
        """
        counts = disparity if seen is None else disparity[seen]
        low, high = (float(v) for v in np.percentile(counts, (LOW_PERCENTILE, HIGH_PERCENTILE)))
        if self._bounds is not None:
            elapsed_s = max(0, t_ns - self._t_ns) * 1e-9
            follow = 1.0 - math.exp(-elapsed_s / self.settle_s) if self.settle_s > 0 else 1.0
            low = self._bounds[0] + follow * (low - self._bounds[0])
            high = self._bounds[1] + follow * (high - self._bounds[1])
        self._bounds, self._t_ns = (low, high), t_ns
        span = high - low
        if span <= 1e-6 * max(abs(low), abs(high), 1e-6):
            return np.zeros_like(disparity)
        values: Floats = np.clip((disparity - low) / span, 0.0, 1.0).astype(np.float32)
        return values
