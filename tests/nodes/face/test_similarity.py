from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.face.similarity import similarity
from vivant.nodes.formats.rotation import rotation_matrix

F64 = npt.NDArray[np.float64]


@pytest.mark.parametrize("seed", range(5))
def test_similarity_finds_a_known_transform(seed: int) -> None:
    rng = np.random.default_rng(seed)
    source = rng.normal(size=(30, 3))
    scale, turn, shift = rng.uniform(0.05, 20), rotation_matrix(rng.normal(size=3)), rng.normal(size=3)
    found = similarity(source, scale * source @ turn.T + shift, rng.uniform(0.1, 1, 30))
    assert found[0] == pytest.approx(scale)
    np.testing.assert_allclose(found[1], turn, atol=1e-9)
    np.testing.assert_allclose(found[2], shift, atol=1e-9)


def test_similarity_never_reflects() -> None:
    rng = np.random.default_rng(2)
    source = rng.normal(size=(40, 3))
    for mirror in (np.diag([-1.0, 1, 1]), np.diag([1.0, 1, -1]), -np.eye(3)):
        _, rotation, _ = similarity(source, source @ mirror, np.ones(40))
        assert np.linalg.det(rotation) == pytest.approx(1)
        np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)


def test_similarity_of_noisy_points_is_the_best_one_near() -> None:
    rng = np.random.default_rng(7)
    source, weights = rng.normal(size=(50, 3)), rng.uniform(0.1, 2, 50)
    target = 0.4 * source @ rotation_matrix(np.array([0.2, -0.5, 0.1])).T + rng.normal(0, 0.05, (50, 3))
    scale, rotation, shift = similarity(source, target, weights)

    def cost(scale: float, rotation: F64, shift: F64) -> float:
        return float(weights @ ((scale * source @ rotation.T + shift - target) ** 2).sum(axis=1))

    least = cost(scale, rotation, shift)
    for _ in range(60):
        near = rotation @ rotation_matrix(rng.normal(0, 0.02, 3))
        assert cost(scale * (1 + rng.normal(0, 0.02)), near, shift + rng.normal(0, 0.01, 3)) >= least


def test_points_without_weight_do_not_count() -> None:
    rng = np.random.default_rng(3)
    source = rng.normal(size=(20, 3))
    target, weights = source + 1.0, np.ones(20)
    target[5] += 50
    weights[5] = 0
    scale, rotation, shift = similarity(source, target, weights)
    np.testing.assert_allclose(scale * source @ rotation.T + shift, source + 1.0, atol=1e-9)
