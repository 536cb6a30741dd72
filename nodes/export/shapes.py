"""The 52 shapes of a puppet as plain displacements, for programs that know no jaw that swings by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vivant.nodes.formats.arkit import BLENDSHAPES
from vivant.nodes.formats.puppet import Puppet, PuppetPose
from vivant.nodes.puppet.places import places, rest_places
from vivant.nodes.puppet.posing import pose
from vivant.nodes.puppet.skinning import change_of
from vivant.nodes.puppet.veils import shown

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]


_WHOLE = 0.5
"""A shape that brings less than this of a veil to light brings none, where the picture wears it."""


@dataclass(frozen=True, slots=True, eq=False)
class Shapes:
    """What a puppet's vertices and veils do by expression.

    Attributes:
        neutral: ``float64 (V, 3)`` without expression, picture space.
        moves: ``float64 (52, V, 3)`` by each shape at weight 1.
        veils: ``float32 (F,)`` how much of each veil shows without expression.
        veil_moves: ``float32 (52, F)`` by how much each shape at weight 1 changes that.
    """

    neutral: F64
    moves: F64
    veils: F32
    veil_moves: F32


def shapes_of(puppet: Puppet) -> Shapes:
    """Pose each shape at 1 from the face without expression, and take the difference.

    The swing of the jaw and the turn of the eyes become chords of their arcs, all else is linear anyway. What the
    chords miss of the expression that the picture wears goes into `neutral`, so that the picture itself is exact.
    """
    none = _posed(puppet, np.zeros(52, np.float32))
    bent = [_posed(puppet, weights) for weights in np.eye(52, dtype=np.float32)]
    moves = np.stack([places(puppet, one) for one in bent]) - places(puppet, none)
    neutral = rest_places(puppet) - np.tensordot(puppet.expression.astype(np.float64), moves, axes=1)
    veils = shown(puppet, change_of(puppet, none))
    veil_moves = np.stack([shown(puppet, change_of(puppet, one)) - veils for one in bent]).astype(np.float32)
    return Shapes(neutral, moves, veils, _nothing_at_rest(puppet, veils, veil_moves))


def _posed(puppet: Puppet, weights: F32) -> PuppetPose:
    return pose(puppet, weights, np.eye(3), np.zeros(3))


def _nothing_at_rest(puppet: Puppet, veils: F32, veil_moves: F32) -> F32:
    """Let no veil show in the expression that the picture wears: there, it needs none."""
    assert veil_moves.shape[0] == len(BLENDSHAPES)
    worn = puppet.expression.astype(np.float64)
    out = veil_moves.astype(np.float64)
    for row in range(out.shape[1]):
        slight = (worn > 0) & (out[:, row] > 0) & (out[:, row] < _WHOLE)
        out[slight, row] = 0
        left = float(veils[row] + worn @ out[:, row])
        down = worn * out[:, row].clip(max=0)
        if left > 0 and down.sum() < 0:
            out[:, row] = np.where(out[:, row] < 0, out[:, row] * (1 - left / down.sum()), out[:, row])
    return out.astype(np.float32)
