"""Fits the anatomical head to landmarks: shape, expression and pose of a face.

Alternates a similarity (Procrustes) with ridge least squares over shape targets and face units, as 3D morphable
models are fitted to landmarks (Blanz and Vetter, "A Morphable Model for the Synthesis of 3D Faces", 1999).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.anatomical_head import AnatomicalHead, load_head
from vivant.nodes.face.expression_solver import ExpressionSolver
from vivant.nodes.face.landmark_sets import FACE_OVAL, STABLE
from vivant.nodes.face.nearest_rotation import nearest_rotation
from vivant.nodes.face.similarity import similarity
from vivant.nodes.formats.face import FaceReading
from vivant.nodes.formats.head import HeadFit

Array = npt.NDArray[np.float64]

_OVAL_WEIGHT = 0.3
_STILL_DEPTH_WEIGHT = 0.35
_MOVING_DEPTH_WEIGHT = 0.25
_ROUNDS, _QUICK_ROUNDS = 8, 3
_RIDGE = 0.0004
_SHAPE_RANGE = (-0.6, 1.2)
_UNIT_RANGE = (-0.1, 1.1)
_SCORE_TRUST = 1.1  # by how much the tracker's scores fall short of the head's units
# What a face wears must not pass for its shape: units lean on the scores harder than shapes on their mean. Measured
# on five pairs of portrait and driver, 8 gives the best expression, 1 lets smiles become shape.
_UNIT_RIDGE = 8.0


def picture_space(reading: FaceReading) -> npt.NDArray[np.float32]:
    """Return a reading's landmarks ``(478, 3)`` in picture space (x right, y up, z toward the viewer)."""
    width, height = reading.size
    points = reading.points
    return np.stack(
        [(points[:, 0] - width / 2) / height, (height / 2 - points[:, 1]) / height, -points[:, 2] / height],
        axis=1,
    ).astype(np.float32)


def landmark_weights() -> Array:
    """Return how much each of the 478 landmarks counts in a fit."""
    weights = np.ones(478)
    weights[list(FACE_OVAL)] = _OVAL_WEIGHT
    return weights


@cache
def load_fitter() -> HeadFitter:
    """Return the fitter of the package's head, made once a process: it keeps nothing of the faces that it fits.

    Raises:
        VivantError: See `load_head`.
    """
    return HeadFitter(load_head())


