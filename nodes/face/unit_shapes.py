"""Shapes some face units to a portrait: brows that keep their form, rolled lips, open mouths."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.brow_shape import brows_kept_by_units
from vivant.nodes.face.details import HANDLES
from vivant.nodes.face.landmark_sets import INNER_LIPS, NOSE, OUTER_LIPS
from vivant.nodes.face.spread import SURFACE, Spread
from vivant.nodes.formats.arkit import BLENDSHAPES, INDEX
from vivant.nodes.formats.head import HeadFit

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

_ROUNDS = 6  # what is spread smoothly arrives only in part: the rest is spread again
_ROLLED = 0.9  # of the height of a lip's red
_LEFT_CORNER = 10
_UPPER, _LOWER = range(1, _LEFT_CORNER), range(_LEFT_CORNER + 1, len(OUTER_LIPS))
"""Places in the outlines of the lips, which begin at the right corner; without the corners."""
_ROUND = (("jawOpen", 2.8, (_LOWER,)), ("mouthFunnel", 1.8, (_UPPER, _LOWER)))
"""Units that open the mouth, the order of the superellipse in which a lip hangs by each (2 is a parabola), and lips."""


def fit_units(head: AnatomicalHead, fit: HeadFit, vertices: F32, units: F32, spread: Spread) -> None:
    """Shape those of the units that need it to a portrait; in place.

    Args:
        head: The anatomical head.
        fit: Its fit to the picture.
        vertices: The head in picture space, with the picture's own expression ``(V, 3)``.
        units: What each face unit does there at weight 1 ``(52, V, 3)``.
        spread: Over this head.
    """
    _keep_brows(head, fit, units, spread)
    _roll_in(head, fit, vertices, units, spread)
    _round_open_mouth(head, fit, units, spread)


def _keep_brows(head: AnatomicalHead, fit: HeadFit, units: F32, spread: Spread) -> None:
    """Let the units that move brows leave their shape, as details do (see `brow_shape`); in place.

    The artist's lower the upper edge of a brow farther than the lower one: of any brow at 1 they make a line.
    """
    axes = fit.rotation[:, :2].astype(np.float64)
    handles = list(HANDLES)
    wanted = brows_kept_by_units(head.landmark_positions(units)[:, handles] @ axes)
    for unit in (INDEX[name] for name in BLENDSHAPES if name.startswith("brow")):
        _lead(head, units[unit], handles, wanted[unit], axes, spread)


def _roll_in(head: AnatomicalHead, fit: HeadFit, vertices: F32, units: F32, spread: Spread) -> None:
    """Let each lip's red be just gone when it is rolled in at 1, whatever its height; in place.

    Its border comes to the line where the lips meet, which stays, and so does the nose. The artist's units draw the
    middle of a lip past that line.
    """
    up = fit.rotation[:, 1:2].astype(np.float64)
    neutral = head.landmark_positions((vertices - np.tensordot(fit.weights, units, axes=1)).astype(np.float32)) @ up
    for name, lip in (("mouthRollUpper", _UPPER), ("mouthRollLower", _LOWER)):
        border, line = ([outline[place] for place in lip] for outline in (OUTER_LIPS, INNER_LIPS))
        stay = np.zeros((len(line) + len(NOSE), 1))
        wanted = np.concatenate([_ROLLED * (neutral[line] - neutral[border]), stay])
        _lead(head, units[INDEX[name]], [*border, *line, *NOSE], wanted, up, spread)


def _round_open_mouth(head: AnatomicalHead, fit: HeadFit, units: F32, spread: Spread) -> None:
    """Let the lips of an open mouth be round, not pointed, by the units jawOpen and mouthFunnel; in place.

    The artist's move a lip by the less the farther from the middle, almost evenly; a lip is held by its corners, and
    hangs as a U between them.
    """
    up = fit.rotation[:, 1:2].astype(np.float64)
    places = head.landmark_positions(head.vertices)[:, 0].astype(np.float64)
    for name, order, lips in _ROUND:
        moved = head.landmark_positions(units[INDEX[name]]) @ up
        marks: list[int] = []
        wanted = []
        for outline in (INNER_LIPS, OUTER_LIPS):
            corners = [outline[0], outline[_LEFT_CORNER]]
            right, left = places[corners]
            ends = moved[corners].mean(axis=0)
            marks += corners
            wanted.append(moved[corners])
            for lip in ([outline[place] for place in run] for run in lips):
                across = np.abs(2 * (places[lip] - right) / (left - right) - 1)[:, None]
                away = moved[lip] - ends
                hung = away[np.abs(away).argmax()] * (1 - across**order)
                marks += lip
                wanted.append(ends + np.where(np.abs(hung) > np.abs(away), hung, away))
        _lead(head, units[INDEX[name]], marks, np.concatenate(wanted), up, spread)


def _lead(head: AnatomicalHead, unit: F32, marks: list[int], wanted: F64, axes: F64, spread: Spread) -> None:
    """Bend a unit until it moves landmarks as wanted; other landmarks stay led as they are; in place.

    Args:
        head: The anatomical head.
        unit: ``(V, 3)``.
        marks: Which landmarks, M.
        wanted: Their displacements along the axes ``(M, A)``.
        axes: ``(3, A)``.
        spread: Over this head.
    """
    for _ in range(_ROUNDS):
        correction = np.zeros((SURFACE, 3))
        correction[marks] = (wanted - head.landmark_positions(unit)[marks] @ axes) @ axes.T
        unit += spread.spread(correction, len(unit))
