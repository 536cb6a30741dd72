from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivant.nodes.face.neutral import LIDS, LOOKS, MOST_REST, Neutral
from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.formats.gaze import gaze
from vivant.nodes.formats.motion import FaceMotion
from vivant.nodes.formats.rotation import rotation_matrix


def motion(turn: tuple[float, float, float] = (0, 0, 0), **weights: float) -> FaceMotion:
    worn = np.zeros(52, np.float32)
    for name, weight in weights.items():
        worn[INDEX[name]] = weight
    return FaceMotion(worn, rotation_matrix(np.array(turn)).astype(np.float32), np.zeros(3, np.float32))


def neutral(face: FaceMotion, turn: tuple[float, float, float] = (0, 0, 0)) -> Neutral:
    return Neutral.of(face.weights.astype(np.float64), np.array(turn, np.float64))


def test_a_face_at_rest_wears_nothing_and_looks_ahead() -> None:
    turn = (0.1, -0.3, 0.05)
    rest = motion(turn, browInnerUp=0.2, mouthFrownLeft=0.4, eyeLookDownLeft=0.3, eyeLookDownRight=0.3)
    told = neutral(rest, turn).off(rest)
    np.testing.assert_allclose(told.weights, 0, atol=1e-6)
    np.testing.assert_allclose(told.rotation, np.eye(3), atol=1e-6)
    assert told.from_neutral


def test_what_a_face_can_do_at_most_stays_all_of_it() -> None:
    told = neutral(motion(jawOpen=0.3)).off(motion(jawOpen=1.0, browInnerUp=0.6))
    assert told.weights[INDEX["jawOpen"]] == 1
    assert told.weights[INDEX["browInnerUp"]] == pytest.approx(0.6)


def test_less_than_at_rest_is_none() -> None:
    assert neutral(motion(jawOpen=0.3)).off(motion(jawOpen=0.1)).weights.max() == 0


def test_gaze_is_shifted_and_may_pass_to_the_other_side() -> None:
    below = motion(eyeLookDownLeft=0.3, eyeLookDownRight=0.3)
    told = neutral(below).off(motion(eyeLookDownLeft=0.1, eyeLookDownRight=0.5))
    assert gaze(told.weights, "Left")[1] == pytest.approx(gaze(motion(eyeLookUpLeft=0.2).weights, "Left")[1])
    assert gaze(told.weights, "Right")[1] == pytest.approx(gaze(motion(eyeLookDownRight=0.2).weights, "Right")[1])


def test_lids_have_no_neutral_and_rests_are_bounded() -> None:
    rest = neutral(motion(eyeBlinkLeft=0.6, eyeBlinkRight=0.6, mouthSmileLeft=0.9))
    assert rest.weights[LIDS].max() == 0
    assert rest.weights.max() == MOST_REST


@given(st.lists(st.floats(0, 1, width=32), min_size=104, max_size=104))
def test_weights_stay_weights(values: list[float]) -> None:
    rest, worn = np.array(values, np.float32).reshape(2, 52)
    face = FaceMotion(worn, np.eye(3, dtype=np.float32), np.zeros(3, np.float32))
    told = Neutral.of(rest.astype(np.float64), np.zeros(3)).off(face).weights
    assert told.dtype == np.float32
    assert told.min() >= 0 and told.max() <= 1


@given(st.lists(st.floats(0, 1, width=32), min_size=52, max_size=52))
def test_without_a_neutral_nothing_changes(values: list[float]) -> None:
    worn = np.array(values, np.float32)
    face = FaceMotion(worn, np.eye(3, dtype=np.float32), np.zeros(3, np.float32))
    told = Neutral(np.zeros(52), np.zeros(3)).off(face).weights
    np.testing.assert_allclose(np.delete(told, LOOKS), np.delete(worn, LOOKS), atol=1e-7)
    for side in ("Left", "Right"):
        assert gaze(told, side) == pytest.approx(gaze(worn, side), abs=1e-6)
