from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.face.head_turn import HeadTurn
from vivant.nodes.formats.head_angles import head_angles, rotation_of

F64 = npt.NDArray[np.float64]


def held(pitch: float = 0, yaw: float = 0, roll: float = 0) -> F64:
    """A head with these angles in degrees."""
    return rotation_of(np.radians([pitch, yaw, roll]))


def angles(rotation: F64) -> F64:
    return np.degrees(head_angles(rotation))


def test_where_both_say_the_same_that_is_given() -> None:
    turn = HeadTurn()
    turn.learn(held(2, 3, -4), held(2, 4, -4))
    np.testing.assert_allclose(angles(turn.blend(held(-8, 15, 9), held(-8, 20, 9))), [-8, 15, 9], atol=1e-6)


def test_what_they_differ_by_throughout_is_the_trackers() -> None:
    turn = HeadTurn()
    for pitch in (0, 1, 2):
        turn.learn(held(pitch), held(pitch - 7, 0, 3))
    np.testing.assert_allclose(angles(turn.blend(held(5, -6, 1), held(-2, -8, 4))), [5, -6, 1], atol=1e-6)


@pytest.mark.parametrize("axis", [0, 2])
def test_a_turn_that_only_one_saw_is_given_by_half(axis: int) -> None:
    turn, seen = HeadTurn(), np.zeros(3)
    turn.learn(held(), held())
    seen[axis] = 4.0
    np.testing.assert_allclose(angles(turn.blend(held(*seen), held())), 0.5 * seen, atol=1e-6)
    np.testing.assert_allclose(angles(turn.blend(held(), held(*seen))), 0.5 * seen, atol=1e-6)


def test_upside_down_it_does_not_jump() -> None:
    turn = HeadTurn()
    turn.learn(held(0, 0, 179), held(0, 0, 179))
    before, after = (angles(turn.blend(held(0, 0, 179), held(0, 0, roll)))[2] for roll in (179.5, -179.5))
    assert before == pytest.approx(179.25)
    assert after == pytest.approx(179.75)


def test_another_person_is_another_level() -> None:
    turn = HeadTurn()
    turn.learn(held(0), held(10))
    turn.forget()
    turn.learn(held(0), held(-6))
    np.testing.assert_allclose(angles(turn.blend(held(3), held(-3))), [3, 0, 0], atol=1e-6)
