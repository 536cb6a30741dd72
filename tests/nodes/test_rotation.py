from __future__ import annotations

import numpy as np

from vivant.nodes.formats.rotation import rotation_matrix, rotation_vector, rotation_vectors


def test_a_rotation_is_told_by_its_vector_one_by_one_and_many_at_once() -> None:
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(200, 3)) * rng.choice([0.0, 1e-9, 1e-4, 0.3, 1.0], size=(200, 1))
    vectors *= np.minimum(1, 3.1 / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))
    matrices = np.array([rotation_matrix(vector) for vector in vectors])
    np.testing.assert_allclose(rotation_vectors(matrices), vectors, atol=1e-7)
    np.testing.assert_allclose([rotation_vector(matrix) for matrix in matrices], vectors, atol=1e-7)
