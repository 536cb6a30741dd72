"""How far a puppet's head has to be turned for the tracker to read a given turn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from vivant.nodes.face.details import COUNT
from vivant.nodes.formats.response import PuppetResponse

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

_GAINS = (0.5, 1.6)
"""Radians that are read for each that is asked, at least and at most. The tracker reads 0.42 to 0.75 of the yaw that is
drawn on five pictures, and some 0.7 of a real head's: where 0.42 was undone wholly, heads looked turned too far."""
_CURVE_WITHIN = np.radians([20.0, 30.0, 15.0])
"""As far as probes reach, about x, y, z; beyond, what is read is taken to go on straight."""
_RIDGES = (1e-3, 3e-3, 1e-3, 2.0)
"""Of what is read for each radian, for its square, for its cube, and for each unit that a handle is displaced by."""
_HANDLE_UNIT = 0.05
GESTURES_UNDONE, MOMENTS_UNDONE = 0.4, 1.0
"""How much of what expressions were found to read as is undone. Twelve pairs of picture and driver were played with the
head held still: the nod that was read is, by least squares, 0.39 times what probes foretell, in the mean, beside what
`vivant.nodes.face.head_turn` tells of. In the driver's own moments it is known, and undone wholly."""
_MOST_LEAK = np.radians(4.0)
_ROUNDS, _MOST_STEP, _STILL = 12, np.radians(25.0), 2e-4
_DAMPING = 0.005
_STRAY = 4.0
"""Probes that miss by so many medians were misread; they are left out."""


@dataclass(frozen=True, slots=True, eq=False)
class TurnFit:
    """What the tracker reads of a puppet's head that is turned; fields as ``turn_...`` of `PuppetResponse`."""

    rest: F64
    gain: F64
    curve: F64
    of_weights: F64
    of_details: F64


def fit_turns(
    units: F64,
    rest: F64,
    turns: F64,
    weights: F64,
    details: F64,
    read: F64,
    counts: F64 | None = None,
    undone: float = GESTURES_UNDONE,
) -> TurnFit:
    """Fit the model by ridge regression.

    Args:
        units: What the average head's face units do to the handles, decimetres, ``(52, H, 2)``.
        rest: Head to camera as read of the puppet at rest, ``(3, 3)``.
        turns: How the head was turned, rotation vectors in radians ``(N, 3)``.
        weights: What was worn meanwhile, ``(N, 52)``.
        details: And beyond that, ``(N, H + 2, 2)``.
        read: How the head was read to be turned from rest ``(N, 3)``.
        counts: How much each counts ``(N,)``; None: 1 each.
        undone: How much of what expressions read as is to be undone.
    """
    # By handles, not by weights: a driver's smile is as much detail as weight, and reads as what it looks like.
    moved = weights @ units.reshape(len(units), -1) + details[:, :COUNT].reshape(len(turns), -1)
    inputs = np.concatenate([turns, _powers(turns), moved / _HANDLE_UNIT, np.ones((len(turns), 1))], axis=1)
    ridge = np.concatenate([np.repeat(_RIDGES, (3, 6, 3, 2 * COUNT)), [1e-6]])
    counted = np.ones(len(inputs)) if counts is None else counts
    found = _regress(inputs, read, ridge, counted)
    missed = np.linalg.norm(read - inputs @ found, axis=1)
    kept = missed <= _STRAY * np.median(missed) + 1e-9
    found = _regress(inputs[kept], read[kept], ridge, counted[kept])
    u, sizes, vt = np.linalg.svd(found[:3].T)
    leak = undone * found[12:-1].reshape(COUNT, 2, 3) / _HANDLE_UNIT
    return TurnFit(
        rest=rest,
        gain=np.asarray(u @ np.diag(np.clip(sizes, *_GAINS)) @ vt),
        curve=np.ascontiguousarray(found[3:12].T),
        of_weights=np.tensordot(units, leak, axes=2),
        of_details=np.concatenate([leak, np.zeros((2, 2, 3))]),
    )


def leak_of(response: PuppetResponse, weights: F32, details: F32) -> F64:
    """Return the turn that an expression is taken to be read as, a rotation vector ``(3,)`` in radians."""
    of_details = details.reshape(-1) @ response.turn_of_details.reshape(-1, 3)
    return np.asarray(weights @ response.turn_of_weights + of_details)


