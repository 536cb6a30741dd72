"""The fitted head brought to lie exactly on the picture's landmarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.brow_shape import brows_kept_by_units
from vivant.nodes.face.details import HANDLES, DetailScale
from vivant.nodes.face.landmark_sets import EYE_CORNERS, LIDS
from vivant.nodes.face.lip_seal import STATIONS, LipSeal
from vivant.nodes.face.rims import mouth_is_open, tuck_rims
from vivant.nodes.face.spread import SURFACE, Spread
from vivant.nodes.face.unit_shapes import fit_units
from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.formats.head import HeadFit
from vivant.nodes.formats.puppet import Details

F32 = npt.NDArray[np.float32]

_OVERLAP_DM = 0.008  # lids that meet overlap a little: no hairline shows between them
_LIP_OVERLAP_DM = 0.012  # lips, too, and seen from above or below they shift against each other


@dataclass(frozen=True, slots=True, eq=False)
class PlacedHead:
    """The head in picture space.

    Attributes:
        vertices: ``float32 (V, 3)`` at rest, wearing the picture's own expression.
        units: ``float32 (52, V, 3)`` displacement per face unit at weight 1, from the picture's own expression on.
        handles: ``float32 (2 H, V, 3)`` displacement per handle and decimetre along x, y of the head.
        details: How a driver's details are taken over.
    """

    vertices: F32
    units: F32
    handles: F32
    details: Details


STRENGTH = {
    "browInnerUp": 1.7, "browOuterUpLeft": 1.7, "browOuterUpRight": 1.7, "browDownLeft": 1.7, "browDownRight": 1.7,
    "eyeWideLeft": 1.4, "eyeWideRight": 1.4, "mouthStretchLeft": 1.8, "mouthStretchRight": 1.8,
    "mouthUpperUpLeft": 1.2, "mouthUpperUpRight": 1.2,
    "mouthPressLeft": 1.3, "mouthPressRight": 1.3,
}  # fmt: skip
"""Units that are modest on the head beside what the tracker calls 1 on faces: with these gains a driver's brows, lids
and lips read back as strong as they were (spread of the scores over five pairs of portrait and driver)."""


def place_head(head: AnatomicalHead, fit: HeadFit, seal: LipSeal | None = None) -> PlacedHead:
    """Place the head, close the last distance to the landmarks, and calibrate lids and lips.

    What shape and expression cannot say is made up by a smooth field over the head's surface, a Gaussian radial
    basis fitted to the landmarks' residuals in the picture plane.

    Args:
        head: The anatomical head.
        fit: Its fit to the picture.
        seal: What closes the mouth; None: the lips are left as they are.
    """
    worn = fit.neutral + np.tensordot(fit.weights, head.face_units, axes=1)
    vertices = fit.place(worn.astype(np.float32))
    residual = (fit.points - head.landmark_positions(vertices))[:SURFACE, :2].astype(np.float64)
    spread = Spread(head)
    unexplained = spread.spread(residual, len(vertices))
    vertices[:, :2] += unexplained
    opening = np.linalg.norm(head.face_units[INDEX["jawOpen"]], axis=1)
    tuck_rims(vertices, fit.points, opening > 0.5 * opening.max())
    units = (fit.scale * head.face_units @ fit.rotation.T).astype(np.float32)
    for name, gain in STRENGTH.items():
        units[INDEX[name]] *= gain
    fit_units(head, fit, vertices, units, spread)
    _give_to_the_worn(fit, units, unexplained)
    _calibrate_lids(head, fit, vertices, units, spread)
    if seal is not None:
        _close_lips(fit, vertices, units, seal)
    return PlacedHead(vertices, units, *_handles(head, fit, vertices, units, spread))


def _give_to_the_worn(fit: HeadFit, units: F32, unexplained: F32) -> None:
    """Let what the fit left unexplained go with the expression where the picture wears one; in place.

    A broad smile parts, bends and thins the lips more than the units say. Taken for the face's own shape, that part of
    it stays when the smile is undone: corners hang, the upper lip is long, the lower one an arch.
    """
    worn = fit.weights.astype(np.float64)
    strength = float(worn @ worn)
    if strength < _LEAST_WORN:
        return
    bent = np.linalg.norm(np.tensordot(fit.weights, units, axes=1), axis=1) / fit.scale
    share = np.clip(bent / _BENT_DM, 0, 1)
    share = share * share * (3 - 2 * share)
    for unit in np.flatnonzero(worn > 0):
        # At rest nothing changes; with no unit worn all of it is gone.
        units[unit, :, :2] += (worn[unit] / strength * share[:, None] * unexplained).astype(np.float32)


def _handles(head: AnatomicalHead, fit: HeadFit, vertices: F32, units: F32, spread: Spread) -> tuple[F32, Details]:
    """Return the fields of the handles, and what the units lack at them."""
    scale = DetailScale(head)
    closed = head.landmark_positions((vertices - np.tensordot(fit.weights, units, axes=1)).astype(np.float32))
    factor = scale.of(((closed - fit.translation) @ fit.rotation / fit.scale).astype(np.float64))
    moved = head.landmark_positions(units)[:, list(HANDLES)] @ fit.rotation / fit.scale
    lack = brows_kept_by_units(factor * scale.units) - moved[..., :2]
    pulls = np.zeros((SURFACE, len(HANDLES)))
    pulls[list(HANDLES), np.arange(len(HANDLES))] = 1
    fields = spread.spread(pulls, len(vertices)).T  # (H, V)
    axes = (fit.scale * fit.rotation[:, :2].T).astype(np.float32)  # of the head, in picture space
    handles = np.einsum("hv,ax->havx", fields, axes).reshape(2 * len(HANDLES), -1, 3).astype(np.float32)
    gaze = np.ones((2, 2), np.float32)
    resting, marks = head.landmark_positions(vertices), head.landmark_positions(np.concatenate([units, handles]))
    gap, opening = (
        np.stack([_gap(places, side, fit) for side in LIDS], axis=-1).astype(np.float32) for places in (resting, marks)
    )
    wide = np.array([_width(resting, side, fit) for side in LIDS], np.float32)
    most = np.maximum(_WIDEST * wide, gap + _WIDER * wide)
    rig = Details(lack.astype(np.float32), factor.astype(np.float32), gaze, gap, opening, most)
    return handles, rig


def _width(marks: F32, side: str, fit: HeadFit) -> float:
    """How far the corners of an eye are apart, decimetres; arguments as of `_gap`."""
    inner, outer = EYE_CORNERS[side]
    return float(np.linalg.norm(marks[inner] - marks[outer])) / fit.scale


def _gap(marks: F32, side: str, fit: HeadFit) -> F32:
    """How far the lids' middles are apart, decimetres, of landmarks or their displacements ``(..., 478, 3)``."""
    pairs = np.array(LIDS[side][_MIDDLE])
    apart = (marks[..., pairs[:, 0], :] - marks[..., pairs[:, 1], :]) @ fit.rotation[:, 1] / fit.scale
    return np.asarray(apart.mean(axis=-1), np.float32)


