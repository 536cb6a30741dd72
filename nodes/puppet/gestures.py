"""Natural expressions to try a puppet with: units that act together, drawn by lot from a fixed seed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vivant.nodes.formats.arkit import INDEX

F64 = npt.NDArray[np.float64]


def _worn(**units: float) -> F64:
    """Expression ``(52,)``; a name without its side means both."""
    out = np.zeros(52)
    for name, weight in units.items():
        for full in (name,) if name in INDEX else (f"{name}Left", f"{name}Right"):
            out[INDEX[full]] = weight
    return out


_EYES = (
    _worn(eyeBlink=0.9, eyeSquint=0.4, eyeLookDown=0.4),
    _worn(eyeBlink=0.35, eyeLookDown=0.6, eyeSquint=0.2),
    _worn(eyeBlink=0.7, eyeLookDown=0.6),
    _worn(eyeBlink=0.5, eyeSquint=0.5),
    _worn(eyeBlinkLeft=0.9, eyeSquintLeft=0.5),
    _worn(eyeBlinkRight=0.9, eyeSquintRight=0.5),
    _worn(eyeSquint=0.7, cheekSquint=0.4),
    _worn(eyeWide=0.6),
    _worn(),
)
_GAZES = (
    _worn(eyeLookUp=0.6),
    _worn(eyeLookDown=0.5),
    _worn(eyeLookOutLeft=0.7, eyeLookInRight=0.7),
    _worn(eyeLookInLeft=0.7, eyeLookOutRight=0.7),
    _worn(),
)
_BROWS = (
    _worn(browInnerUp=0.8, browOuterUp=0.7),
    _worn(browInnerUp=0.7),
    _worn(browOuterUp=0.6),
    _worn(browOuterUpLeft=0.7),
    _worn(browOuterUpRight=0.7),
    _worn(browDown=0.7),
    _worn(browDown=0.5, browInnerUp=0.3),
    _worn(),
)
_MOUTHS = (
    _worn(mouthSmile=0.8, cheekSquint=0.3),
    _worn(mouthSmile=0.8, mouthUpperUp=0.5, mouthLowerDown=0.4, jawOpen=0.1),
    _worn(mouthSmile=0.7, mouthUpperUp=0.4, mouthLowerDown=0.6, jawOpen=0.4),
    _worn(mouthSmileLeft=0.7),
    _worn(mouthSmileRight=0.7),
    _worn(jawOpen=0.25),
    _worn(jawOpen=0.6, mouthLowerDown=0.2),
    _worn(jawOpen=1.0, mouthLowerDown=0.3, mouthUpperUp=0.2),
    _worn(jawOpen=0.9, mouthFunnel=0.4, mouthPucker=0.3),
    _worn(jawOpen=0.9, mouthSmile=0.4, mouthUpperUp=0.4, mouthLowerDown=0.5),
    _worn(jawOpen=0.4, mouthLowerDown=0.5, mouthUpperUp=0.2),
    _worn(jawOpen=0.4, mouthClose=0.3),
    _worn(mouthStretch=0.4, mouthLowerDown=0.5, mouthUpperUp=0.3, jawOpen=0.1),
    _worn(mouthStretch=0.6),
    _worn(mouthPucker=0.9),
    _worn(mouthPucker=0.8, mouthFunnel=0.2, jawOpen=0.1),
    _worn(mouthPucker=0.5, mouthShrugLower=0.3),
    _worn(mouthFunnel=0.5, mouthPucker=0.3, jawOpen=0.3),
    _worn(mouthPress=0.5),
    _worn(mouthPress=0.6, mouthRollLower=0.4, mouthRollUpper=0.3),
    _worn(mouthRollLower=0.6, mouthRollUpper=0.3),
    _worn(mouthRollUpper=0.5),
    _worn(mouthShrugLower=0.6, mouthShrugUpper=0.3),
    _worn(mouthFrown=0.5, mouthShrugLower=0.4),
    _worn(mouthLeft=0.5, mouthSmileLeft=0.3),
    _worn(mouthRight=0.5, mouthSmileRight=0.3),
    _worn(mouthUpperUp=0.6, noseSneer=0.3),
    _worn(mouthUpperUpLeft=0.6),
    _worn(mouthUpperUpRight=0.6),
    _worn(mouthLowerDown=0.6),
    _worn(mouthLowerDownLeft=0.6, mouthLowerDownRight=0.3),
    _worn(mouthLowerDownLeft=0.3, mouthLowerDownRight=0.6),
    _worn(mouthDimple=0.5, mouthPress=0.3),
    _worn(),
)
_STRENGTH = (0.25, 1.1)
_SECOND_MOUTH, _SECOND_STRENGTH = 0.35, (0.1, 0.5)
_STRAY = 0.04
_TURN_DEG = (5.0, 8.0, 4.0)
_SEED = 7
_PLAIN_DEG = (
    *((pitch, 0, 0) for pitch in (-20, -10, 10, 20)),
    *((0, yaw, 0) for yaw in (-30, -20, -10, 10, 20, 30)),
    *((0, 0, roll) for roll in (-15, 15)),
    *((pitch, yaw, 0) for pitch in (-12, 12) for yaw in (-18, 18)),
)


def gestures(count: int) -> tuple[F64, F64]:
    """Return expressions ``(count, 52)`` in [0, 1] and turns of the head ``(count, 3)``, rotation vectors in radians.

    Each takes something for eyes, gaze, brows and mouth, all of the same region equally often. The same ones every
    time.
    """
    lot = np.random.default_rng(_SEED)
    worn = np.zeros((count, 52))
    for region in (_EYES, _GAZES, _BROWS, _MOUTHS):
        rounds = [lot.permutation(len(region)) for _ in range(count // len(region) + 1)]
        for row, number in enumerate(np.concatenate(rounds)[:count]):
            worn[row] += lot.uniform(*_STRENGTH) * region[number] * lot.uniform(0.75, 1.1, 52)
    for again in np.flatnonzero(lot.random(count) < _SECOND_MOUTH):
        worn[again] += lot.uniform(*_SECOND_STRENGTH) * _MOUTHS[lot.integers(len(_MOUTHS))]
    worn += _STRAY * np.abs(lot.standard_normal(worn.shape)) * (lot.random(worn.shape) < 0.5)
    return np.clip(worn, 0, 1), np.radians(lot.standard_normal((count, 3)) * _TURN_DEG)


def plain_turns() -> F64:
    """Return turns of a head without expression, as far as they are natural ``(16, 3)``, as of `gestures`."""
    return np.radians(np.array(_PLAIN_DEG, np.float64))
