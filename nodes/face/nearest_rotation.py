"""The rotation nearest to a matrix, without the overhead of a library's decomposition of three by three numbers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

_SWEEPS = 12  # each squares what is left off the diagonal: five are enough but for nearly equal eigenvalues
_LEFT_OFF = 1e-30  # of the matrix's squared size


def nearest_rotation(matrix: F64) -> tuple[F64, float]:
    """Return the rotation ``R`` for which ``trace(R^T M)`` is largest, and that trace.

    With ``M = target^T source`` of centred points it is the rotation that brings `source` onto `target`; of a rotation
    times a scale it is that rotation, and a third of the trace is the scale. Never a reflection. Horn, "Closed-form
    solution of absolute orientation using unit quaternions", 1987: the quaternion is the eigenvector of a symmetric
    matrix for its largest eigenvalue, found by Jacobi's method.

    Args:
        matrix: ``M``, ``float64 (3, 3)``.

    Returns:
        ``(3, 3)`` and the trace. Of a matrix that says nothing (all zero) any rotation.
    """
    rotation, trace = _compiled()(matrix)
    return rotation, trace


@cache
def _compiled() -> Callable[[F64], Any]:
    from numba import njit  # not before it is needed: to ask for a class of node loads nothing heavy

    # with Python's lock held: it takes less time than to get that back from another thread

    compiled: Callable[[F64], Any] = njit(cache=True)(_by_jacobi)
    return compiled


def _by_jacobi(matrix: F64) -> tuple[F64, float]:
    a = np.empty((4, 4))
    a[0, 0] = matrix[0, 0] + matrix[1, 1] + matrix[2, 2]
    a[1, 1] = matrix[0, 0] - matrix[1, 1] - matrix[2, 2]
    a[2, 2] = matrix[1, 1] - matrix[0, 0] - matrix[2, 2]
    a[3, 3] = matrix[2, 2] - matrix[0, 0] - matrix[1, 1]
    a[0, 1] = a[1, 0] = matrix[2, 1] - matrix[1, 2]
    a[0, 2] = a[2, 0] = matrix[0, 2] - matrix[2, 0]
    a[0, 3] = a[3, 0] = matrix[1, 0] - matrix[0, 1]
    a[1, 2] = a[2, 1] = matrix[0, 1] + matrix[1, 0]
    a[1, 3] = a[3, 1] = matrix[2, 0] + matrix[0, 2]
    a[2, 3] = a[3, 2] = matrix[1, 2] + matrix[2, 1]
    vectors = np.eye(4)
    enough = _LEFT_OFF * (a * a).sum()
    for _ in range(_SWEEPS):
        if a[0, 1] ** 2 + a[0, 2] ** 2 + a[0, 3] ** 2 + a[1, 2] ** 2 + a[1, 3] ** 2 + a[2, 3] ** 2 <= enough:
            break
        for p in range(3):
            for q in range(p + 1, 4):
                if a[p, q] == 0:
                    continue
                ratio = (a[q, q] - a[p, p]) / (2 * a[p, q])
                tangent = 1 / (abs(ratio) + np.sqrt(ratio * ratio + 1))
                tangent = -tangent if ratio < 0 else tangent
                cosine = 1 / np.sqrt(tangent * tangent + 1)
                sine = tangent * cosine
                for k in range(4):
                    at_p, at_q = a[k, p], a[k, q]
                    a[k, p], a[k, q] = cosine * at_p - sine * at_q, sine * at_p + cosine * at_q
                for k in range(4):
                    at_p, at_q = a[p, k], a[q, k]
                    a[p, k], a[q, k] = cosine * at_p - sine * at_q, sine * at_p + cosine * at_q
                    at_p, at_q = vectors[k, p], vectors[k, q]
                    vectors[k, p], vectors[k, q] = cosine * at_p - sine * at_q, sine * at_p + cosine * at_q
    best = 0
    for k in range(1, 4):
        if a[k, k] > a[best, best]:
            best = k
    w, x, y, z = vectors[0, best], vectors[1, best], vectors[2, best], vectors[3, best]
    rotation = np.empty((3, 3))
    rotation[0, 0], rotation[0, 1], rotation[0, 2] = (
        w * w + x * x - y * y - z * z,
        2 * (x * y - w * z),
        2 * (x * z + w * y),
    )
    rotation[1, 0], rotation[1, 1], rotation[1, 2] = (
        2 * (x * y + w * z),
        w * w - x * x + y * y - z * z,
        2 * (y * z - w * x),
    )
    rotation[2, 0], rotation[2, 1], rotation[2, 2] = (
        2 * (x * z - w * y),
        2 * (y * z + w * x),
        w * w - x * x - y * y + z * z,
    )
    return rotation, a[best, best]
