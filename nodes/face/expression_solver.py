"""Pose and expression of a face of known shape, frame by frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from vivant.nodes.face.nearest_rotation import nearest_rotation
from vivant.nodes.face.similarity import similarity

Array = npt.NDArray[np.float64]

_POSE_ROUNDS = 3
_SWEEPS = 60
_STILL = 1e-10  # a sweep that moves no weight by more than this is the last
_RIDGE = 0.5


class ExpressionSolver:
    """Solves for pose and 52 weights by box-constrained least squares.

    The pose is a similarity on points that the expression hardly moves; the weights are found by cyclic coordinate
    descent on the normal equations, each step clipped to [0, 1] (the projected Gauss-Seidel method).

    Args:
        neutral: Landmarks ``(478, 3)`` of this person without expression, decimetres.
        units: Landmark displacement ``(52, 478, 3)`` per face unit.
        weights: How much each landmark counts ``(478,)``.
        stable: Indices of the landmarks that give the pose.
        depth_weight: How much z counts beside x and y.
    """

    def __init__(self, neutral: Array, units: Array, weights: Array, stable: list[int], depth_weight: float) -> None:
        self.neutral = np.ascontiguousarray(neutral)
        """Landmarks ``(478, 3)`` without expression; may be replaced when more is known of the face."""
        self._stable = np.array(stable)
        self._stable_units = np.ascontiguousarray(units[:, self._stable]).reshape(len(units), -1)
        roots = np.sqrt(weights)
        # The depth axis is the head's own here, not the camera's: then the 52 x 52 system is the same for
        # every frame, and for the turns that a tracker survives the difference is small.
        self._roots = roots[:, None] * np.array([1.0, 1.0, depth_weight])
        flat = (units * self._roots).reshape(52, -1)
        self._flat = np.ascontiguousarray(flat)
        self._gram = np.ascontiguousarray(flat @ flat.T)

    def solve(self, points: Array, prior: Array) -> tuple[Array, float, Array, Array]:
        """Solve one frame.

        Args:
            points: Landmarks ``(478, 3)`` in picture space.
            prior: The tracker's scores ``(52,)``, toward which weights lean where landmarks say nothing.

        Returns:
            Weights ``(52,)`` in [0, 1]; scale, rotation ``(3, 3)`` and translation ``(3,)`` from head to picture.
        """
        weights, still, there = prior.copy(), self.neutral[self._stable], points[self._stable]
        scale, rotation, translation = 1.0, np.eye(3), np.zeros(3)
        ones = np.ones(len(self._stable))
        for _ in range(_POSE_ROUNDS):
            stable = still + (weights @ self._stable_units).reshape(-1, 3)
            scale, rotation, translation = similarity(stable, there, ones)
            local = (points - translation) @ (rotation / scale) - self.neutral
            descend(self._gram, self._flat @ (local * self._roots).reshape(-1), prior, _RIDGE, _SWEEPS, weights)
        return weights, scale, rotation, translation


@njit(cache=True, fastmath=True)  # else the sum of a row, which is most of it, goes one by one
def descend(gram: Array, right: Array, prior: Array, ridge: float, sweeps: int, weights: Array) -> None:
    """Minimise ``|A w - b|^2 + ridge |w - prior|^2`` with w in [0, 1], in place.

    Args:
        gram: ``A^T A`` ``(n, n)``.
        right: ``A^T b`` ``(n,)``.
        prior: ``(n,)``.
        ridge: Its weight, in the square units of `gram`.
        sweeps: How many times each coordinate is solved, at most.
        weights: Start and result ``(n,)``.
    """
    count = weights.shape[0]
    for _ in range(sweeps):
        moved = 0.0
        for i in range(count):
            row, taken = gram[i], 0.0
            for j in range(count):
                taken += row[j] * weights[j]
            rest = right[i] + ridge * prior[i] - taken + row[i] * weights[i]
            solved = min(1.0, max(0.0, rest / (row[i] + ridge)))
            moved = max(moved, abs(solved - weights[i]))
            weights[i] = solved
        if moved < _STILL:
            break


def compile_solver() -> None:
    """Compile what a frame needs, or load it from Numba's cache, by running it on nothing."""
    nearest_rotation(np.eye(3))
    nothing = np.zeros(0)
    descend(np.zeros((0, 0)), nothing, nothing, 0.0, 0, nothing)
