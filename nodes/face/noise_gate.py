"""Calms numbers as far as they are seen to be noisy."""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

REMEMBERED = 31
"""Frames over which noise is judged: a second. A blink covers five of them, and does not reach the median."""
_FEWEST = 7
MOST_NOISE = 0.1
"""What is noisier than this moves; it is not held back any further."""
WIDTH = 3.0
"""How many standard deviations of its noise a number must move to be followed halfway at once."""
# White noise of deviation 1 has second differences of deviation sqrt(6); half of a normal distribution lies within
# 0.6745 deviations.
_MEDIAN_OF_SECOND_DIFFERENCE = 0.6745 * np.sqrt(6.0)


class NoiseGate:
    """Follows changes well above the noise at once, and lets those within it in slowly.

    The gain is that of a Wiener filter whose signal is the change itself: ``d^2 / (d^2 + (3 sigma)^2)``, sigma the
    deviation of the noise as the median of second differences tells it (glasses, beards and poor light have much of
    it). Where there is no noise nothing is changed.
    """

    def __init__(self) -> None:
        self._recent: deque[Array] = deque(maxlen=REMEMBERED)
        self._value: Array | None = None

    def reset(self) -> None:
        """Go on from the next value; what is known of the noise stays."""
        self._value = None

    @property
    def noise(self) -> Array:
        """Standard deviation of the noise of each number; 0 until enough was seen."""
        if len(self._recent) < _FEWEST:
            return np.zeros(self._recent[0].shape if self._recent else ())
        second = np.diff(np.array(self._recent), n=2, axis=0)
        sigma = np.median(np.abs(second), axis=0) / _MEDIAN_OF_SECOND_DIFFERENCE
        return np.minimum(sigma, MOST_NOISE)

    def __call__(self, value: Array) -> Array:
        """Return the calmed numbers."""
        self._recent.append(value)
        if self._value is None:
            self._value = value
            return value
        step = value - self._value
        held = (WIDTH * self.noise) ** 2
        gain = np.divide(step**2, step**2 + held, out=np.ones_like(step), where=held > 0)
        self._value = self._value + gain * step
        return self._value
