"""Conjugate gaze: both eyes look the same way. What a tracker reads of each alone wanders by more than eyes do."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

_CROSSED = 0.06
"""Half of what the eyes differ by, in widths of the eye, of which half is kept: some 8 degrees for each eye. Looking at
something at arm's length turns each by 3; on five drivers, none of whom crosses his eyes, 0.016 to 0.047 are read
across (standard deviation), mostly from where an eye's corners are seen."""
_LEAST_OPEN = 0.05
"""How much an eye counts that is closed; where both are, both count alike."""


def conjugate(places: F64, closed: F64) -> F64:
    """Return where irises are that look one way, ``(2, 2)``; eyes that are crossed on purpose stay so.

    Args:
        places: Where they were read to be from their neutral place, the right one and the left one, in widths of the
            eye ``(2, 2)``.
        closed: How far each eye is closed, in [0, 1], ``(2,)``: what is hidden is not read, and looks as the other.
    """
    seen = np.maximum(1 - closed, _LEAST_OPEN)
    middle = seen @ places / seen.sum()
    half = 0.5 * (places[0] - places[1])
    square = half * half
    half = seen.prod() * half * square / (square + _CROSSED**2)
    return np.asarray(middle + np.stack([half, -half]), np.float64)
