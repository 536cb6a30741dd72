from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np
import pytest

from vivant.graph.packet import Packet
from vivant.nodes.face.face_reader import FaceReader
from vivant.nodes.face.face_roi import FaceRoi
from vivant.nodes.face.recorded_faces import AT_ONCE, RecordedFaces, Searched
from vivant.nodes.formats.face import FaceReading
from vivant.nodes.formats.face_marks import FaceMarks
from vivant.nodes.formats.picture import Picture

Work = Callable[[], list[FaceReading]]


class Reader:
    """Finds as many faces as the picture's first pixel says; nobody else may use it meanwhile."""

    made = warm = 0

    def __init__(self) -> None:
        Reader.made += 1
        self.busy = False

    def warm_up(self) -> None:
        Reader.warm += 1

    def search(self, pixels: np.ndarray, most: int) -> list[str]:
        assert not self.busy and most == 3
        if pixels[0, 0, 0] == 99:
            raise RuntimeError("a network broke")
        return ["face"] * int(pixels[0, 0, 0])


@pytest.fixture(autouse=True)
def none_made() -> None:
    Reader.made = Reader.warm = 0


def frame(number: int, marks: FaceMarks | None = None) -> Packet[Picture]:
    return Packet(Picture(np.full((1, 1, 3), number, np.uint8), marks=marks), 10 * number, number)


def recorded(beside: Callable[[Work], Work], hands: int = 1) -> RecordedFaces:
    return RecordedFaces(cast(FaceReader, Reader()), lambda: cast(FaceReader, Reader()), beside, hands, 3)


def at_once(work: Work) -> Work:
    found = work()
    return lambda: found


@pytest.mark.parametrize("count", [0, 1, AT_ONCE, AT_ONCE + 1, 12])
@pytest.mark.parametrize("beside", [at_once, lambda work: work], ids=["at once", "when it is asked for"])
def test_every_frame_is_given_in_order_with_what_is_in_it(beside: Callable[[Work], Work], count: int) -> None:
    faces = recorded(beside)
    given = [faces.step(frame(number)) for number in range(count)]
    assert given[:AT_ONCE] == [None] * min(count, AT_ONCE)
    searched = [one for one in given if isinstance(one, Searched)] + list(faces.rest())
    assert [(one.frame.seq, len(one.faces)) for one in searched] == [(number, number) for number in range(count)]
    assert Reader.made == 1  # one after the other needs one


def test_what_is_searched_at_the_same_time_has_a_reader_each(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Work] = []
    search = Reader.search

    def slow(reader: Reader, pixels: np.ndarray, most: int) -> list[str]:
        if pixels[0, 0, 0] == 0:
            reader.busy = True
            begun[2]()  # the first was to make ready; the second frame is searched before the first is done
            reader.busy = False
        return search(reader, pixels, most)

    def beside(work: Work) -> Work:
        begun.append(work)
        return work

    monkeypatch.setattr(Reader, "search", slow)
    faces = recorded(beside)
    for number in range(2):
        assert faces.step(frame(number)) is None
    assert [len(one.faces) for one in faces.rest()] == [0, 1]
    assert Reader.made == 2


def test_each_hand_has_its_reader_ready_before_the_first_frame_comes() -> None:
    faces = recorded(at_once, hands=3)
    assert Reader.made == Reader.warm == 3
    for number in range(AT_ONCE + 3):
        faces.step(frame(number))
    assert Reader.made == 3


class Detecting:
    """A face at the place that the picture's first pixel says, found by the detector or read in a square given."""

    def __init__(self) -> None:
        self.detected, self.read_at = list[int](), list[tuple[int, float]]()

    def warm_up(self) -> None:
        pass

    def find(self, pixels: np.ndarray) -> tuple[FaceRoi, str] | None:
        place = int(pixels[0, 0, 0])
        self.detected.append(place)
        return None if place == 0 else (FaceRoi(place, 0, 100, 0), f"found {place}")

    def read(self, pixels: np.ndarray, roi: FaceRoi) -> str | None:
        self.read_at.append((int(pixels[0, 0, 0]), roi.x))
        return None if pixels[0, 0, 0] == 7 else f"read {roi.x}"

    def search(self, pixels: np.ndarray, most: int) -> list[str]:
        assert most == 1
        found = self.find(pixels)
        return [] if found is None else [found[1]]


@pytest.mark.parametrize("beside", [at_once, lambda work: work], ids=["at once", "when it is asked for"])
@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([10], ["found 10"]),
        ([10, 11], ["found 10", "found 11"]),
        ([10, 11, 14], ["found 10", "read 12.0", "found 14"]),
        ([10, 11, 14, 15, 16, 17], ["found 10", "read 12.0", "found 14", "read 15.0", "found 16", "found 17"]),
        ([10, 50, 90], ["found 10", "found 50", "found 90"]),  # another face, or a cut
        ([10, 11, 0, 12, 13], ["found 10", "found 11", None, "found 12", "found 13"]),
        ([10, 7, 14], ["found 10", "found 7", "found 14"]),  # not to be seen half-way
    ],
)
def test_of_one_face_every_second_frame_is_searched(
    beside: Callable[[Work], Work], places: list[int], expected: list[object]
) -> None:
    reader = Detecting()
    faces = RecordedFaces(cast(FaceReader, reader), lambda: cast(FaceReader, reader), beside, 1, 1)
    searched = [faces.step(frame(place)) for place in places]
    given = [one for one in searched if one is not None] + list(faces.rest())
    assert [one.frame.seq for one in given] == places
    assert [cast(object, one.faces[0]) if one.faces else None for one in given] == expected


def test_half_way_is_where_the_detector_does_not_look() -> None:
    reader = Detecting()
    faces = RecordedFaces(cast(FaceReader, reader), lambda: cast(FaceReader, reader), at_once, 1, 1)
    for place in range(20, 31):
        faces.step(frame(place))
    list(faces.rest())
    assert reader.detected == list(range(20, 31, 2))
    assert reader.read_at == [(place, place) for place in range(21, 30, 2)]


def test_where_the_face_is_pointed_out_nobody_searches() -> None:
    faces = recorded(at_once)
    marks = cast(FaceMarks, object())
    assert faces.step(frame(5, marks)) is None
    (searched,) = faces.rest()
    assert searched.faces == []


def test_what_a_search_failed_with_is_raised_where_its_frame_is_asked_for() -> None:
    faces = recorded(lambda work: work)
    for number in (1, 99):
        assert faces.step(frame(number)) is None
    rest = faces.rest()
    assert len(next(rest).faces) == 1
    with pytest.raises(RuntimeError, match="broke"):
        next(rest)
