"""Lids: how far they must be closed to read as closed as a driver's.

What the tracker reads from lids that close is no straight line, not in log-odds either: half closed lids read as open,
and then a little more closes them. So they are swept, and what is asked is taken from the curve.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.details import DetailScale
from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.puppet.controls import CONTROLS

F64 = npt.NDArray[np.float64]

SIDES = ("Right", "Left")
BLINKS = np.array([INDEX[f"eyeBlink{side}"] for side in SIDES])
SWEEP = np.linspace(0, 1, 13)
_LOOK_DOWN, _SQUINT = 0.4, 0.4
_CLOSED_ODDS = 0.3
"""Log-odds that the tracker gives to closed eyes, more or less, whoever they belong to."""
_LEAST_ROOM = 1.0
_TRUSTED = 0.4  # of the way from rest to closed, in log-odds
_NOISE, _DOUBT = 0.35, 0.3
_STEPS = np.linspace(-0.2, 1.1, 66)


def swept(level: float) -> F64:
    """Return the expression ``(52,)`` of eyes that are as far in a blink: they look down and squint a little."""
    out = np.zeros(52)
    for side in SIDES:
        out[INDEX[f"eyeBlink{side}"]] = level
        out[INDEX[f"eyeLookDown{side}"]] = _LOOK_DOWN * level
        out[INDEX[f"eyeSquint{side}"]] = _SQUINT * level
    return out


def closing_of(scale: DetailScale) -> F64:
    """Return by how much each control closes the right and the left eye, 1 from open to closed, ``(C, 2)``."""
    out = np.zeros((len(CONTROLS), 2))
    for number, side in enumerate(SIDES):
        for at, control in enumerate(CONTROLS):
            if control.name == f"lidUpper{side}":
                out[at, number] = -control.unit / scale.lid_gap[number]
            elif control.name == f"lidLower{side}":
                out[at, number] = control.unit / scale.lid_gap[number]
    return out


def monotone(odds: F64) -> F64:
    """Return the nearest sequences ``(n, 2)`` that never fall, by pooling neighbours that do (isotonic regression)."""
    columns = []
    for column in odds.T:
        pools: list[tuple[float, int]] = []
        for value in column:
            pools.append((float(value), 1))
            while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
                (a, m), (b, n) = pools[-2:]
                pools[-2:] = [((m * a + n * b) / (m + n), m + n)]
        columns.append(np.concatenate([np.full(count, mean) for mean, count in pools]))
    return np.stack(columns, axis=1)


class LidCurve:
    """What the tracker reads from each eye of a puppet, by how far it is closed.

    Args:
        closed: ``(n,)`` rising, 0 open, 1 closed.
        odds: ``(n, 2)`` log-odds of the right and the left blink.
    """

    def __init__(self, closed: F64, odds: F64) -> None:
        self._closed, self._odds = closed, odds

    def at(self, closed: F64) -> F64:
        """Return the log-odds ``(2,)`` where the eyes are closed so far ``(2,)``."""
        return np.array([np.interp(c, self._closed, self._odds[:, n]) for n, c in enumerate(closed)])

    def towards(self, closed: F64, wanted: F64) -> F64:
        """Return how far to close ``(2,)`` to read as wanted, log-odds ``(2,)``, without going far from `closed`."""
        out = np.empty(2)
        for n in range(2):
            tried = np.concatenate([_STEPS, closed[n : n + 1]])
            missed = (np.interp(tried, self._closed, self._odds[:, n]) - wanted[n]) / _NOISE
            out[n] = tried[np.argmin(missed**2 + ((tried - closed[n]) / _DOUBT) ** 2)]
        return out


def still_open(odds: F64, rest: F64) -> F64:
    """How open eyes are, 1 as at rest, 0 closed, by their log-odds and those of their rest, each ``(2,)``.

    Open eyes have a level of their own, large or narrow ones; closed eyes are alike.
    """
    return np.clip((_CLOSED_ODDS - odds) / np.maximum(_CLOSED_ODDS - rest, _LEAST_ROOM), 0, 1)


def trust(open_still: F64) -> F64:
    """By what share the curve is followed: open lids do as they are told, what they read then is mostly noise."""
    t = np.clip((1 - open_still) / _TRUSTED, 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float64)
