"""What a body does by itself: blinks, small glances, breath, a head that is never quite still."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, radians, sin

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

BLINKS_PER_MINUTE = 17.0
"""Of people at rest; Bentivoglio et al., "Analysis of blink rate patterns in normal subjects", 1997."""
BLINK_S = 0.15
_SOONEST_BLINK_S = 0.8
_CLOSING = 0.4  # share of a blink: lids fall faster than they rise
_GLANCE_S = 0.05
_GLANCES_S = (0.7, 3.2)
_GLANCE_DEG = (5.0, 2.5)
_BREATH_S, _SLEEPING_BREATH_S = 4.2, 5.4
_BREATH_PITCH_DEG, _SLEEPING_BREATH_PITCH_DEG = 0.25, 0.6
_BREATH_RISE, _SLEEPING_BREATH_RISE = 0.006, 0.011
_SLEEPING_DRIFT = 0.2
_DRIFT_DEG = (0.9, 1.4, 0.5)
_DRIFT_S = ((7.3, 13.9, 23.1), (8.9, 16.7, 29.3), (10.7, 19.9, 31.7))


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """What is added to a pose at one moment.

    Attributes:
        closure: Of the lids, 0 to 1.
        gaze: Yaw (toward the viewer's right) and pitch (up) in radians.
        turn: Of the head as a rotation vector in radians, ``(3,)``.
        rise: Of the head by breathing, in face widths.
    """

    closure: float
    gaze: tuple[float, float]
    turn: F64
    rise: float


class IdleLife:
    """Life as a function of time and seed: the same seed lives the same life.

    Time must not go back from one call to the next.
    """

    def __init__(self, seed: int) -> None:
        """Begin a life at time 0."""
        self._rng = np.random.default_rng(seed)
        self._phases = self._rng.uniform(0, 2 * pi, (3, 3))
        self._blink_s = 0.0
        self._next_blink()
        self._glance_s = 0.0
        self._looks = (0.0, 0.0)
        self._looked = (0.0, 0.0)
        self._next_glance_s = float(self._rng.uniform(*_GLANCES_S))

    def at(self, time_s: float, asleep: float = 0.0) -> Moment:
        """Return what is added at a moment.

        Args:
            time_s: Seconds since the beginning.
            asleep: How deep it sleeps, 0 to 1: breath becomes slow and deep, the head lies still.
        """
        while time_s >= self._blink_s + BLINK_S:
            self._next_blink()
        while time_s >= self._next_glance_s:
            self._glance()
        share = _eased((time_s - self._glance_s) / _GLANCE_S)
        yaw, pitch = (a + share * (b - a) for a, b in zip(self._looked, self._looks, strict=True))
        turn = np.array(
            [
                radians(most) * sum(sin(2 * pi * time_s / s + p) for s, p in zip(spans, phases, strict=True)) / 3
                for most, spans, phases in zip(_DRIFT_DEG, _DRIFT_S, self._phases, strict=True)
            ]
        )
        turn *= 1 + asleep * (_SLEEPING_DRIFT - 1)
        # one breath is faded into the other: a rate that changed would make the phase depend on the rate of frames
        awake, sleeping = (1 - asleep) * _breath(time_s / _BREATH_S), asleep * _breath(time_s / _SLEEPING_BREATH_S)
        turn[0] -= radians(_BREATH_PITCH_DEG) * awake + radians(_SLEEPING_BREATH_PITCH_DEG) * sleeping
        rise = _BREATH_RISE * awake + _SLEEPING_BREATH_RISE * sleeping
        return Moment(_lid((time_s - self._blink_s) / BLINK_S), (yaw, pitch), turn, rise)

    def _next_blink(self) -> None:
        pause_s = 60 / BLINKS_PER_MINUTE - _SOONEST_BLINK_S
        self._blink_s += _SOONEST_BLINK_S + float(self._rng.exponential(pause_s))

    def _glance(self) -> None:
        self._glance_s = self._next_glance_s
        self._looked = self._looks
        most_yaw, most_pitch = (radians(deg) for deg in _GLANCE_DEG)
        # half of the glances come back to the viewer
        back = self._rng.random() < 0.5
        yaw, pitch = self._rng.uniform(-most_yaw, most_yaw), self._rng.uniform(-most_pitch, most_pitch)
        self._looks = (0.0, 0.0) if back else (float(yaw), float(pitch))
        self._next_glance_s += float(self._rng.uniform(*_GLANCES_S))


def _lid(share: float) -> float:
    """Closure during a blink of which `share` has passed."""
    if not 0 < share < 1:
        return 0.0
    return _eased(share / _CLOSING) if share < _CLOSING else _eased((1 - share) / (1 - _CLOSING))


def _breath(share: float) -> float:
    """How far the chest is risen when `share` of a breath has passed."""
    return 0.5 - 0.5 * cos(2 * pi * share)


def _eased(share: float) -> float:
    share = min(1.0, max(0.0, share))
    return share * share * (3 - 2 * share)
