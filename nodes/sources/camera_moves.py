"""Where a camera is during its moves; each ends where it began."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from math import pi, sin

import numpy as np

from vivant.nodes.formats.camera_pose import CameraPose

Swing = Callable[[float], float]
"""From turns (1 is a whole one) to -1..1: 0 at 0, 1 at a quarter, -1 at three quarters."""

_UPRIGHT = 0.6  # how high an orbit is for its width: eyes lie beside each other, and so do most things in a picture
_PAN = 0.5
_BREATH = 0.35
_DRIFTS = ((1, 0.6), (2, 0.3), (3, 0.2))  # turns in a period, and how strong each is


class Move(StrEnum):
    """What a camera does."""

    STILL = "still"
    """It stays where the picture was taken."""
    ORBIT = "orbit"
    """It goes round, looking at the same place."""
    PAN = "pan"
    """It goes from side to side, and its gaze with it."""
    DOLLY = "dolly"
    """It goes nearer and back."""
    DOLLY_ZOOM = "dolly_zoom"
    """It goes nearer while the lens widens: what lies in the picture plane keeps its size."""
    BREATHING = "breathing"
    """It goes nearer and up a little and back, as someone who stands and looks."""


class Easing(StrEnum):
    """How a swing from end to end and back runs."""

    SINE = "sine"
    """As a pendulum."""
    LINEAR = "linear"
    """Evenly, turning at once at the ends."""
    SMOOTH = "smooth"
    """Resting at the ends, fast between them."""


def camera_at(move: Move, turns: float, amplitude: float, easing: Easing = Easing.SINE) -> CameraPose:
    """Return the pose at one moment of a move.

    Args:
        move: What the camera does.
        turns: How much of it has passed, 1 is once through; at whole numbers it is where it was at 0.
        amplitude: How far it goes at most, picture heights.
        easing: How it runs between the ends.
    """
    swing = _SWINGS[easing]
    nearer = 0.5 * amplitude * (1 + swing(turns - 0.25))  # from 0, all of it half way through
    match move:
        case Move.ORBIT:
            return CameraPose((amplitude * swing(turns), _UPRIGHT * amplitude * swing(turns + 0.25), 0.0))
        case Move.PAN:
            aside = swing(turns)
            # a narrower frame has room to glide over the picture without leaving it
            room = min(_PAN * amplitude, 0.5)
            return CameraPose((amplitude * aside, 0.0, 0.0), zoom=1 / (1 - room), aim=(room * aside, 0.0))
        case Move.DOLLY:
            return CameraPose((0.0, 0.0, -nearer))
        case Move.DOLLY_ZOOM:
            return CameraPose((0.0, 0.0, -nearer), held=1.0)
        case Move.BREATHING:
            return CameraPose((0.0, _BREATH * nearer, -nearer))
        case Move.STILL:
            return CameraPose()


def drift(seed: int, turns: float) -> tuple[float, float]:
    """Return how a hand that holds the camera wavers, to the right and up, about -1..1.

    A few waves whose lengths are whole parts of the period, so that it ends where it began; where each of them starts
    is drawn from `seed`.
    """
    starts = np.random.default_rng(seed).uniform(0, 1, (2, len(_DRIFTS)))
    x, y = (
        sum(
            strength * sin(2 * pi * (times * turns + float(start)))
            for (times, strength), start in zip(_DRIFTS, row, strict=True)
        )
        for row in starts
    )
    return x, y


def _sine(turns: float) -> float:
    return sin(2 * pi * turns)


def _linear(turns: float) -> float:
    place = (turns + 0.25) % 1.0
    return 4 * place - 1 if place < 0.5 else 3 - 4 * place


def _smooth(turns: float) -> float:
    share = 0.5 * (_linear(turns) + 1)
    # Perlin's curve: neither speed nor its change jumps at the ends
    return 2 * share**3 * (share * (6 * share - 15) + 10) - 1


_SWINGS: dict[Easing, Swing] = {Easing.SINE: _sine, Easing.LINEAR: _linear, Easing.SMOOTH: _smooth}
