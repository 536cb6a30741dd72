from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from vivant.graph.errors import VivantError
from vivant.graph.node import Emission, NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.nodes.face.face_choice import Pick, pick_face
from vivant.nodes.face.landmarks import (
    FaceLandmarks,
    LandmarksInputs,
    LandmarksOutputs,
    LandmarksParams,
    Mode,
)
from vivant.nodes.formats.arkit import BLENDSHAPES, INDEX
from vivant.nodes.formats.face import LANDMARK_COUNT, FaceReading
from vivant.nodes.formats.picture import Picture

U8 = npt.NDArray[np.uint8]
Open = Callable[..., FaceLandmarks]

WITH_A_FACE = ("astronaut.png", "bouguereau_child.jpg", "cartoon_boy.jpg", "mona_lisa.jpg", "warrior.jpg")


@pytest.fixture
def opened(model: Callable[[str], Path], node_context: Callable[..., NodeContext]) -> Iterator[Open]:
    """Open nodes with the real model: ``opened(mode=..., pick=...)``; they are closed at the end."""
    nodes = []

    def make(**params: Any) -> FaceLandmarks:
        node = FaceLandmarks(LandmarksParams(**params))
        node.open(node_context(fetch=model))
        nodes.append(node)
        return node

    yield make
    for node in nodes:
        node.close(Outcome.DONE)
        node.close(Outcome.DONE)  # a second call does no harm


def picture(path: Path) -> U8:
    return np.array(Image.open(path).convert("RGB"))


def look(node: FaceLandmarks, pixels: U8, t_ns: int = 0, seq: int = 0) -> FaceReading | None:
    made = node.process(LandmarksInputs(Packet(Picture(pixels), t_ns, seq)))
    if made is None:
        (made,) = node.drain()  # the picture is the whole recording
    return (made.outputs if isinstance(made, Emission) else made).face


def middle(face: FaceReading) -> npt.NDArray[np.float64]:
    return np.asarray(face.points[:, :2].mean(axis=0), np.float64)


def width(face: FaceReading) -> float:
    return float(np.ptp(face.points[:, 0]))


class TestPicking:
    """Which of several faces, without any model."""

    @staticmethod
    def faces() -> list[FaceReading]:
        """Four faces of 400 x 300: a small one left, a large one right of the centre, one far right, one in it."""
        made = []
        for x, y, size in ((40, 60, 20), (260, 150, 80), (350, 220, 30), (195, 155, 10)):
            points = np.zeros((LANDMARK_COUNT, 3), np.float32)
            points[:, 0] = x + size * np.cos(np.arange(LANDMARK_COUNT))
            points[:, 1] = y + size * np.sin(np.arange(LANDMARK_COUNT))
            made.append(FaceReading(points, (400, 300), np.zeros(52, np.float32), np.eye(4, dtype=np.float32)))
        return made

    @pytest.mark.parametrize(
        ("pick", "expected"), [(Pick.LEFTMOST, 0), (Pick.LARGEST, 1), (Pick.RIGHTMOST, 2), (Pick.CENTRE, 3)]
    )
    def test_each_way_of_picking(self, pick: Pick, expected: int) -> None:
        faces = self.faces()
        assert pick_face(faces, pick) is faces[expected]
        assert pick_face(faces[::-1], pick) is faces[expected]


@pytest.mark.parametrize("name", WITH_A_FACE)
def test_the_face_of_a_portrait_is_found(name: str, media: Path, opened: Open, notices: list[str]) -> None:
    pixels = picture(media / "portraits" / name)
    face = look(opened(mode=Mode.STILL, required=True), pixels)
    assert face is not None
    height, across = pixels.shape[:2]
    assert face.size == (across, height)
    assert face.points.shape == (LANDMARK_COUNT, 3) and face.scores.shape == (len(BLENDSHAPES),)
    low, high = face.points[:, :2].min(axis=0), face.points[:, :2].max(axis=0)
    assert (low > -10).all() and high[0] < across + 10 and high[1] < height + 10
    assert width(face) > 0.08 * across
    marks = face.points
    assert marks[10, 1] < marks[168, 1] < marks[1, 1] < marks[13, 1] < marks[152, 1]  # brow to chin
    assert marks[33, 0] < marks[263, 0]  # the person's right eye is on the left
    assert marks[1, 2] < marks[[234, 454], 2].min()  # nearer is smaller
    assert face.scores.min() >= 0 and face.scores.max() <= 1 and face.scores[INDEX["tongueOut"]] == 0
    assert not notices


def test_the_largest_of_several_faces_is_taken_and_another_on_request(
    media: Path, opened: Open, notices: list[str]
) -> None:
    pixels = picture(media / "portraits" / "group_of_five.jpg")
    found = {pick: look(opened(mode=Mode.STILL, pick=pick), pixels) for pick in Pick}
    faces = {pick: face for pick, face in found.items() if face is not None}
    assert len(faces) == len(Pick)
    assert width(faces[Pick.LARGEST]) >= 0.95 * max(width(face) for face in faces.values())
    left, right = middle(faces[Pick.LEFTMOST])[0], middle(faces[Pick.RIGHTMOST])[0]
    assert right - left > 2 * width(faces[Pick.LARGEST])
    centre = pixels.shape[1] / 2
    assert abs(middle(faces[Pick.CENTRE])[0] - centre) < min(abs(left - centre), abs(right - centre))
    assert any("5 faces" in line and "largest" in line for line in notices)


