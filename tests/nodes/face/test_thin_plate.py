from __future__ import annotations

import numpy as np
import pytest

from vivant.nodes.face.thin_plate import ThinPlate


def test_every_value_is_met() -> None:
    rng = np.random.default_rng(3)
    places, values = rng.uniform(-1, 1, (12, 2)), rng.normal(size=(12, 2))
    np.testing.assert_allclose(ThinPlate(places, values)(places), values, atol=1e-8)


def test_a_plane_stays_a_plane() -> None:
    rng = np.random.default_rng(4)
    places, linear = rng.uniform(-1, 1, (6, 2)), np.array([[1.2, 0.1], [-0.3, 0.8]])
    far = rng.uniform(-5, 5, (20, 2))
    np.testing.assert_allclose(ThinPlate(places, places @ linear + 2)(far), far @ linear + 2, atol=1e-6)


@pytest.mark.parametrize("count", [1, 2])
def test_a_point_or_two_say_where_not_how_it_is_sheared(count: int) -> None:
    places = np.array([[0.0, 0.0], [1.0, 0.0]])[:count]
    moved = ThinPlate(places, np.full((count, 2), 0.5))(np.array([[3.0, 2.0]]))
    np.testing.assert_allclose(moved, [[0.5, 0.5]], atol=1e-6)


def test_points_on_one_another_and_on_a_line_are_no_error() -> None:
    line = np.array([[0.0, 0], [1, 0], [2, 0], [2, 0]])
    values = np.array([[0.0, 0], [0, 0.1], [0.1, 0], [0, 0]])
    assert np.isfinite(ThinPlate(line, values, 1e-3)(np.array([[5.0, 5.0]]))).all()
