"""How far the lids of one person open and close, as the tracker sees them."""

from __future__ import annotations

from dataclasses import dataclass, replace

MOST_OPEN, LEAST_CLOSED = 0.35, 0.45
"""Bounds of what is believed: eyes that are read as more closed than this are half shut, and are meant to look so."""

_OPEN_SHARE = 0.3  # the open lid lies where it is below for this share of the time: looking down closes lids, too
_OPEN_PER_S = 0.03
_BLINK_FROM, _BLINK_TO = 0.2, 0.12  # above the open lid
_LONGEST_BLINK_S = 0.4
_PEAK_RISES, _PEAK_FALLS = 0.6, 0.3  # a blink that was half a blink, or seen between two frames, must not count much
_DOWN = 0.4


@dataclass(frozen=True, slots=True)
class Lid:
    """What ``eyeBlink`` of one eye reads when it is open and when it is closed, both in [0, 1]."""

    open: float = 0.0
    closed: float = 1.0

    def __call__(self, read: float) -> float:
        """Return the closure of the lid, in [0, 1]: 0 at `open`, 1 at `closed`."""
        return min(1.0, max(0.0, (read - self.open) / (self.closed - self.open)))


class LidRange:
    """Learns the range of one eye while it is used.

    Open is a running quantile, changed by a few hundredths a second at most. Closed follows the peaks of blinks: what
    rises and falls again within 0.4 s while the eye does not look down, where the lid follows the gaze.

    Attributes:
        lid: What is known by now.
    """

    def __init__(self, lid: Lid | None = None) -> None:
        """Begin with a lid that is known, or with the tracker's own range."""
        self.lid = lid or Lid()
        self._peak = 0.0
        self._raised_s: float | None = None
        self._looked_down = False

    def learn(self, read: float, looks_down: float, dt_s: float) -> None:
        """Take in one frame.

        Args:
            read: ``eyeBlink`` as it was read.
            looks_down: ``eyeLookDown`` of the same eye.
            dt_s: Seconds since the frame before.
        """
        lid = self.lid
        step = _OPEN_PER_S * min(dt_s, 0.1) * (_OPEN_SHARE - (read < lid.open))
        self.lid = replace(lid, open=min(MOST_OPEN, max(0.0, lid.open + step)))
        if self._raised_s is None:
            if read > lid.open + _BLINK_FROM:
                self._raised_s, self._peak, self._looked_down = 0.0, read, looks_down > _DOWN
            return
        self._raised_s += dt_s
        self._peak = max(self._peak, read)
        self._looked_down |= looks_down > _DOWN
        if read < lid.open + _BLINK_TO:
            if self._raised_s <= _LONGEST_BLINK_S and not self._looked_down:
                share = _PEAK_RISES if self._peak > lid.closed else _PEAK_FALLS
                closed = lid.closed + share * (self._peak - lid.closed)
                self.lid = replace(self.lid, closed=min(1.0, max(LEAST_CLOSED, closed)))
            self._raised_s = None