class HeadFitter:
    """Fits the head to single faces (shape, expression, pose) and follows a face of known shape.

    Args:
        head: The anatomical head.
    """

    def __init__(self, head: AnatomicalHead) -> None:
        self.head = head
        # Landmarks are linear in the vertices, so displacements of vertices give displacements of landmarks.
        self._mean = head.landmark_positions(head.vertices).astype(np.float64)
        self._shapes = head.landmark_positions(head.shapes).astype(np.float64)
        self.units = head.landmark_positions(head.face_units).astype(np.float64)
        """What each face unit does to the landmarks, decimetres, ``(52, 478, 3)``."""
        names = list(head.shape_names)
        self.prior_shape = np.zeros(len(names))
        """Shape coefficients ``(S,)`` of an average adult."""
        young = [i for i, n in enumerate(names) if n.startswith("macro/") and n.endswith("-young")]
        self.prior_shape[young] = 1 / len(young)
        self._basis = np.concatenate([self._shapes, self.units]).reshape(-1, 478 * 3)
        self._weights = landmark_weights()
        self._inverse: Array | None = None

    def fit(self, reading: FaceReading) -> HeadFit:
        """Fit shape, expression and pose to one face.

        Args:
            reading: A face; its landmarks and scores are used.

        Returns:
            The fitted head.
        """
        points = picture_space(reading).astype(np.float64)
        basis, count = self._basis, len(self._shapes)
        prior, low, high = self._bounds(reading)
        coefficients = prior.copy()
        depth = np.array([1.0, 1.0, _STILL_DEPTH_WEIGHT])
        scale, rotation, translation = 1.0, np.eye(3), np.zeros(3)
        for _ in range(_ROUNDS):
            model = self._mean + (coefficients @ basis).reshape(478, 3)
            scale, rotation, translation = similarity(model, points, self._weights)
            # Rows of the system live in picture space, where x and y are measured well and z is not.
            row_weights = (np.sqrt(self._weights)[:, None] * depth).reshape(-1)
            turned = scale * basis.reshape(-1, 478, 3) @ rotation.T
            system = turned.reshape(len(basis), -1).T * row_weights[:, None]
            goal = points - (scale * self._mean @ rotation.T + translation)
            goal = goal.reshape(-1) * row_weights
            ridge = _RIDGE * 478 * scale**2
            stiffness = ridge * self._stiffness()
            normal = system.T @ system + np.diag(stiffness)
            right = system.T @ goal + stiffness * prior
            coefficients = np.clip(np.linalg.solve(normal, right), low, high)
        shape, weights = coefficients[:count], coefficients[count:]
        neutral = self.head.vertices + np.tensordot(shape, self.head.shapes, axes=1)
        model = self._mean + (coefficients @ basis).reshape(478, 3)
        scale, rotation, translation = similarity(model, points, self._weights)
        fitted = scale * model @ rotation.T + translation
        face_width = float(np.linalg.norm(points[234] - points[454]))
        error = float(np.median(np.linalg.norm((fitted - points)[:, :2], axis=1)) / face_width)
        return HeadFit(
            neutral=neutral.astype(np.float32),
            shape=shape.astype(np.float32),
            weights=np.clip(weights, 0, 1).astype(np.float32),
            scale=scale,
            rotation=rotation.astype(np.float32),
            translation=translation.astype(np.float32),
            points=points.astype(np.float32),
            scores=reading.scores,
            tracker_rotation=tracker_rotation(reading),
            size=reading.size,
            error=error,
        )

    def shape_of(self, reading: FaceReading) -> npt.NDArray[np.float64]:
        """Estimate the shape ``(S,)`` of a face alone, in a few milliseconds; the first call takes longer.

        As `fit`, but depth is trusted less along the head's own axis, not the camera's: then the system is the
        same for every face and is inverted once.
        """
        points = picture_space(reading).astype(np.float64)
        roots = self._quick_roots()
        inverse = self.invert()
        basis, count = self._basis, len(self._shapes)
        prior, low, high = self._bounds(reading)
        coefficients = prior
        for _ in range(_QUICK_ROUNDS):
            model = self._mean + (coefficients @ basis).reshape(478, 3)
            scale, rotation, translation = similarity(model, points, self._weights)
            goal = ((points - translation) @ rotation / scale - self._mean) * roots**2
            right = basis @ goal.reshape(-1)
            right += _RIDGE * 478 * self._stiffness() * prior
            coefficients = np.clip(inverse @ right, low, high)
        return np.asarray(coefficients[:count])

    def invert(self) -> Array:
        """Invert the system of `shape_of`, once, and best before the first frame waits for it; ``(K, K)``."""
        if self._inverse is None:
            flat = self._basis * self._quick_roots().reshape(-1)
            system = flat @ flat.T + np.diag(_RIDGE * 478 * self._stiffness())
            self._inverse = np.asarray(np.linalg.inv(system), np.float64)
        return self._inverse

    def _quick_roots(self) -> Array:
        """Square roots of how much each coordinate of each landmark counts in `shape_of`, ``(478, 3)``."""
        return np.asarray(np.sqrt(self._weights)[:, None] * np.array([1.0, 1.0, _MOVING_DEPTH_WEIGHT]))

    def _stiffness(self) -> Array:
        """How hard each coefficient is held at its prior: shapes, then units."""
        return np.concatenate([np.ones(len(self._shapes)), np.full(len(self.units), _UNIT_RIDGE)])

    def _bounds(self, reading: FaceReading) -> tuple[Array, Array, Array]:
        """Prior, least and greatest value of the coefficients: shapes, then units."""
        shapes, units = len(self._shapes), len(self.units)
        prior = np.concatenate([self.prior_shape, np.clip(_SCORE_TRUST * reading.scores, 0, 1)], dtype=np.float64)
        low = np.concatenate([np.full(shapes, _SHAPE_RANGE[0]), np.full(units, _UNIT_RANGE[0])])
        high = np.concatenate([np.full(shapes, _SHAPE_RANGE[1]), np.full(units, _UNIT_RANGE[1])])
        return prior, low, high

    def neutral_of(self, shape: npt.NDArray[np.floating]) -> Array:
        """Return the landmarks ``(478, 3)`` of a face of this shape ``(S,)`` without expression, decimetres."""
        return np.asarray(self._mean + (shape.astype(np.float64) @ self._basis[: len(self._shapes)]).reshape(478, 3))

    def follow(self, shape: npt.NDArray[np.floating]) -> ExpressionSolver:
        """Return a solver for pose and expression of a face whose shape is known.

        Args:
            shape: Coefficients ``(S,)`` of the shape targets.
        """
        return ExpressionSolver(self.neutral_of(shape), self.units, self._weights, list(STABLE), _MOVING_DEPTH_WEIGHT)


def tracker_rotation(reading: FaceReading) -> npt.NDArray[np.float32]:
    """Return the rotation ``(3, 3)`` of the tracker's transform, its scale removed."""
    rotation, _ = nearest_rotation(reading.transform[:3, :3].astype(np.float64))
    return np.asarray(rotation, np.float32)