_MIDDLE = slice(2, 5)
_UPPER_LID_SHARE = 0.85
_WIDEST, _WIDER = 0.48, 0.1
"""How far an eye opens at most, in its widths: a calm one is open by a third of its width (10 mm of 30), and surprise
lifts the lid by 3 to 4 mm. Eyes that are larger in the picture, as a child's or a drawing's, may open a little more."""
_ROUNDS = 8
_BENT_DM = 0.12
"""Where the worn expression moves skin so far, what the fit leaves unexplained is the expression's."""
_LEAST_WORN = 1e-4


def _calibrate_lids(head: AnatomicalHead, fit: HeadFit, vertices: F32, units: F32, spread: Spread) -> None:
    """Make each blink close its eye at weight 1, whatever the eye's size and form; in place.

    The eye is closed from where it is widest, as the picture has it or without its other units: who blinks may have
    stopped squinting as the picture does. (Lids that meet earlier are held there, see `posing`.) The unit is scaled
    until the middle of the lids meets; what then gapes or overlaps along the rim is spread smoothly.
    """
    up = fit.rotation[:, 1]
    resting = head.landmark_positions(vertices)
    worn = fit.weights[:, None, None] * head.landmark_positions(units)
    for side, pairs in LIDS.items():
        unit = INDEX[f"eyeBlink{side}"]
        to_go = 1 - float(fit.weights[unit])
        if to_go < 0.05:
            continue
        moved = head.landmark_positions(units[unit])
        relaxed = resting - worn.sum(axis=0) + worn[unit]
        apart = [[(places[upper] - places[lower]) @ up for upper, lower in pairs] for places in (resting, relaxed)]
        gaps = np.max(apart, axis=0)
        closing = np.array([(moved[lower] - moved[upper]) @ up for upper, lower in pairs]) * to_go
        gap = float(gaps[_MIDDLE].mean())
        if closing[_MIDDLE].mean() > 1e-6 and gap > 0:
            gain = float(np.clip(gap / closing[_MIDDLE].mean(), 0.4, 3.0))
            units[unit] *= gain
        overlap = _OVERLAP_DM * fit.scale
        # What is spread smoothly arrives only in part: the rest is spread again.
        for _ in range(_ROUNDS):
            moved = head.landmark_positions(units[unit])
            correction = np.zeros((SURFACE, 3))
            for (upper, lower), gap in zip(pairs, gaps, strict=True):
                rest = gap + overlap - float((moved[lower] - moved[upper]) @ up) * to_go
                correction[upper] = -_UPPER_LID_SHARE * rest * up
                correction[lower] = (1 - _UPPER_LID_SHARE) * rest * up
            units[unit] += spread.spread(correction, len(vertices)) / to_go


def _close_lips(fit: HeadFit, vertices: F32, units: F32, seal: LipSeal) -> None:
    """Make lips meet at rest, where the picture shows them closed, and where no unit is worn; in place.

    Shape and expression explain the picture together, and what one says too little the other says too much: take
    the expression away and the lips of the remaining shape may gape.
    """
    up = fit.rotation[:, 1]
    overlap = np.full(STATIONS, _LIP_OVERLAP_DM)
    if not mouth_is_open(fit.points):
        vertices += np.outer(fit.scale * seal.closing(_across_and_up(fit, vertices), overlap), up).astype(np.float32)
    worn = fit.weights.astype(np.float64)
    strength = float(worn @ worn)
    if strength < _LEAST_WORN:
        return
    neutral = (vertices - np.tensordot(fit.weights, units, axes=1)).astype(np.float32)
    field = np.outer(fit.scale * seal.closing(_across_and_up(fit, neutral), overlap), up)
    for unit in np.flatnonzero(worn > 0):
        # At rest nothing changes; with no unit worn the whole closing shows.
        units[unit] -= (worn[unit] / strength * field).astype(np.float32)


def _across_and_up(fit: HeadFit, vertices: F32) -> npt.NDArray[np.float64]:
    """Where vertices ``(V, 3)`` of picture space lie in the head's own axes, decimetres ``(V, 2)``."""
    return np.ascontiguousarray((vertices - fit.translation) @ fit.rotation[:, :2] / fit.scale, np.float64)
