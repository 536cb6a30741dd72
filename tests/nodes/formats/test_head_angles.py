from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivant.nodes.formats.head_angles import change_of_angles, head_angles, rotation_of, turned_by
from vivant.nodes.formats.rotation import rotation_matrix, rotation_vector

ANGLES = st.lists(st.floats(-1.2, 1.2), min_size=3, max_size=3)


@given(ANGLES)
def test_angles_and_rotations_are_each_others_inverse(angles: list[float]) -> None:
    rotation = rotation_of(np.array(angles))
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(head_angles(rotation), angles, atol=1e-9)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_single_angle_is_a_turn_about_its_axis(axis: int) -> None:
    vector = np.zeros(3)
    vector[axis] = 0.4
    np.testing.assert_allclose(rotation_of(vector), rotation_matrix(vector), atol=1e-12)
    np.testing.assert_allclose(head_angles(rotation_matrix(vector)), vector, atol=1e-12)


@given(ANGLES, ANGLES)
def test_a_head_turned_by_a_change_has_changed_so(rest: list[float], change: list[float]) -> None:
    now = np.array(rest) + np.clip(change, -0.3, 0.3)
    turn = turned_by(rotation_of(np.array(rest)), now - rest)
    found = rotation_matrix(turn) @ rotation_of(np.array(rest))
    np.testing.assert_allclose(head_angles(found), now, atol=1e-6)


def test_of_a_head_that_looks_ahead_the_turn_is_the_other_heads_own() -> None:
    other = np.array([0.2, -0.3, 0.1])
    change = change_of_angles(np.eye(3), rotation_matrix(other))
    np.testing.assert_allclose(turned_by(np.eye(3), change), other, atol=1e-9)
    np.testing.assert_allclose(turned_by(rotation_of(np.array([0.3, 0.5, 0.1])), np.zeros(3)), 0, atol=1e-15)


def test_a_head_that_tilts_past_upside_down_goes_on() -> None:
    before, now = (rotation_of(np.array([0, 0, roll])) for roll in (np.pi - 0.05, -np.pi + 0.05))
    np.testing.assert_allclose(change_of_angles(before, now), [0, 0, 0.1], atol=1e-9)
    np.testing.assert_allclose(rotation_vector(now @ before.T), [0, 0, 0.1], atol=1e-9)
