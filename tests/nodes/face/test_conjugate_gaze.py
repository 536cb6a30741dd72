from __future__ import annotations

import numpy as np
import pytest

from vivant.nodes.face.conjugate_gaze import conjugate

OPEN = np.zeros(2)


def test_eyes_that_look_one_way_are_left_alone() -> None:
    places = np.array([[0.2, -0.05], [0.2, -0.05]])
    np.testing.assert_allclose(conjugate(places, OPEN), places, atol=1e-12)


@pytest.mark.parametrize("axis", [0, 1])
def test_what_is_read_of_one_eye_alone_is_shared(axis: int) -> None:
    places = np.full((2, 2), 0.1)
    places[0, axis] += 0.04
    found = conjugate(places, OPEN)
    np.testing.assert_allclose(found.mean(axis=0), places.mean(axis=0), atol=1e-12)
    assert 0 <= found[0, axis] - found[1, axis] < 0.01
    np.testing.assert_allclose(found[:, 1 - axis], 0.1, atol=1e-12)


def test_crossed_eyes_stay_crossed() -> None:
    found = conjugate(np.array([[0.25, 0.0], [-0.25, 0.0]]), OPEN)
    assert found[0, 0] > 0.22
    assert found[1, 0] < -0.22


def test_eyes_that_cross_do_so_without_a_jump_or_a_step_back() -> None:
    apart = np.linspace(-0.4, 0.4, 401)
    found = np.array([conjugate(np.array([[half, 0.0], [-half, 0.0]]), OPEN)[0, 0] for half in apart])
    steps = np.diff(found) / np.diff(apart)
    assert steps.min() >= 0
    assert steps.max() < 1.5


def test_a_wink_does_not_turn_the_other_eye() -> None:
    places = np.array([[0.1, 0.05], [0.02, -0.3]])
    found = conjugate(places, np.array([0.0, 1.0]))
    np.testing.assert_allclose(found, [places[0], places[0]], atol=0.03)


def test_closed_eyes_look_where_both_were_read() -> None:
    places = np.array([[0.1, 0.05], [0.1, 0.15]])
    np.testing.assert_allclose(conjugate(places, np.ones(2)).mean(axis=0), [0.1, 0.1], atol=1e-12)
