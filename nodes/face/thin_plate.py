"""The smoothest bending of a plane that takes some points where they belong."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


class ThinPlate:
    """A thin-plate spline from the plane to displacements in it.

    Bookstein, "Principal Warps: Thin-Plate Splines and the Decomposition of Deformations", 1989; with the smoothing
    term of Wahba, "Spline Models for Observational Data", 1990.

    Args:
        places: ``(N, 2)``, at least one; about 1 across.
        values: ``(N, 2)`` the displacement at each.
        smooth: 0 meets every value; more bends less. Places that lie on one another need a little.
    """

    def __init__(self, places: Array, values: Array, smooth: float = 0.0) -> None:
        count = len(places)
        # Three points say how a plane is sheared; fewer, or points on a line, no more than where it lies.
        spread = np.linalg.svd(places - places.mean(axis=0), compute_uv=False) if count >= 3 else np.zeros(2)
        self._affine = bool(spread[-1] > 1e-3)
        self._places = places
        low = self._low(places)
        system = np.block(
            [[_bend(places, places) + smooth * np.eye(count), low], [low.T, np.zeros((low.shape[1],) * 2)]]
        )
        goal = np.concatenate([values, np.zeros((low.shape[1], 2))])
        self._weights = np.linalg.lstsq(system, goal, rcond=None)[0]

    def __call__(self, points: Array) -> Array:
        """Return the displacement ``(M, 2)`` of points ``(M, 2)``."""
        return np.asarray(np.concatenate([_bend(points, self._places), self._low(points)], axis=1) @ self._weights)

    def _low(self, points: Array) -> Array:
        ones = np.ones((len(points), 1))
        return np.concatenate([ones, points], axis=1) if self._affine else ones


def _bend(a: Array, b: Array) -> Array:
    squared = ((a[:, None] - b[None]) ** 2).sum(axis=2)
    return np.asarray(0.5 * squared * np.log(np.maximum(squared, 1e-20)))