def asked_turn(response: PuppetResponse, wanted: F64, leak: F64) -> F64:
    """Return the turn to be asked for, so that another one is read; rotation vectors ``(3,)`` in radians.

    Args:
        response: Of the puppet.
        wanted: What shall be read.
        leak: What the expression is taken to be read as, beyond what it was when the wanted turn was 0.
    """
    wanted = wanted - np.clip(leak, -_MOST_LEAK, _MOST_LEAK)
    turn: F64 = _turn_read_as(response.turn_gain, response.turn_curve, wanted)
    return turn


def read_turn(response: PuppetResponse, turn: F64) -> F64:
    """Return what is read where a turn is asked for, without any expression; rotation vectors ``(3,)`` in radians."""
    read, slope = np.empty(3), np.empty((3, 3))
    _read_and_slope(response.turn_gain, response.turn_curve, turn, read, slope)
    return read


def compile_turn() -> None:
    """Compile what a frame needs, or load it from Numba's cache, by running it on nothing."""
    _turn_read_as(np.eye(3), np.zeros((3, 9)), np.zeros(3))


# Compiled: it is asked in every frame, and of nine numbers most of the time was numpy's overhead.
@njit(cache=True)
def _turn_read_as(gain: F64, curve: F64, wanted: F64) -> F64:
    turn, read, slope = np.zeros(3), np.empty(3), np.empty((3, 3))
    normal, right = np.empty((3, 3)), np.empty(3)
    for _ in range(_ROUNDS):
        # Levenberg's step: where more turn reads as no more, it stays where it is.
        _read_and_slope(gain, curve, turn, read, slope)
        for i in range(3):
            right[i] = 0.0
            for k in range(3):
                right[i] += slope[k, i] * (wanted[k] - read[k])
            for j in range(3):
                normal[i, j] = _DAMPING if i == j else 0.0
                for k in range(3):
                    normal[i, j] += slope[k, i] * slope[k, j]
        farthest = 0.0
        whole = _determinant(normal)  # positive, as damping makes it
        for i in range(3):
            step = _determinant(_with_column(normal, i, right)) / whole  # Cramer's rule
            step = min(max(step, -_MOST_STEP), _MOST_STEP)
            turn[i] += step
            farthest = max(farthest, abs(step))
        if farthest < _STILL:
            break
    return turn


@njit(cache=True)
def _read_and_slope(gain: F64, curve: F64, turn: F64, read: F64, slope: F64) -> None:
    """What is read ``(3,)``, and for each radian more ``(3, 3)``; that stays beyond the probes as it is there."""
    held = np.minimum(np.maximum(turn, -_CURVE_WITHIN), _CURVE_WITHIN)
    x, y, z = held
    for i in range(3):
        c = curve[i]
        slope[i, 0] = gain[i, 0] + 2 * x * c[0] + y * c[3] + z * c[4] + 3 * x * x * c[6]
        slope[i, 1] = gain[i, 1] + 2 * y * c[1] + x * c[3] + z * c[5] + 3 * y * y * c[7]
        slope[i, 2] = gain[i, 2] + 2 * z * c[2] + x * c[4] + y * c[5] + 3 * z * z * c[8]
        at_held = gain[i, 0] * x + gain[i, 1] * y + gain[i, 2] * z
        at_held += c[0] * x * x + c[1] * y * y + c[2] * z * z + c[3] * x * y + c[4] * x * z + c[5] * y * z
        at_held += c[6] * x**3 + c[7] * y**3 + c[8] * z**3
        read[i] = at_held
        for k in range(3):
            read[i] += slope[i, k] * (turn[k] - held[k])


@njit(cache=True)
def _determinant(m: F64) -> float:
    found: float = (
        m[0, 0] * (m[1, 1] * m[2, 2] - m[1, 2] * m[2, 1])
        - m[0, 1] * (m[1, 0] * m[2, 2] - m[1, 2] * m[2, 0])
        + m[0, 2] * (m[1, 0] * m[2, 1] - m[1, 1] * m[2, 0])
    )
    return found


@njit(cache=True)
def _with_column(matrix: F64, index: int, column: F64) -> F64:
    out = matrix.copy()
    out[:, index] = column
    return out


def _powers(turns: F64) -> F64:
    x, y, z = turns.T
    return np.stack([x * x, y * y, z * z, x * y, x * z, y * z, x**3, y**3, z**3], axis=1)


def _regress(inputs: F64, outputs: F64, ridge: F64, counts: F64) -> F64:
    weighted = inputs.T * counts
    return np.asarray(np.linalg.solve(weighted @ inputs + np.diag(ridge), weighted @ outputs), np.float64)
