"""Depth between two maps of a network that is slower than the video."""

from __future__ import annotations

import numpy as np

from vivant.nodes.formats.depth import DepthMap

MOST_S = 1.0
"""The longest time for which one map is faded into the next."""
RISE_S = 0.5
"""In which time a picture that was flat, for want of a map, rises into its first."""


class DepthFade:
    """Fades from what was shown into the newest map, within the time from the map before to it.

    Where there was no map the picture was shown flat: it rises into its first, unless that is of the very frame.

    All times are capture times of frames: a map is told by its picture's, and what is shown by that of the frame that
    it is shown with.
    """

    def __init__(self) -> None:
        """Begin without a map."""
        self.forget()

    def forget(self) -> None:
        """Throw away what was shown: it is of another scene."""
        self._from: DepthMap | None = None
        self._to: DepthMap | None = None
        self._t_ns = 0
        self._begun_ns = 0
        self._takes_ns = 0

    def take(self, depth: DepthMap, t_ns: int, now_ns: int) -> None:
        """Take a new map.

        Args:
            depth: The map.
            t_ns: Capture time of its picture.
            now_ns: Capture time of the frame that it is first shown with.
        """
        shown = self.at(now_ns)
        period_ns = min(t_ns - self._t_ns, round(MOST_S * 1e9))
        if shown is None:
            shown, period_ns = DepthMap(depth.values, 0.0, 0.0), round(RISE_S * 1e9)
            known = True
        else:
            known = shown.values.shape == depth.values.shape and not depth.begins
        self._to, self._t_ns, self._begun_ns = depth, t_ns, now_ns
        # a map of this very frame is right as it is
        self._from = shown if known and t_ns < now_ns and period_ns > 0 else None
        self._takes_ns = period_ns

    def at(self, now_ns: int) -> DepthMap | None:
        """Return the depth to be shown with a frame; None: there is none yet, it is flat."""
        start, end = self._from, self._to
        if start is None or end is None:
            return end
        share = (now_ns - self._begun_ns) / self._takes_ns
        if share >= 1:
            self._from = None
            return end
        share = max(0.0, share)
        values = np.asarray(start.values + np.float32(share) * (end.values - start.values), np.float32)
        near, far = (a + share * (b - a) for a, b in ((start.near, end.near), (start.far, end.far)))
        return DepthMap(values, near, far)

    def age_s(self, now_ns: int) -> float:
        """Return how much older than the frame the picture of the newest map is, in seconds."""
        return max(0, now_ns - self._t_ns) * 1e-9 if self._to is not None else 0.0
