"""How a face rests, and motion told from there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from vivant.nodes.formats.arkit import BLENDSHAPES, INDEX
from vivant.nodes.formats.motion import FaceMotion
from vivant.nodes.formats.rotation import rotation_matrix

F64 = npt.NDArray[np.float64]

MOST_REST = 0.5
"""So much of an expression is at rest at most: what is left is stretched to the whole range, and noise with it."""
LIDS = np.array([INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]])
LOOKS = np.array([i for i, name in enumerate(BLENDSHAPES) if name.startswith("eyeLook")])
_OPPOSITE = {"In": "Out", "Out": "In", "Up": "Down", "Down": "Up"}
_AGAINST = np.array(
    [INDEX[f"eyeLook{_OPPOSITE[way]}{side}"] for way in ("Down", "In", "Out", "Up") for side in ("Left", "Right")]
)
"""For each of `LOOKS` the way opposite to it."""


@dataclass(frozen=True, slots=True, eq=False)
class Neutral:
    """What a face wears, and how its head is turned, when it does nothing.

    Attributes:
        weights: ``float64 (52,)`` in [0, `MOST_REST`]; those of the lids are 0: they have a range of their own.
        turn: ``float64 (3,)`` rotation vector from head to camera, radians.
    """

    weights: F64
    turn: F64

    @classmethod
    def of(cls, weights: F64, turn: F64) -> Self:
        """Return the neutral of a face that wears these weights."""
        weights = np.clip(weights, 0, MOST_REST)
        weights[LIDS] = 0.0
        return cls(weights, turn)

    def towards(self, other: Neutral, share: float) -> Neutral:
        """Return what lies on the way to another, 0 here, 1 there."""
        return Neutral(
            self.weights + share * (other.weights - self.weights), self.turn + share * (other.turn - self.turn)
        )

    def off(self, motion: FaceMotion) -> FaceMotion:
        """Return a motion told from here.

        What the face wears at rest becomes 0, and 1 stays 1. The gaze is shifted, not stretched: who looks at the
        screen, below the camera, looks ahead.
        """
        worn = motion.weights.astype(np.float64)
        weights = np.clip((worn - self.weights) / (1 - self.weights), 0, 1)
        net = worn[LOOKS] - worn[_AGAINST] - (self.weights[LOOKS] - self.weights[_AGAINST])
        shared = np.minimum(worn[LOOKS], worn[_AGAINST])
        weights[LOOKS] = np.clip(shared + np.maximum(net, 0), 0, 1)
        rotation = motion.rotation.astype(np.float64) @ rotation_matrix(self.turn).T
        return replace(
            motion, weights=weights.astype(np.float32), rotation=rotation.astype(np.float32), from_neutral=True
        )
