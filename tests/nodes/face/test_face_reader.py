"""The face reader: what it reads is what MediaPipe reads, and what it does with other files and pictures."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from vivant.graph.errors import VivantError
from vivant.nodes.face.face_bundle import open_face_bundle
from vivant.nodes.face.face_follower import FaceFollower
from vivant.nodes.face.face_reader import FaceReader, distance, is_new
from vivant.nodes.face.face_roi import FaceRoi
from vivant.nodes.face.head_transform import HeadTransform
from vivant.nodes.face.landmark_sets import LEFT_SIDE, RIGHT_SIDE, SCORED
from vivant.nodes.formats.arkit import BLENDSHAPES, INDEX
from vivant.nodes.formats.face import FaceReading

U8 = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def reader(model: Callable[[str], Path]) -> FaceReader:
    return FaceReader(model("face_landmarker"))


@pytest.fixture(scope="module")
def astronaut(model: Callable[[str], Path]) -> U8:
    return np.array(Image.open(model("sample:astronaut")).convert("RGB"))


def turned(picture: U8, degrees: float, shift: tuple[float, float] = (0, 0)) -> U8:
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    matrix[:, 2] += np.array(shift)
    return np.asarray(cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def width(face: FaceReading) -> float:
    return float(np.linalg.norm((face.points[RIGHT_SIDE] - face.points[LEFT_SIDE])[:2]))


@pytest.mark.parametrize(("degrees", "shift"), [(0, (0, 0)), (20, (15, -10)), (-35, (0, 20)), (5, (-120, 60))])
def test_what_is_read_is_what_mediapipe_reads(
    reader: FaceReader, model: Callable[[str], Path], astronaut: U8, degrees: float, shift: tuple[float, float]
) -> None:
    mp = pytest.importorskip("mediapipe", reason="MediaPipe, the reference, is not installed")
    from mediapipe.tasks.python import BaseOptions, vision

    picture = turned(astronaut, degrees, shift)
    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(model("face_landmarker"))),
        output_face_blendshapes=True,
        output_facial_transformation_matrixes=True,
    )
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        expected = landmarker.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=picture))
    (face,) = reader.search(picture, 3)
    height, across = picture.shape[:2]
    points = np.array([[mark.x * across, mark.y * height, mark.z * across] for mark in expected.face_landmarks[0]])
    assert np.abs(face.points - points).max() < 0.01 * width(face)
    scores = {category.category_name: category.score for category in expected.face_blendshapes[0]}
    for name, index in INDEX.items():
        assert face.scores[index] == pytest.approx(scores.get(name, 0.0), abs=0.05), name
    transform = expected.facial_transformation_matrixes[0]
    np.testing.assert_allclose(face.transform[:3, :3], transform[:3, :3], atol=0.01)
    np.testing.assert_allclose(face.transform[:3, 3], transform[:3, 3], atol=0.15)  # centimetres


def test_a_reading_goes_with_the_picture(reader: FaceReader, astronaut: U8) -> None:
    (still,) = reader.search(astronaut)
    assert still.points.shape == (478, 3) and still.scores.shape == (len(BLENDSHAPES),)
    assert still.scores[INDEX["mouthSmileLeft"]] > 0.3 > still.scores[INDEX["jawOpen"]] and still.scores[-1] == 0
    (moved,) = reader.search(turned(astronaut, 0, (30, 20)))
    shift = (moved.points - still.points)[:, :2].mean(axis=0)
    np.testing.assert_allclose(shift, (30, 20), atol=0.02 * width(still))
    (rolled,) = reader.search(turned(astronaut, 25))

    def roll(face: FaceReading) -> float:
        return float(np.degrees(np.arctan2(face.transform[1, 0], face.transform[0, 0])))

    assert roll(rolled) - roll(still) == pytest.approx(25, abs=2)


def test_pictures_without_a_face_and_of_any_size(reader: FaceReader) -> None:
    for height, across in ((1, 1), (3, 700), (480, 640)):
        assert reader.search(np.full((height, across, 3), 90, np.uint8), 5) == []
    noise = np.random.default_rng(5).integers(0, 256, (300, 400, 3), np.uint8)
    assert reader.search(noise, 5) == []
    assert reader.read(noise, FaceRoi(200, 150, 200, 0.3)) is None


def test_several_faces_each_once(reader: FaceReader, astronaut: U8) -> None:
    face = astronaut[:280, 100:350]
    both = np.ascontiguousarray(np.concatenate([face, face[:, ::-1]], axis=1))
    found = reader.search(both, 5)
    assert len(found) == 2 and is_new(found[1], found[:1])
    assert len(reader.search(both, 1)) == 1
    assert reader.find_more(both, found, 5) == found


def test_a_face_is_followed_without_the_detector(reader: FaceReader, astronaut: U8) -> None:
    follower = FaceFollower(reader)
    (first,) = follower.step(astronaut)

    def never(picture: U8) -> list[FaceRoi]:
        raise AssertionError("searched")

    detector = reader._detector
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(detector, "find", never)
        face = first
        for step in range(1, 8):
            (face,) = follower.step(turned(astronaut, 2 * step, (6 * step, 0)))
        assert distance(face, first) > 0.1 * width(first)
        blank = np.zeros_like(astronaut)
        with pytest.raises(AssertionError, match="searched"):
            follower.step(blank)
    assert follower.step(blank) == []
    assert len(follower.step(astronaut)) == 1


def test_afresh_reads_each_frame_like_a_single_picture(reader: FaceReader, astronaut: U8) -> None:
    follower = FaceFollower(reader, afresh=True)
    for degrees in (0, 4, 8):
        picture = turned(astronaut, degrees)
        np.testing.assert_array_equal(follower.step(picture)[0].points, reader.search(picture)[0].points)


def test_other_files_are_refused_with_their_name(tmp_path: Path, model: Callable[[str], Path]) -> None:
    good = model("face_landmarker").read_bytes()
    torn = tmp_path / "torn.task"
    for content in (b"", b"no bundle", good[: len(good) // 2]):
        torn.write_bytes(content)
        with pytest.raises(VivantError) as caught:
            FaceReader(torn)
        assert str(torn) in str(caught.value.where) and caught.value.remedy
    with pytest.raises(VivantError):
        FaceReader(tmp_path / "missing.task")
    with zipfile.ZipFile(model("face_landmarker")) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name in parts:
        with zipfile.ZipFile(torn, "w") as archive:
            for other, content in parts.items():
                archive.writestr(other, content[:100] if other == name else content)
        with pytest.raises(VivantError):
            FaceReader(torn)


def test_a_mean_face_before_the_camera_has_the_transform_it_was_placed_with(model: Callable[[str], Path]) -> None:
    bundle = open_face_bundle(model("face_landmarker"))
    assert bundle.canonical.shape == (468, 3) and len(SCORED) == 146
    angle = np.radians(20)
    rotation = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    place = bundle.canonical @ rotation.T + (2.0, -3.0, -60.0)
    size = 640, 480
    focal = size[1] / 2 / np.tan(np.radians(63) / 2)
    points = np.zeros((478, 3), np.float32)
    points[:468, 0] = size[0] / 2 - focal * place[:, 0] / place[:, 2]
    points[:468, 1] = size[1] / 2 + focal * place[:, 1] / place[:, 2]
    points[:468, 2] = -focal * place[:, 2] / 60.0  # on the scale of x, smaller is nearer
    transform = HeadTransform(bundle).solve(points, size)
    np.testing.assert_allclose(transform[:3, :3], rotation, atol=0.02)
    np.testing.assert_allclose(transform[:3, 3], (2, -3, -60), atol=0.8)
    np.testing.assert_array_equal(transform[3], (0, 0, 0, 1))
