"""Reads faces: landmarks, expression scores and the head's pose, with MediaPipe's networks run by LiteRT."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.face_bundle import open_face_bundle
from vivant.nodes.face.face_detector import FaceDetector
from vivant.nodes.face.face_roi import FaceRoi
from vivant.nodes.face.head_transform import HeadTransform
from vivant.nodes.face.landmark_sets import SCORED
from vivant.nodes.face.lite_model import LiteModel
from vivant.nodes.formats.arkit import BLENDSHAPES
from vivant.nodes.formats.face import LANDMARK_COUNT, FaceReading

U8 = npt.NDArray[np.uint8]

_SIDE = 256
_LEAST_PRESENCE = 0.0
"""In log-odds: what is looked at is more likely a face than not."""


class FaceReader:
    """MediaPipe's face landmarker without its graph.

    It takes 0.69 of its time where a face is followed, 0.75 where each frame is searched (512 x 512, measured frame by
    frame in turns). What is read agrees with MediaPipe's own reading of a single picture to some thousandths of the
    face's width, see the tests.

    Args:
        path: The file ``face_landmarker.task``.
        confidence: How sure the detector must be of a face, in [0, 1].

    Raises:
        VivantError: The file is damaged or something else.
    """

    def __init__(self, path: Path, confidence: float = 0.5) -> None:
        bundle = open_face_bundle(path)
        self._detector = FaceDetector(LiteModel(bundle.detector, str(path)), confidence)
        self._landmarks = LiteModel(bundle.landmarks, str(path))
        self._blendshapes = LiteModel(bundle.blendshapes, str(path))
        self._transform = HeadTransform(bundle)

    def warm_up(self) -> None:
        """Let each network compute once: the first time takes twice as long, as weights are laid out for it."""
        for model in (self._detector.model, self._landmarks, self._blendshapes):
            model.run(np.zeros(model.shape, np.float32))

    def search(self, picture: U8, most: int = 1) -> list[FaceReading]:
        """Look for faces in ``uint8 (h, w, 3)``; return at most so many, the surest first."""
        return self.find_more(picture, [], most)

    def find(self, picture: U8) -> tuple[FaceRoi, FaceReading] | None:
        """Return the surest face in ``uint8 (h, w, 3)`` and the square that it was found in; None: there is none."""
        for roi in self._detector.find(picture):
            reading = self.read(picture, roi)
            if reading is not None:
                return roi, reading
        return None

    def find_more(self, picture: U8, known: list[FaceReading], most: int) -> list[FaceReading]:
        """Return the faces that are `known` and others that are found, at most so many in all."""
        found = list(known)
        for roi in self._detector.find(picture):
            if len(found) >= most:
                break
            reading = self.read(picture, roi)
            if reading is not None and is_new(reading, found):
                found.append(reading)
        return found

    def read(self, picture: U8, roi: FaceRoi) -> FaceReading | None:
        """Read the face in a square of the picture; None where there is none."""
        pixels = roi.cut(picture, _SIDE)
        # landmarks, presence, and whether the tongue is out, which this network hardly tells
        landmarks, presence, _ = self._landmarks.run(np.multiply(pixels, np.float32(1 / 255), dtype=np.float32))
        if not float(presence.reshape(-1)[0]) >= _LEAST_PRESENCE:
            return None
        local = landmarks.reshape(LANDMARK_COUNT, 3)
        to_picture = roi.to_picture(_SIDE)
        points = np.empty((LANDMARK_COUNT, 3), np.float32)
        points[:, :2] = local[:, :2] @ to_picture[:, :2].T + to_picture[:, 2]
        points[:, 2] = local[:, 2] * (roi.side / _SIDE)
        if not np.isfinite(points).all():
            return None
        (given,) = self._blendshapes.run(points[SCORED, :2])
        scores = np.zeros(len(BLENDSHAPES), np.float32)
        scores[:-1] = given.reshape(-1)[1:]  # the first is how neutral the face is; the last, tongueOut, is not known
        size = picture.shape[1], picture.shape[0]
        return FaceReading(points, size, scores, self._transform.solve(points, size))


def distance(a: FaceReading, b: FaceReading) -> float:
    """Return how far two faces are from each other, in pixels."""
    return float(np.linalg.norm(a.points[:, :2].mean(axis=0) - b.points[:, :2].mean(axis=0)))


def is_new(face: FaceReading, known: list[FaceReading]) -> bool:
    """Whether a reading is of none of the faces that are `known`."""
    return all(distance(face, other) > 0.5 * float(np.ptp(other.points[:, 0])) for other in known)
