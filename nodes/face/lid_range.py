"""How far the lids of one person open and close, as the tracker sees them."""

from __future__ import annotations

from dataclasses import dataclass, replace

MOST_OPEN, LEAST_CLOSED = 0.35, 0.45
"""Bounds of what is believed: eyes that are read as more closed than this are half shut, and are meant to look so."""
USUAL_CLOSED = 0.65
"""What is taken for closed before a blink was seen. The highest readings of the eyes of five drivers were 0.58, 0.62,
0.75, 0.77 and 0.79, and the first one's are shut at 0.5 already: taken by its word, no eye would ever close."""

_OPEN_SHARE = 0.3  # the open lid lies where it is below for this share of the time: looking down closes lids, too
_OPEN_PER_S, _OPEN_AT_FIRST_PER_S, _FIRST_S = 0.03, 0.6, 1.0
_BLINK_FROM, _BLINK_TO = 0.2, 0.12  # above the open lid
_LONGEST_BLINK_S = 0.4
_PEAK_RISES, _PEAK_FALLS = 0.6, 0.3  # a blink that was half a blink, or seen between two frames, must not count much
_DOWN, _DOWN_S = 0.4, 0.3
"""Of ``eyeLookDown`` before the lid fell, a mean over about so long: what closes is read as looking down, too."""


@dataclass(frozen=True, slots=True)
class Lid:
    """What ``eyeBlink`` of one eye reads when it is open and when it is closed, both in [0, 1]."""

    open: float = 0.0
    closed: float = USUAL_CLOSED

    def __call__(self, read: float) -> float:
        """Return the closure of the lid, in [0, 1]: 0 at `open`, 1 at `closed`."""
        return min(1.0, max(0.0, (read - self.open) / (self.closed - self.open)))


class LidRange:
    """Learns the range of one eye while it is used.

    Open is a running quantile, changed by a few hundredths a second at most, in the first second by more. Closed
    follows the peaks of blinks: what rises and falls again within 0.4 s of an eye that did not look down, where the lid
    follows the gaze.

    Attributes:
        lid: What is known by now.
    """

    def __init__(self, lid: Lid | None = None) -> None:
        """Begin with a lid that is known, or with the usual range."""
        self.lid = lid or Lid()
        self._known_s = 0.0 if lid is None or lid == Lid() else _FIRST_S
        self._peak = 0.0
        self._raised_s: float | None = None
        self._down: float | None = None

    def learn(self, read: float, looks_down: float, dt_s: float) -> None:
        """Take in one frame.

        Args:
            read: ``eyeBlink`` as it was read.
            looks_down: ``eyeLookDown`` of the same eye.
            dt_s: Seconds since the frame before.
        """
        lid = self.lid
        if self._down is None:
            self._down = looks_down
        speed = _OPEN_AT_FIRST_PER_S if self._known_s < _FIRST_S else _OPEN_PER_S
        self._known_s = min(_FIRST_S, self._known_s + dt_s)
        step = speed * min(dt_s, 0.1) * (_OPEN_SHARE - (read < lid.open))
        self.lid = replace(lid, open=min(MOST_OPEN, max(0.0, lid.open + step)))
        if self._raised_s is None:
            if read > lid.open + _BLINK_FROM:
                self._raised_s, self._peak = 0.0, read
            else:
                self._down += min(1.0, dt_s / _DOWN_S) * (looks_down - self._down)
            return
        self._raised_s += dt_s
        self._peak = max(self._peak, read)
        if read < lid.open + _BLINK_TO:
            if self._raised_s <= _LONGEST_BLINK_S and self._down < _DOWN:
                share = _PEAK_RISES if self._peak > lid.closed else _PEAK_FALLS
                closed = lid.closed + share * (self._peak - lid.closed)
                self.lid = replace(self.lid, closed=min(1.0, max(LEAST_CLOSED, closed)))
            self._raised_s = None
