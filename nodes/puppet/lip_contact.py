"""Lips that meet: whether a driver's do, and what then must be added to a puppet's shapes for its lips to meet, too.

Shapes add up, contact does not: each of two shapes may leave the lips closed, and both together part them, or squeeze
them where a portrait's lips are thinner. So the mouth is looked at in every frame, before it is bent.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.details import HANDLES, DetailScale
from vivant.nodes.face.landmark_sets import LIPS
from vivant.nodes.face.lip_seal import STATIONS, LipSeal, at_stations, closed_by, lip_gaps
from vivant.nodes.face.placed_head import PlacedHead
from vivant.nodes.formats.arkit import BLENDSHAPES
from vivant.nodes.formats.head import HeadFit
from vivant.nodes.formats.puppet import Lips

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]

_CLOSED_DM, _OPEN_DM = 0.016, 0.04
"""Gaps of the average head's lips that count as contact, and as none. Read in closed mouths of four drivers: 0.003 in
the mean, 0.011 at most, and the neutral that they are told from is as uncertain; in speech they are above 0.1 within a
frame or two."""
_OVERLAP_DM = 0.01
_MOST_OVERLAP_DM = 0.04
"""How far one lip may go behind the other: lips press against each other, they do not pass. Rolled in, both together
would, and where skin of the one cuts through that of the other no line is left between them."""
_ROUNDS = 2
_ROW = {mark: row for row, mark in enumerate(HANDLES)}
_UPPER, _LOWER = (np.array([_ROW[pair[number]] for pair in LIPS]) for number in (0, 1))
_PARTING = ("jawOpen", "mouthClose", "mouthFunnel", "mouthUpperUp", "mouthLowerDown")
_PARTS = np.array([name.startswith(_PARTING) for name in BLENDSHAPES], np.float32)


def lips_of(
    head: AnatomicalHead,
    fit: HeadFit,
    placed: PlacedHead,
    seal: LipSeal,
    skin: I32,
    hinge: F32,
    vertices: F32,
    units: F32,
    jaw: F32,
) -> Lips:
    """Gather what contact is found from.

    Args:
        head: The anatomical head.
        fit: Its fit to the picture.
        placed: It in picture space.
        seal: The mouth's edges.
        skin: Which of the puppet's vertices each of the head's is, -1: none ``(V,)``.
        hinge: Of the jaw, picture space ``(3,)``.
        vertices: The puppet's, picture space ``(N, 3)``.
        units: What its units, handles and closings do beside its bones, ``(52 + 2 H + K, N, 3)``.
        jaw: How much its vertices hang on the jaw bone ``(N,)``.
    """
    indices = [seal.upper.ravel(), seal.lower.ravel(), seal.corners]
    members, flat = np.unique(np.concatenate(indices), return_inverse=True)
    upper, lower, corners = np.split(flat.astype(np.int32), np.cumsum([len(part) for part in indices])[:-1])
    drawn = skin[members]
    axes = (fit.rotation / fit.scale).astype(np.float32)
    neutral = placed.vertices - np.tensordot(fit.weights, placed.units, axes=1)
    rest, neutral = (
        np.ascontiguousarray((places - fit.translation) @ axes[:, :2], np.float64)
        for places in (placed.vertices, neutral)
    )
    average = DetailScale(head).units[..., 1]
    own = head.landmark_positions(placed.units)[:, list(HANDLES)] @ fit.rotation[:, 1] / fit.scale
    drawn_at = ((vertices[drawn] - fit.translation) @ axes).astype(np.float32)
    upper, lower = upper.reshape(-1, 3), lower.reshape(-1, 3)
    overlap = -_gaps(drawn_at[:, :2].astype(np.float64), upper, lower, corners, seal.across.astype(np.float32))
    return Lips(
        places=drawn_at,
        moves=np.ascontiguousarray(units[: len(units) - STATIONS, drawn] @ axes, np.float32),
        jaw=jaw[drawn].astype(np.float32),
        hinge=((hinge - fit.translation) @ axes).astype(np.float32),
        fields=np.ascontiguousarray(seal.fields[:, members], np.float32),
        upper=upper,
        lower=lower,
        corners=corners.copy(),
        across=seal.across.astype(np.float32),
        into_fields=seal.into_fields(neutral).astype(np.float32),
        parting=np.ascontiguousarray(average[:, _UPPER] - average[:, _LOWER], np.float32),
        own_parting=np.ascontiguousarray(own[:, _UPPER] - own[:, _LOWER], np.float32),
        closed=(seal.gaps(rest) <= 0).astype(np.float32),
        overlap=np.maximum(overlap, _MOST_OVERLAP_DM).astype(np.float32),
    )


def middle_parting(head: AnatomicalHead, fit: HeadFit, vertices: F32, units: F32) -> F32:
    """Return how far the middles of the lips are apart, ``(1 + U,)`` decimetres: at rest, then what each unit adds.

    Args:
        head: The anatomical head.
        fit: Its fit to the picture.
        vertices: Of the head in picture space, at rest ``(V, 3)``.
        units: What units, handles and closings do to them ``(U, V, 3)``.
    """
    upper, lower = LIPS[0]
    marks = head.landmark_positions(np.concatenate([vertices[None], units]))
    return np.asarray((marks[:, upper] - marks[:, lower]) @ fit.rotation[:, 1] / fit.scale, np.float32)


def contact(lips: Lips, weights: F32, details: F32 | None) -> F32:
    """Return how surely a driver's lips touch at each station, in [0, 1] ``(K,)``.

    Args:
        lips: Of the puppet.
        weights: Of the driver ``(52,)``.
        details: Of the driver, as `FaceMotion.details`. Where none are known the lips are apart as far as jaw and
            lips are asked to be.
    """
    if details is None:
        gap = (weights * _PARTS) @ lips.own_parting
    else:
        gap = weights @ lips.parting + details[_UPPER, 1] - details[_LOWER, 1]
    apart = np.clip((at_stations(gap) - _CLOSED_DM) / (_OPEN_DM - _CLOSED_DM), 0, 1)
    return np.asarray(1 - apart * apart * (3 - 2 * apart), np.float32)


def closing(lips: Lips, change: F32, jaw_rad: float, touching: F32) -> F32:
    """Return how strong the fields must be that close the lips, decimetres ``(K,)``; below 0: they hold them apart.

    Args:
        lips: Of the puppet.
        change: How its units differ from rest ``(52 + 2 H,)``.
        jaw_rad: How far the jaw bone is swung open.
        touching: How surely the lips shall touch ``(K,)``.
    """
    held = _bent(lips, change, jaw_rad)
    return _closing(
        held, lips.upper, lips.lower, lips.corners, lips.across, lips.into_fields, lips.overlap, lips.fields, touching
    )


def compile_closing() -> None:
    """Compile what a frame needs, or load it from Numba's cache, by running it on next to nothing."""
    none, nothing, table = np.zeros((0, 3), np.int32), np.zeros(1, np.float32), np.zeros((1, 1), np.float32)
    _closing(np.zeros((1, 2)), none, none, np.zeros(2, np.int32), nothing, table, nothing, table, nothing)


