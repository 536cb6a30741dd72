"""The rotation nearest to a matrix."""

from __future__ import annotations

import numpy as np
import pytest

from vivant.nodes.face.nearest_rotation import nearest_rotation
from vivant.nodes.formats.rotation import rotation_matrix

DRAWN = np.random.default_rng(7)


def by_decomposition(matrix: np.ndarray) -> tuple[np.ndarray, float]:
    """The same by singular values (Umeyama 1991)."""
    u, sizes, vt = np.linalg.svd(matrix)
    signs = np.array([1.0, 1.0, np.sign(np.linalg.det(u) * np.linalg.det(vt))])
    return (u * signs) @ vt, float((sizes * signs).sum())


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_it_is_what_singular_values_say(size: float) -> None:
    """Reflections, which half of all random matrices are nearest to, included."""
    for matrix in size * DRAWN.normal(size=(200, 3, 3)):
        rotation, trace = nearest_rotation(matrix)
        expected, along = by_decomposition(matrix)
        assert trace == pytest.approx(along, rel=1e-9)
        np.testing.assert_allclose(rotation, expected, atol=1e-6)


def test_a_turned_and_scaled_frame_gives_its_turn_and_its_scale() -> None:
    for vector in np.radians(DRAWN.uniform(-170, 170, (50, 3)) / np.sqrt(3)):
        rotation, trace = nearest_rotation(2.5 * rotation_matrix(vector))
        np.testing.assert_allclose(rotation, rotation_matrix(vector), atol=1e-9)
        assert trace == pytest.approx(7.5)


@pytest.mark.parametrize(
    "matrix", [np.zeros((3, 3)), np.diag([1.0, 0, 0]), np.diag([1.0, 1, 0]), -np.eye(3), np.diag([1e-300, 0, 0])]
)
def test_of_a_matrix_that_says_little_it_is_still_a_rotation(matrix: np.ndarray) -> None:
    rotation, trace = nearest_rotation(matrix)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(rotation) == pytest.approx(1)
    assert trace == pytest.approx(by_decomposition(matrix)[1])
