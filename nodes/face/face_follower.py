"""Reads faces in the frames of a video: each is looked at where it was, and searched where it was lost."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.face_reader import FaceReader, is_new
from vivant.nodes.face.face_roi import FaceRoi
from vivant.nodes.formats.face import FaceReading


class FaceFollower:
    """Reads the faces of one frame after the other.

    The detector runs only while fewer faces are followed than are wanted. What is read is not steadied.

    Args:
        reader: Reads single pictures.
        most: How many faces are wanted.
        afresh: Nothing is followed: each frame is searched as if it were a single picture.
    """

    def __init__(self, reader: FaceReader, most: int = 1, *, afresh: bool = False) -> None:
        self._reader = reader
        self._most = most
        self._afresh = afresh
        self._rois: list[FaceRoi] = []

    def step(self, picture: npt.NDArray[np.uint8]) -> list[FaceReading]:
        """Read the next frame, ``uint8 (h, w, 3)``."""
        found = list[FaceReading]()
        for roi in self._rois:
            reading = self._reader.read(picture, roi)
            if reading is not None and is_new(reading, found):
                found.append(reading)
        if len(found) < self._most:
            found = self._reader.find_more(picture, found, self._most)
        self._rois = [] if self._afresh else [FaceRoi.around_landmarks(reading.points) for reading in found]
        return found
