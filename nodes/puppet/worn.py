"""What a puppet wears: an expression and a turn of the head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.formats.motion import faded
from vivant.nodes.formats.puppet import Puppet

LIDS = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]
_DROOP = np.radians(5.0)
_SLEEPING_JAW = 0.03
_SLACK = 0.5
"""What is left of the picture's own expression. Nobody sleeps with a broad smile; all of it undone looks strained."""


@dataclass(frozen=True, slots=True, eq=False)
class Worn:
    """An expression and where the head is.

    Attributes:
        weights: ``float32 (52,)``.
        turn: Of the head from rest as a rotation vector in radians ``(3,)``.
        rise: Of the head by breathing, in face widths.
        details: ``float32 (H + 2, 2)`` as `vivant.nodes.puppet.posing.taken_over` returns them; None: none.
    """

    weights: npt.NDArray[np.float32]
    turn: npt.NDArray[np.float64]
    rise: float = 0.0
    details: npt.NDArray[np.float32] | None = None

    @classmethod
    def resting(cls, puppet: Puppet) -> Worn:
        """Return what the picture itself wears."""
        return cls(puppet.expression, np.zeros(3))

    @classmethod
    def sleeping(cls, puppet: Puppet) -> Worn:
        """Return a face with closed eyes, its muscles slack, the head a little lowered."""
        weights = puppet.expression * np.float32(_SLACK)
        for side in ("Left", "Right"):
            weights[INDEX[f"eyeBlink{side}"]] = 1.0
            weights[INDEX[f"eyeWide{side}"]] = 0.0
        weights[INDEX["jawOpen"]] = max(float(weights[INDEX["jawOpen"]]), _SLEEPING_JAW)
        return cls(weights, np.array([_DROOP, 0.0, 0.0]))

    def towards(self, other: Worn, share: float, lids: float) -> Worn:
        """Return what lies on the way to another, 0 here, 1 there; the lids may be at another place of it."""
        # turns of a head stay far below 180 degrees: there the straight line between two of them is good enough
        change = other.weights - self.weights
        weights = self.weights + np.float32(share) * change
        weights[LIDS] = self.weights[LIDS] + np.float32(lids) * change[LIDS]
        return Worn(
            weights.astype(np.float32),
            self.turn + share * (other.turn - self.turn),
            self.rise + share * (other.rise - self.rise),
            faded(self.details, other.details, share),
        )
