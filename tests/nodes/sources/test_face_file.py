from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from vivant.graph.errors import VivantError
from vivant.graph.node import NodeContext, Outcome
from vivant.graph.port import NoInputs
from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.marks_fit import MarksFitter
from vivant.nodes.face.named_points import NAMED_POINTS, other_side
from vivant.nodes.formats.face_marks import FaceMarks
from vivant.nodes.formats.picture import Picture
from vivant.nodes.sources.face_file import face_file_of, face_schema, read_face_file
from vivant.nodes.sources.image import ImageParams, ImageSource, upright_size

Open = Callable[..., Picture]
SIZE = (480, 560)
LEAST: dict[str, tuple[float, float]] = {
    "right_eye": (180, 232),
    "left_eye": (300, 232),
    "nose_tip": (240, 290),
    "right_mouth_corner": (204, 330),
    "left_mouth_corner": (276, 330),
    "chin": (240, 378),
}


@pytest.fixture
def file(tmp_path: Path) -> Callable[[Any], Path]:
    """Write a side file: a document, or its text."""

    def write(document: Any) -> Path:
        path = tmp_path / "cat.face.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
        return path

    return write


@pytest.fixture
def read_picture(node_context: Callable[..., NodeContext]) -> Open:
    def read(path: Path, **params: Any) -> Picture:
        node = ImageSource(ImageParams(path=str(path), **params))
        node.open(node_context())
        frame = node.process(NoInputs()).frame
        node.close(Outcome.DONE)
        return frame

    return read


def points(**changes: Any) -> dict[str, Any]:
    """Return a document with the fewest points, some changed; None takes one away."""
    places = {name: list(place) for name, place in LEAST.items()} | changes
    return {"version": 1, "points": {name: place for name, place in places.items() if place is not None}}


def fault(path: Path) -> str:
    with pytest.raises(VivantError) as raised:
        read_face_file(path, SIZE)
    assert raised.value.exit_status == 2 and raised.value.remedy and str(path) in raised.value.where
    return raised.value.what


def test_the_fewest_points_are_enough(file: Callable[[Any], Path]) -> None:
    marks = read_face_file(file(points()), SIZE)
    assert dict(marks.points) == LEAST and marks.landmarks is None and not marks.expression


def test_corners_stand_for_an_eye(file: Callable[[Any], Path]) -> None:
    document = points(right_eye=None, right_eye_outer=[150, 234], right_eye_inner=[210, 234])
    assert "right_eye" not in read_face_file(file(document), SIZE).points


def test_places_are_of_the_size_that_the_file_tells(file: Callable[[Any], Path]) -> None:
    document = points() | {"size": [SIZE[0] * 2, SIZE[1] * 2]}
    assert read_face_file(file(document), SIZE).points["nose_tip"] == (120, 145)


