"""Steadies numbers over time: calm ones strongly, quick ones hardly."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


class OneEuro:
    """The 1 euro filter, for each number of an array.

    Casiez, Roussel and Vogel, "1 Euro Filter: A Simple Speed-based Low-pass Filter for Noisy Input in Interactive
    Systems", 2012.

    Args:
        min_cutoff_hz: What passes where nothing moves.
        beta: By how many hertz the cutoff rises for each unit per second of speed.
        speed_cutoff_hz: How the speed itself is steadied.
    """

    def __init__(self, min_cutoff_hz: float, beta: float, speed_cutoff_hz: float = 1.0) -> None:
        self._min_cutoff_hz, self._beta, self._speed_cutoff_hz = min_cutoff_hz, beta, speed_cutoff_hz
        self._value: Array | None = None
        self._speed: Array | None = None

    def reset(self) -> None:
        """Forget what was: the next values pass as they are."""
        self._value = self._speed = None

    def __call__(self, value: Array, dt_s: float, scale: float = 1.0) -> Array:
        """Return the steadied values.

        Args:
            value: Of one shape throughout.
            dt_s: Seconds since the call before; with 0 nothing new is taken in.
            scale: Length of one unit, for the speed.
        """
        if self._value is None or self._speed is None:
            self._value, self._speed = value.astype(np.float64), np.zeros(value.shape)
            return self._value
        if dt_s <= 0:
            return self._value
        speed = (value - self._value) / (scale * dt_s)
        self._speed = self._speed + _share(self._speed_cutoff_hz, dt_s) * (speed - self._speed)
        cutoff_hz = self._min_cutoff_hz + self._beta * np.abs(self._speed)
        self._value = self._value + _share(cutoff_hz, dt_s) * (value - self._value)
        return self._value


def _share(cutoff_hz: Array | float, dt_s: float) -> Array:
    """Return how much of a new value a low pass of the first order takes."""
    turned = 2 * np.pi * np.asarray(cutoff_hz, np.float64) * dt_s
    return np.asarray(turned / (turned + 1))
