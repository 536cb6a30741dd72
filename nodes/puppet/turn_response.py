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
_LEAK_SHARE = 0.3
"""How much of what expressions were found to read as is undone. On five pairs of picture and driver none of it leaves
0.77 degrees of error, 0.3 leaves 0.68 and 0.5 leaves 0.67; on others brows and gaze follow less the more of it."""
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


def fit_turns(units: F64, rest: F64, turns: F64, weights: F64, details: F64, read: F64) -> TurnFit:
    """Fit the model by ridge regression.

    Args:
        units: What the average head's face units do to the handles, decimetres, ``(52, H, 2)``.
        rest: Head to camera as read of the puppet at rest, ``(3, 3)``.
        turns: How the head was turned, rotation vectors in radians ``(N, 3)``.
        weights: What was worn meanwhile, ``(N, 52)``.
        details: And beyond that, ``(N, H + 2, 2)``.
        read: How the head was read to be turned from rest ``(N, 3)``.
    """
    # By handles, not by weights: a driver's smile is as much detail as weight, and reads as what it looks like.
    moved = weights @ units.reshape(len(units), -1) + details[:, :COUNT].reshape(len(turns), -1)
    inputs = np.concatenate([turns, _powers(turns), moved / _HANDLE_UNIT, np.ones((len(turns), 1))], axis=1)
    ridge = np.concatenate([np.repeat(_RIDGES, (3, 6, 3, 2 * COUNT)), [1e-6]])
    found = _regress(inputs, read, ridge)
    missed = np.linalg.norm(read - inputs @ found, axis=1)
    kept = missed <= _STRAY * np.median(missed) + 1e-9
    found = _regress(inputs[kept], read[kept], ridge)
    u, sizes, vt = np.linalg.svd(found[:3].T)
    leak = found[12:-1].reshape(COUNT, 2, 3) / _HANDLE_UNIT
    return TurnFit(
        rest=rest,
        gain=np.asarray(u @ np.diag(np.clip(sizes, *_GAINS)) @ vt),
        curve=np.ascontiguousarray(found[3:12].T),
        of_weights=np.tensordot(units, leak, axes=2),
        of_details=np.concatenate([leak, np.zeros((2, 2, 3))]),
    )


def leak_of(response: PuppetResponse, weights: F32, details: F32) -> F64:
    """Return the turn that an expression is read as, a rotation vector ``(3,)`` in radians."""
    of_details = details.reshape(-1) @ response.turn_of_details.reshape(-1, 3)
    return np.asarray(weights @ response.turn_of_weights + of_details)


def asked_turn(response: PuppetResponse, wanted: F64, leak: F64) -> F64:
    """Return the turn to be asked for, so that another one is read; rotation vectors ``(3,)`` in radians.

    Args:
        response: Of the puppet.
        wanted: What shall be read.
        leak: What the expression is read as, beyond what it was when the wanted turn was 0.
    """
    wanted = wanted - np.clip(_LEAK_SHARE * leak, -_MOST_LEAK, _MOST_LEAK)
    return np.asarray(_solved(response.turn_gain, response.turn_curve, wanted), np.float64)


def read_turn(response: PuppetResponse, turn: F64) -> F64:
    """Return what is read where a turn is asked for, without any expression; rotation vectors ``(3,)`` in radians."""
    read, _ = _read_and_slope(response.turn_gain, response.turn_curve, turn)
    return np.asarray(read, np.float64)


def compile_solver() -> None:
    """Compile what a frame needs, or load it from Numba's cache, by running it on nothing."""
    _solved(np.eye(3), np.zeros((3, 9)), np.zeros(3))


# with Python's lock held: it takes less time than to get that back from another thread
@njit(cache=True)
def _solved(gain: F64, curve: F64, wanted: F64) -> F64:
    """Levenberg's steps to the turn that is read as `wanted`; where more turn reads as no more, it stays as it is."""
    turn = np.zeros(3)
    for _ in range(_ROUNDS):
        read, slope = _read_and_slope(gain, curve, turn)
        gram, right = np.zeros((3, 3)), np.zeros(3)
        for i in range(3):
            for k in range(3):
                right[i] += slope[k, i] * (wanted[k] - read[k])
                for j in range(3):
                    gram[i, j] += slope[k, i] * slope[k, j]
            gram[i, i] += _DAMPING
        step = _solved_three(gram, right)
        most = 0.0
        for i in range(3):
            step[i] = min(_MOST_STEP, max(-_MOST_STEP, step[i]))
            turn[i] += step[i]
            most = max(most, abs(step[i]))
        if most < _STILL:
            break
    return turn


@njit(cache=True)
def _solved_three(matrix: F64, right: F64) -> F64:
    """Solve three equations by Cramer's rule; `matrix` must be well conditioned."""
    (a, b, c), (d, e, f), (g, h, i) = matrix[0], matrix[1], matrix[2]
    p, q, r = right
    whole = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    out = np.empty(3)
    out[0] = (p * (e * i - f * h) - b * (q * i - f * r) + c * (q * h - e * r)) / whole
    out[1] = (a * (q * i - f * r) - p * (d * i - f * g) + c * (d * r - q * g)) / whole
    out[2] = (a * (e * r - q * h) - b * (d * r - q * g) + p * (d * h - e * g)) / whole
    return out


@njit(cache=True)
def _read_and_slope(gain: F64, curve: F64, turn: F64) -> tuple[F64, F64]:
    """What is read ``(3,)``, and for each radian more ``(3, 3)``; that stays beyond the probes as it is there."""
    held = np.empty(3)
    for k in range(3):
        held[k] = min(max(turn[k], -_CURVE_WITHIN[k]), _CURVE_WITHIN[k])
    x, y, z = held
    read, slope = np.zeros(3), gain.copy()
    for row in range(3):
        xx, yy, zz, xy, xz, yz, xxx, yyy, zzz = curve[row]
        read[row] = xx * x * x + yy * y * y + zz * z * z + xy * x * y + xz * x * z + yz * y * z
        read[row] += xxx * x**3 + yyy * y**3 + zzz * z**3
        slope[row, 0] += 2 * xx * x + xy * y + xz * z + 3 * xxx * x * x
        slope[row, 1] += 2 * yy * y + xy * x + yz * z + 3 * yyy * y * y
        slope[row, 2] += 2 * zz * z + xz * x + yz * y + 3 * zzz * z * z
        for k in range(3):
            read[row] += gain[row, k] * held[k] + slope[row, k] * (turn[k] - held[k])
    return read, slope


def _powers(turns: F64) -> F64:
    x, y, z = turns.T
    return np.stack([x * x, y * y, z * z, x * y, x * z, y * z, x**3, y**3, z**3], axis=1)


def _regress(inputs: F64, outputs: F64, ridge: F64) -> F64:
    return np.asarray(np.linalg.solve(inputs.T @ inputs + np.diag(ridge), inputs.T @ outputs), np.float64)