def test_all_landmarks(file: Callable[[Any], Path], head: AnatomicalHead, cat: Any) -> None:
    places = MarksFitter(head).fit(FaceMarks(cat.points, None, {}), SIZE).points.astype(float).tolist()
    for columns in (2, 3):
        marks = read_face_file(file({"version": 1, "landmarks": [place[:columns] for place in places]}), SIZE)
        assert marks.landmarks is not None and marks.landmarks.shape == (478, columns)


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (points(chin=None, right_eye=None), ["'chin' is missing", "'right_eye' (or both"]),
        (points(chin=[240, 900]), ["points.chin", "outside the picture, 480 x 560"]),
        (points(nose_tipp=[1, 2]), ["'nose_tipp'", "did you mean 'nose_tip'"]),
        (points(xyzzy=[1, 2]), ["'xyzzy'", "there are: right_eye"]),
        (points(chin=[1, "a"]), ["points.chin", "two finite numbers"]),
        (points(chin=[1]), ["points.chin", "two finite numbers"]),
        (points(right_eye=[300, 232], left_eye=[180, 232]), ["left and right are swapped"]),
        (points(right_mouth_corner=[276, 330], left_mouth_corner=[204, 330]), ["'right_mouth_corner'", "swapped"]),
        (points(right_eye_outer=[212, 238], right_eye_inner=[146, 234]), ["'right_eye_outer'", "swapped"]),
        (points(right_eye_upper=[180, 260], right_eye_lower=[180, 204]), ["'right_eye_upper' lies below"]),
        (points(left_eye=[180, 232]), ["lie on one another"]),
        (points() | {"version": 2}, ["version", "only version 1"]),
        ({"points": points()["points"]}, ["version", "missing"]),
        (points() | {"pionts": {}}, ["pionts", "did you mean 'points'"]),
        (points() | {"size": [560, 480]}, ["size", "560 x 480", "480 x 560"]),
        (points() | {"landmarks": [[1, 2]] * 478}, ["either `points` or `landmarks`"]),
        ({"version": 1}, ["either `points` or `landmarks`"]),
        ({"version": 1, "landmarks": [[1, 2]] * 477}, ["477", "all 478"]),
        (points() | {"expression": {"mouthSmile": 0.5}}, ["'mouthSmile'", "did you mean"]),
        (points() | {"expression": {"jawOpen": 3}}, ["expression.jawOpen", "0 to 1"]),
        ([1, 2], ["JSON object"]),
        ('{"version": 1, "points": {"chin": [NaN, 2]}}', ["NaN"]),
        ('{"version": 1,', ["no valid JSON"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(file: Callable[[Any], Path], document: Any, told: list[str]) -> None:
    what = fault(file(document))
    for part in told:
        assert part in what


def test_all_problems_are_told_at_once(file: Callable[[Any], Path]) -> None:
    what = fault(file(points(chin=[240, 900], nose_tipp=[1, 2], left_eye=None)))
    assert "outside" in what and "nose_tipp" in what and "'left_eye'" in what and "3 reason" in what


def test_the_schema_names_every_point() -> None:
    schema = face_schema()
    assert set(schema["required"]) == {"version"}
    assert schema["properties"]["points"]["propertyNames"]["enum"] == list(NAMED_POINTS)


def test_names_come_in_pairs() -> None:
    for name in NAMED_POINTS:
        other = other_side(name)
        assert (
            (other in NAMED_POINTS and other_side(other) == name)
            if other
            else name in ("nose_tip", "chin", "forehead") or "lip" in name
        )


def test_a_picture_carries_the_face_beside_it(cat: Any, tmp_path: Path, read_picture: Open, notices: list[str]) -> None:
    picture = read_picture(cat.write(tmp_path, cat.points))
    assert picture.marks is not None and picture.marks.points["chin"] == cat.points["chin"]
    assert notices == ["cat.png: its face is taken from cat.face.json"]


def test_a_reduced_picture_has_its_points_reduced(cat: Any, tmp_path: Path, read_picture: Open) -> None:
    picture = read_picture(cat.write(tmp_path, cat.points), max_size=280)
    assert picture.marks is not None
    np.testing.assert_allclose(picture.marks.points["chin"], np.array(cat.points["chin"]) / 2, atol=0.5)


def test_no_side_file_no_marks(cat: Any, tmp_path: Path, read_picture: Open) -> None:
    assert read_picture(cat.write(tmp_path)).marks is None


def test_a_bad_side_file_is_an_error_before_anything_starts(cat: Any, tmp_path: Path, read_picture: Open) -> None:
    path = cat.write(tmp_path, cat.points)
    face_file_of(path).write_text("{}", encoding="utf-8")
    with pytest.raises(VivantError, match="version"):
        read_picture(path)


def test_the_upright_size_of_a_picture_that_lies_on_its_side(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    image = Image.new("RGB", (60, 40))
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(path, exif=exif)
    assert upright_size(path) == (40, 60)
