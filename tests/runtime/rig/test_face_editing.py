from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from vivant.nodes.face.anatomical_head import load_head
from vivant.nodes.face.marks_fit import MarksFitter
from vivant.nodes.face.named_points import LEAST, NAMED_POINTS
from vivant.nodes.formats.face import FaceReading
from vivant.nodes.formats.face_marks import FaceMarks
from vivant.nodes.sources.face_file import face_marks
from vivant.runtime.rig.editor_drawing import BAR, compose
from vivant.runtime.rig.face_editing import FaceEditing, Place
from vivant.runtime.rig.picture_view import PictureView

SIZE = (480, 560)


@pytest.fixture(scope="module")
def fitter() -> MarksFitter:
    return MarksFitter(load_head())


@dataclass
class Editor:
    """An editing with a real fit."""

    fitter: MarksFitter
    places: dict[str, Place] = field(default_factory=dict)

    def start(self, points: dict[str, Place], by_hand: frozenset[str] = frozenset()) -> FaceEditing:
        def fit(marks: FaceMarks) -> FaceReading:
            return self.fitter.fit(marks, SIZE)

        reading = fit(FaceMarks(points, None, {}))
        places = {
            n: (float(p[0]), float(p[1]))
            for n, point in NAMED_POINTS.items()
            for p in [reading.points[list(point.landmarks), :2].mean(axis=0)]
        }
        return FaceEditing(SIZE, places | points, by_hand, fit)


@pytest.fixture
def editing(fitter: MarksFitter, cat: Any) -> FaceEditing:
    return Editor(fitter).start(cat.least)


def shift(editing: FaceEditing, name: str, x: float, y: float) -> None:
    old = editing.places[name]
    editing.begin()
    editing.move(name, (old[0] + x, old[1] + y))
    editing.follow()


def test_the_first_point_takes_the_others_along(editing: FaceEditing) -> None:
    before = dict(editing.places)
    shift(editing, "nose_tip", 30, -20)
    for name in ("chin", "right_eye", "left_mouth_corner", "right_eye_outer", "forehead"):
        np.testing.assert_allclose(editing.places[name], np.add(before[name], (30, -20)), atol=3)


def test_two_points_scale_and_turn_the_others(editing: FaceEditing) -> None:
    shift(editing, "right_eye", -60, 0)
    shift(editing, "left_eye", 60, 0)  # which the first had taken along
    assert editing.places["chin"][1] == pytest.approx(232 + 1.5 * (378 - 232), abs=1)


def test_what_was_set_stays(editing: FaceEditing) -> None:
    shift(editing, "nose_tip", 10, 0)
    set_at = editing.places["nose_tip"]
    shift(editing, "chin", 0, 40)
    assert editing.places["nose_tip"] == set_at and editing.set_by_hand == {"nose_tip", "chin"}
    assert editing.wanted() == set(LEAST) - {"nose_tip", "chin"}


def test_lids_that_were_set_are_met_and_a_freed_one_follows_again(editing: FaceEditing) -> None:
    before = editing.places["right_eye_upper"]
    shift(editing, "right_eye_upper", 0, -15)
    assert editing.places["right_eye_upper"][1] == pytest.approx(before[1] - 15)
    editing.free("right_eye_upper")
    editing.follow()
    np.testing.assert_allclose(editing.places["right_eye_upper"], before, atol=0.5)


def test_undo_and_redo(editing: FaceEditing) -> None:
    before = dict(editing.places)
    shift(editing, "chin", 0, 30)
    after = editing.places["chin"]
    assert editing.undo() and editing.undo() is False
    editing.follow()
    assert editing.places["chin"] == before["chin"] and not editing.set_by_hand
    assert editing.redo() and editing.places["chin"] == after
    assert editing.redo() is False
    editing.undo()
    shift(editing, "nose_tip", 1, 1)
    assert editing.redo() is False  # what was taken back is gone once something else is done


def test_points_stay_within_the_picture(editing: FaceEditing) -> None:
    editing.begin()
    editing.move("chin", (5000.0, -3.0))
    editing.follow()
    assert editing.places["chin"] == (480, 0)
    assert all(0 <= x <= SIZE[0] and 0 <= y <= SIZE[1] for x, y in editing.places.values())


def test_points_on_one_another_are_no_error(editing: FaceEditing) -> None:
    for name in LEAST:
        editing.begin()
        editing.move(name, (200.0, 200.0))
    editing.follow()
    assert np.isfinite(list(editing.places.values())).all()


def test_what_is_saved_is_a_valid_file(editing: FaceEditing) -> None:
    shift(editing, "left_iris_edge", 2, 0)
    document = editing.document()
    marks, problems = face_marks(document, SIZE)
    assert not problems and marks is not None
    assert set(marks.points) == {*LEAST, "left_iris_edge"}


def test_corners_make_the_middle_needless(editing: FaceEditing) -> None:
    for name in ("right_eye_outer", "right_eye_inner"):
        shift(editing, name, 1, 1)
    assert "right_eye" not in editing.points() and "left_eye" in editing.points()


def test_changes_until_saved(editing: FaceEditing) -> None:
    assert not editing.changed
    shift(editing, "chin", 0, 5)
    assert editing.changed
    editing.saved()
    assert not editing.changed
    editing.undo()
    assert editing.changed


class TestView:
    """Zoom and pan."""

    def test_all_of_the_picture_fits(self) -> None:
        view = PictureView((100, 200), (400, 400))
        view.show_all()
        assert (view.zoom, view.left, view.top) == (2, 100, 0)
        assert view.to_picture(*view.to_window((30.0, 70.0))) == (30, 70)

    def test_zoom_keeps_what_is_under_the_cursor(self) -> None:
        view = PictureView((100, 200), (400, 400))
        view.show_all()
        place = view.to_picture(150, 90)
        view.zoom_at(150, 90, 3)
        assert view.to_window(place) == pytest.approx((150, 90)) and view.zoom == 6
        for _ in range(100):
            view.zoom_at(0, 0, 2)
        assert view.zoom == 40

    def test_the_picture_cannot_be_lost(self) -> None:
        view = PictureView((100, 200), (400, 400))
        view.show_all()
        view.pan(10_000, -10_000)
        x, y = view.to_picture(399, 0)
        assert 0 < x < 100 and 0 < y <= 200

    def test_a_larger_window_keeps_the_middle(self) -> None:
        view = PictureView((100, 200), (400, 400))
        view.show_all()
        middle = view.to_picture(200, 200)
        view.resize((600, 500))
        assert view.to_picture(300, 250) == middle


def test_what_the_window_shows(editing: FaceEditing, cat: Any) -> None:
    view = PictureView(SIZE, (500, 400))
    view.show_all()
    plain = compose(cat.draw(), editing, view, None, "a message")
    hovered = compose(cat.draw(), editing, view, "chin", "a message")
    assert plain.shape == (400 + BAR, 500, 3) and plain.dtype == np.uint8
    assert (plain != hovered).any()
    x, y = (round(v) for v in view.to_window(editing.places["chin"]))
    red = plain[y - 8 : y + 9, x - 8 : x + 9].reshape(-1, 3)
    assert (np.abs(red.astype(int) - (255, 110, 90)).max(axis=1) < 30).any()  # it still has to be set