@njit(cache=True)
def _closing(
    held: F64,
    upper: I32,
    lower: I32,
    corners: I32,
    across: F32,
    into_fields: F32,
    overlap: F32,
    fields: F32,
    touching: F32,
) -> F32:
    """The rounds of `closing`; `held` are the lips' places, moved in place, all else as in `Lips`."""
    out = np.zeros(len(touching), np.float32)
    for _ in range(_ROUNDS):
        gaps = _gaps(held, upper, lower, corners, across)
        strength = closed_by(into_fields, touching * np.maximum(gaps + _OVERLAP_DM, 0.0))
        strength -= closed_by(into_fields, touching * np.maximum(-gaps - overlap, 0.0))
        for k in range(len(strength)):
            for v in range(len(held)):
                held[v, 1] += strength[k] * fields[k, v]
            out[k] += strength[k]
    return out


@njit(cache=True)
def _gaps(places: F64, upper: I32, lower: I32, corners: I32, across: F32) -> F64:
    """Return how far apart the lips are at the stations, below 0 where they overlap ``(K,)``; see `Lips`."""
    right, left = places[corners[0], 0], places[corners[1], 0]
    return lip_gaps(places, upper, lower, right + (left - right) * (across.astype(np.float64) + 1) / 2)


def _bent(lips: Lips, change: F32, jaw_rad: float) -> F64:
    """Places of the lips' vertices across and up in the head's axes ``(N, 2)``."""
    out = lips.places.astype(np.float64) + (change @ lips.moves.reshape(len(change), -1)).reshape(lips.places.shape)
    _, up, forward = (out - lips.hinge).T
    sine, cosine = np.sin(jaw_rad), np.cos(jaw_rad)
    out[:, 1] += lips.jaw * ((cosine - 1) * up - sine * forward)
    return np.ascontiguousarray(out[:, :2])
