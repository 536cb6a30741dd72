"""All landmarks from a few points: heads whose truth is known, and a drawn cat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.head_fit import HeadFitter, tracker_rotation
from vivant.nodes.face.landmark_sets import EYE_CONTOURS, INNER_LIPS, IRISES
from vivant.nodes.face.marks_fit import MarksFitter
from vivant.nodes.face.named_points import LEAST as LEAST_NAMES
from vivant.nodes.face.named_points import NAMED_POINTS
from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.formats.face import FaceReading
from vivant.nodes.formats.face_marks import FaceMarks
from vivant.nodes.formats.head import HeadFit

MakeFit = Callable[..., HeadFit]
ReadingOf = Callable[[HeadFit], FaceReading]


@pytest.fixture(scope="module")
def marks_fitter(head: AnatomicalHead) -> MarksFitter:
    return MarksFitter(head)


def named(reading: FaceReading, names: tuple[str, ...] = tuple(NAMED_POINTS)) -> FaceMarks:
    """Return the points of a reading that somebody would have set by hand."""
    places = {n: reading.points[list(NAMED_POINTS[n].landmarks), :2].mean(axis=0) for n in names}
    return FaceMarks({n: (float(p[0]), float(p[1])) for n, p in places.items()}, None, {})


def errors(found: FaceReading, truth: FaceReading) -> npt.NDArray[np.float64]:
    """Distances of all landmarks in shares of the face's width."""
    width = float(np.linalg.norm(truth.points[234, :2] - truth.points[454, :2]))
    return np.asarray(np.linalg.norm((found.points - truth.points)[:, :2], axis=1) / width, np.float64)


@pytest.mark.parametrize("turn", [(0.0, 0.0, 0.0), (0.05, 0.25, 0.0), (0.0, -0.1, 0.5)])
def test_all_named_points_tell_the_rest(
    marks_fitter: MarksFitter, make_fit: MakeFit, reading_of: ReadingOf, turn: tuple[float, float, float]
) -> None:
    truth = reading_of(make_fit(turn=turn))
    found = marks_fitter.fit(named(truth), truth.size)
    assert np.median(errors(found, truth)) < 0.012 and errors(found, truth).max() < 0.08


def test_six_points_tell_roughly_where_all_is(
    marks_fitter: MarksFitter, make_fit: MakeFit, reading_of: ReadingOf
) -> None:
    truth = reading_of(make_fit())
    found = marks_fitter.fit(named(truth, LEAST_NAMES), truth.size)
    assert np.median(errors(found, truth)) < 0.025


def test_a_turned_head_is_found_turned(marks_fitter: MarksFitter, make_fit: MakeFit, reading_of: ReadingOf) -> None:
    truth = reading_of(make_fit(turn=(0.0, 0.35, 0.0)))
    rotation = tracker_rotation(marks_fitter.fit(named(truth), truth.size))
    assert 0.15 < float(np.arctan2(rotation[0, 2], rotation[2, 2])) < 0.5


def test_an_open_mouth_is_expression(marks_fitter: MarksFitter, make_fit: MakeFit, reading_of: ReadingOf) -> None:
    truth = reading_of(make_fit({"jawOpen": 0.6}))
    found = marks_fitter.fit(named(truth), truth.size)
    closed = marks_fitter.fit(named(reading_of(make_fit())), truth.size)
    assert found.scores[INDEX["jawOpen"]] > closed.scores[INDEX["jawOpen"]] + 0.2


def test_an_expression_that_is_told_is_taken(marks_fitter: MarksFitter, cat: Any) -> None:
    found = marks_fitter.fit(FaceMarks(cat.points, None, {"mouthSmileLeft": 0.55}), cat.size)
    assert found.scores[INDEX["mouthSmileLeft"]] == pytest.approx(0.5, abs=0.02)  # times 1.1 in the head's fit


@pytest.mark.parametrize("which", ["least", "points"])
def test_what_no_head_can_say_is_bent_into_place(marks_fitter: MarksFitter, cat: Any, which: str) -> None:
    points: dict[str, tuple[float, float]] = getattr(cat, which)
    found = marks_fitter.fit(FaceMarks(points, None, {}), cat.size)
    assert np.isfinite(found.points).all() and found.points.shape == (478, 3)
    for name, place in points.items():
        if name.endswith("_iris_edge"):
            continue
        at = found.points[list(NAMED_POINTS[name].landmarks), :2].mean(axis=0)
        np.testing.assert_allclose(at, place, atol=2.5, err_msg=name)
    marks = found.points
    assert marks[10, 1] < marks[168, 1] < marks[1, 1] < marks[13, 1] < marks[152, 1]
    assert marks[1, 2] < marks[[234, 454], 2].min()


def test_eyes_and_irises_have_the_size_that_was_drawn(marks_fitter: MarksFitter, cat: Any) -> None:
    found = marks_fitter.fit(FaceMarks(cat.points, None, {}), cat.size).points
    for side, x in (("Right", 180), ("Left", 300)):
        contour = found[list(EYE_CONTOURS[side]), :2]
        assert contour[:, 1].min() == pytest.approx(204, abs=3) and contour[:, 1].max() == pytest.approx(260, abs=3)
        # an ellipse, no almond: half way to a corner it is still open by more than half
        near = contour[np.abs(contour[:, 0] - x) > 12]
        assert np.ptp(near[:, 1]) > 30
        ring = found[list(IRISES[side]), :2]
        np.testing.assert_allclose(np.linalg.norm(ring[1:] - ring[0], axis=1).mean(), 8, atol=0.5)


def test_all_landmarks_are_taken_as_they_are(
    marks_fitter: MarksFitter, make_fit: MakeFit, reading_of: ReadingOf, fitter: HeadFitter
) -> None:
    truth = reading_of(make_fit(turn=(0.0, 0.2, 0.0)))
    flat = marks_fitter.fit(FaceMarks({}, truth.points[:, :2].copy(), {}), truth.size)
    np.testing.assert_allclose(flat.points[:, :2], truth.points[:, :2], atol=0.01)
    deep = marks_fitter.fit(FaceMarks({}, truth.points, {}), truth.size)
    np.testing.assert_allclose(deep.points, truth.points, atol=0.01)
    assert fitter.fit(flat).error < 0.01


def test_the_mouth_lies_between_its_corners(marks_fitter: MarksFitter, cat: Any) -> None:
    lips = marks_fitter.fit(FaceMarks(cat.least, None, {}), cat.size).points[list(INNER_LIPS), :2]
    assert lips[:, 0].min() > 200 and lips[:, 0].max() < 280 and lips[:, 1].min() > 315 and lips[:, 1].max() < 350
