"""Which of several faces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

import numpy as np

from vivant.nodes.face.face_tracks import FaceTrack, FaceTracks
from vivant.nodes.formats.face import FaceReading

Box = tuple[float, float, float, float]
"""Left, top, right and bottom as shares of the picture's width and height."""

_GRACE_NS = 300_000_000
_MARGIN = {"largest": 0.25, "centre": 0.05, "leftmost": 0.03, "rightmost": 0.03}
"""By how much another face must be better: of the logarithm of its area, of the picture's width."""


class Pick(StrEnum):
    """Which of several faces."""

    LARGEST = "largest"
    CENTRE = "centre"
    LEFTMOST = "leftmost"
    RIGHTMOST = "rightmost"
    SAME = "same"
    """The largest at first, and then the same one as long as it is there or was a moment ago."""


def allowed(reading: FaceReading, region: Box, ignore: Sequence[Box]) -> bool:
    """Whether a face's middle lies in the region and in no ignored rectangle."""
    x, y = reading.points[:, :2].mean(axis=0) / np.array(reading.size)

    def within(box: Box) -> bool:
        return bool(box[0] <= x <= box[2] and box[1] <= y <= box[3])

    return within(region) and not any(within(box) for box in ignore)


def pick_face(faces: Sequence[FaceReading], pick: Pick) -> FaceReading:
    """Choose one of several faces of a single picture."""
    return max(faces, key=lambda face: _score(face, pick))


class FaceChoice:
    """Chooses one face frame after frame: stays with it until another is clearly the better.

    Args:
        tracks: Who is who; it belongs to this choice from now on.
    """

    def __init__(self, tracks: FaceTracks) -> None:
        self.tracks = tracks
        self._chosen: FaceTrack | None = None

    def step(
        self, faces: list[FaceReading], now_ns: int, pick: Pick, region: Box, ignore: Sequence[Box]
    ) -> FaceReading | None:
        """Take in the faces of one frame.

        Returns:
            The chosen face with its identity; None where it is not seen.
        """
        seen = self.tracks.step([face for face in faces if allowed(face, region, ignore)], now_ns)
        candidates = [track for track in seen if not track.poster]
        chosen = self._choose(candidates, now_ns, pick)
        if chosen is None:
            return None
        self._chosen = chosen
        return replace(chosen.reading, identity=chosen.identity)

    def _choose(self, candidates: list[FaceTrack], now_ns: int, pick: Pick) -> FaceTrack | None:
        current = self._chosen
        if current is not None and (current.poster or not self.tracks.remembered(current.identity)):
            current = self._chosen = None
        if current is not None and all(track is not current for track in candidates):
            # It may be back in a moment; `same` waits for it until it is forgotten.
            if pick is Pick.SAME or now_ns - current.seen_ns <= _GRACE_NS:
                return None
            current = None
        if not candidates:
            return None
        if current is not None and pick is Pick.SAME:
            return current
        best = max(candidates, key=lambda track: _score(track.reading, pick))
        if current is not None and _score(best.reading, pick) <= _score(current.reading, pick) + _MARGIN[pick]:
            return current
        return best


def _score(face: FaceReading, pick: Pick) -> float:
    """How well a face fits the wish; more is better."""
    points, width = face.points[:, :2], face.size[0]
    x, y = (float(v) for v in points.mean(axis=0))
    match pick:
        case Pick.LARGEST | Pick.SAME:
            return float(np.log(max(np.prod(np.ptp(points, axis=0)), 1e-9)))
        case Pick.CENTRE:
            return -float(np.hypot(x - face.size[0] / 2, y - face.size[1] / 2)) / width
        case Pick.LEFTMOST:
            return -x / width
        case Pick.RIGHTMOST:
            return x / width
