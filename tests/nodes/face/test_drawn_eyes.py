from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from vivant.nodes.face.drawn_eyes import with_eyes
from vivant.nodes.formats.face_marks import FaceMarks


def test_the_cats_eyes_have_their_size(cat: Any) -> None:
    found = with_eyes(cat.draw(), FaceMarks(cat.least, None, {})).points
    for name in ("outer", "inner"):
        for side in ("right", "left"):
            x = cat.points[f"{side}_eye"][0] if f"{side}_eye" in cat.points else cat.least[f"{side}_eye"][0]
            assert 28 < abs(found[f"{side}_eye_{name}"][0] - x) < 38
    np.testing.assert_allclose(found["right_eye_upper"], (180, 204), atol=6)
    np.testing.assert_allclose(found["left_eye_lower"], (300, 262), atol=6)
    assert found["right_eye_outer"][0] < found["right_eye_inner"][0] < found["left_eye_inner"][0]
    assert "right_eye" not in found and found["chin"] == cat.least["chin"]


def test_a_tilted_face_has_tilted_eyes(cat: Any) -> None:
    turn = cv2.getRotationMatrix2D((240, 240), 30, 1.0)
    tilted = np.asarray(cv2.warpAffine(cat.draw(), turn, cat.size, borderMode=cv2.BORDER_REPLICATE), np.uint8)
    points = {name: tuple(turn @ (*place, 1)) for name, place in cat.least.items()}
    found = with_eyes(tilted, FaceMarks(points, None, {})).points
    np.testing.assert_allclose(found["right_eye_upper"], turn @ (180, 204, 1), atol=7)


def test_what_was_given_stays_and_what_does_not_stand_out_is_left(cat: Any) -> None:
    marks = FaceMarks(cat.points, None, {})
    assert with_eyes(cat.draw(), marks) is marks
    blank = np.full_like(cat.draw(), 120)
    assert with_eyes(blank, FaceMarks(cat.least, None, {})).points == cat.least
    one_eyed = cat.draw().copy()
    one_eyed[200:270, 260:340] = (232, 158, 84)
    assert with_eyes(one_eyed, FaceMarks(cat.least, None, {})).points == cat.least