def test_a_picture_without_a_human_face(media: Path, opened: Open) -> None:
    pixels = picture(media / "portraits" / "alpaca.jpg")
    assert look(opened(mode=Mode.STILL), pixels) is None
    with pytest.raises(VivantError) as raised:
        look(opened(mode=Mode.STILL, required=True), pixels)
    assert "face" in raised.value.what.lower() and raised.value.remedy and raised.value.exit_status == 1


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("shape", [(1, 1), (40, 40), (31, 500)])
def test_pictures_without_anything_are_no_error(opened: Open, mode: Mode, shape: tuple[int, int]) -> None:
    assert look(opened(mode=mode), np.full((*shape, 3), 120, np.uint8)) is None


@pytest.mark.parametrize("corner", [(0, 0), (1, 1)])
def test_a_small_face_in_a_large_picture_is_found_in_its_place(
    media: Path, opened: Open, corner: tuple[int, int]
) -> None:
    portrait = picture(media / "portraits" / "astronaut.png")
    small = np.asarray(cv2.resize(portrait, (320, 320), interpolation=cv2.INTER_AREA), np.uint8)
    wall = np.full((700, 900, 3), 90, np.uint8)
    row, column = corner[1] * (700 - 350) + 15, corner[0] * (900 - 350) + 15
    wall[row : row + 320, column : column + 320] = small
    # at a glance it is too small: it is the tiles that find it
    assert look(opened(mode=Mode.VIDEO), wall) is None
    face = look(opened(mode=Mode.STILL), wall)
    reference = look(opened(mode=Mode.STILL), portrait)
    assert face is not None and reference is not None
    assert face.size == (900, 700)
    share = 320 / portrait.shape[0]
    expected = middle(reference) * share + (column, row)
    np.testing.assert_allclose(middle(face), expected, atol=0.1 * width(reference) * share)
    assert width(face) == pytest.approx(width(reference) * share, rel=0.2)


def test_pictures_with_alpha_are_read_by_their_colours(media: Path, opened: Open) -> None:
    pixels = picture(media / "portraits" / "astronaut.png")
    alpha = np.concatenate([pixels, np.zeros((*pixels.shape[:2], 1), np.uint8)], axis=2)
    node = opened(mode=Mode.STILL)
    plain, clear = look(node, pixels), look(node, alpha)
    assert plain is not None and clear is not None
    np.testing.assert_array_equal(plain.points, clear.points)


def test_times_that_repeat_or_go_back_are_no_error(media: Path, opened: Open) -> None:
    pixels = picture(media / "portraits" / "astronaut.png")
    node = opened(mode=Mode.VIDEO)
    for seq, ms in enumerate((0, 0, 40, 40, 20, 0, 1000, 999, 10**9, 5)):
        face = look(node, pixels, t_ns=ms * 1_000_000 + 999_999, seq=seq)
        assert face is not None, f"lost at step {seq}"


def test_a_video_is_followed_and_a_lost_face_is_none(media: Path, opened: Open) -> None:
    node = opened(mode=Mode.VIDEO)
    capture = cv2.VideoCapture(str(media / "drivers" / "short.mp4"))
    places, size = [], 0.0
    for seq in range(10):
        read, frame = capture.read()
        assert read
        face = look(node, np.ascontiguousarray(frame[..., ::-1], np.uint8), t_ns=seq * 33_000_000, seq=seq)
        assert face is not None
        places.append(middle(face))
        size = width(face)
    capture.release()
    steps = np.linalg.norm(np.diff(places, axis=0), axis=1)
    assert steps.max() < 0.3 * size
    assert look(node, np.zeros((240, 320, 3), np.uint8), t_ns=10**9, seq=10) is None


def test_a_recording_is_looked_ahead_in_and_a_live_driver_is_answered_at_once(
    media: Path, model: Callable[[str], Path], node_context: Callable[..., NodeContext]
) -> None:
    capture = cv2.VideoCapture(str(media / "drivers" / "short.mp4"))
    frames = [cv2.cvtColor(frame, cv2.COLOR_BGR2RGB) for frame in (capture.read()[1] for _ in range(20))]
    asked = [
        LandmarksInputs(Packet(Picture(np.asarray(pixels, np.uint8)), n * 33_000_000, n))
        for n, pixels in enumerate(frames)
    ]
    params = LandmarksParams()
    recorded, live = FaceLandmarks(params), FaceLandmarks(params)
    recorded.open(node_context(fetch=model, offline=True))
    live.open(node_context(fetch=model, offline=False))
    lag = FaceLandmarks.lag(params)
    answers = [recorded.process(inputs) for inputs in asked]
    assert answers[:lag] == [None] * lag and FaceLandmarks.lag(LandmarksParams(mode=Mode.STILL)) == 0
    emissions = [*answers[lag:], *recorded.drain()]
    faces = []
    for n, emission in enumerate(emissions):
        assert isinstance(emission, Emission)
        assert (emission.t_ns, emission.seq) == (n * 33_000_000, n)
        faces.append(emission.outputs.face)
    for inputs, face in zip(asked, faces, strict=True):
        at_once = live.process(inputs)
        assert isinstance(at_once, LandmarksOutputs) and at_once.face is not None and face is not None
        assert np.abs(face.points - at_once.face.points)[:, :2].mean() < 0.02 * width(face)
    recorded.close(Outcome.DONE)
    live.close(Outcome.DONE)
