"""Who is who from frame to frame: faces keep their identity through short losses and crossings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.landmark_sets import STABLE
from vivant.nodes.face.nearest_rotation import nearest_rotation
from vivant.nodes.formats.face import FaceReading

Array = npt.NDArray[np.float64]

_LEAST_MOVE = 0.025
"""Median way of a face's landmarks, in its sizes, that counts as moving: trackers tremble by a fifth of it."""
_REMEMBER_STILL_NS = 60_000_000_000
_REACH, _REACH_PER_S, _MOST_REACH = 0.8, 2.5, 4.0  # sizes that a face may be from where it is expected
_SIZE_RATIO = 0.35  # natural logarithm
_SHAPE = 0.04  # a face differs from itself by 0.02 to 0.03 over a talk, from others by 0.05 to 0.07
_MOST_COST = 9.0
_SHAPE_LEARNING = 0.1
_SPEED_LEARNING = 0.4
_CARRY_S = 0.4


@dataclass(slots=True)
class FaceTrack:
    """One face over time.

    Attributes:
        identity: Running number, from 1.
        reading: What was read last.
        seen_ns: When.
        still_ns: Since when it has not moved.
        poster: It did not move while another face did: a picture of a face. It is none any more once it moves.
    """

    identity: int
    reading: FaceReading
    seen_ns: int
    still_ns: int
    poster: bool
    place: Array
    speed: Array
    size: float
    shape: Array
    anchor: Array

    @property
    def area(self) -> float:
        """Square pixels of the rectangle around the face."""
        return float(np.prod(np.ptp(self.reading.points[:, :2], axis=0)))


class FaceTracks:
    """Assigns faces to those of the frames before, by place, size and shape.

    Args:
        forget_ns: How long a lost face keeps its identity.
        poster_ns: After how long without motion, while another face moved, a face counts as a picture; 0: never.
    """

    def __init__(self, forget_ns: int, poster_ns: int) -> None:
        self.forget_ns, self.poster_ns = forget_ns, poster_ns
        self._tracks: list[FaceTrack] = []
        self._next = 1

    def remembered(self, identity: int) -> bool:
        """Whether this face was seen a short while ago, or is seen."""
        return any(track.identity == identity for track in self._tracks)

    def step(self, readings: list[FaceReading], now_ns: int) -> list[FaceTrack]:
        """Take in the faces of one frame and return their tracks, in the same order."""
        self._tracks = [
            track
            for track in self._tracks
            if now_ns - track.seen_ns <= (max(self.forget_ns, _REMEMBER_STILL_NS) if track.poster else self.forget_ns)
        ]
        seen: dict[int, FaceTrack] = {}
        costs = [
            (cost, number, track)
            for number, reading in enumerate(readings)
            for track in self._tracks
            if (cost := _cost(track, reading, now_ns)) < _MOST_COST
        ]
        for _, number, track in sorted(costs, key=lambda c: (c[0], c[1], c[2].identity)):
            if number not in seen and all(track is not other for other in seen.values()):
                seen[number] = track
        for number, reading in enumerate(readings):
            if number in seen:
                _follow(seen[number], reading, now_ns)
            else:
                seen[number] = self._begin(reading, now_ns)
        tracks = [seen[number] for number in range(len(readings))]
        self._find_posters(tracks, now_ns)
        return tracks

    def _begin(self, reading: FaceReading, now_ns: int) -> FaceTrack:
        place, size = _place(reading)
        anchor = reading.points[:, :2].astype(np.float64)
        track = FaceTrack(
            self._next, reading, now_ns, now_ns, False, place, np.zeros(2), size, face_shape(reading), anchor
        )
        self._next += 1
        self._tracks.append(track)
        return track

    def _find_posters(self, seen: list[FaceTrack], now_ns: int) -> None:
        if not self.poster_ns:
            for track in self._tracks:
                track.poster = False
            return
        for track in seen:
            long = now_ns - track.still_ns >= self.poster_ns
            others_move = any(
                other is not track and other.still_ns > track.still_ns and now_ns - other.still_ns < self.poster_ns
                for other in self._tracks
            )
            if long and others_move:
                track.poster = True


def face_shape(reading: FaceReading) -> Array:
    """Return the form of a face without place, size and turn: its stable landmarks ``(23, 3)``, about 1 across."""
    points = reading.points[list(STABLE)].astype(np.float64) * [1, -1, -1]
    rotation, _ = nearest_rotation(reading.transform[:3, :3].astype(np.float64))
    points = (points - points.mean(axis=0)) @ rotation
    return np.asarray(points / max(float(np.sqrt((points**2).sum(axis=1).mean())), 1e-9))


def _place(reading: FaceReading) -> tuple[Array, float]:
    """Middle ``(2,)`` and size of a face in pixels."""
    points = reading.points[:, :2].astype(np.float64)
    return points.mean(axis=0), max(float(np.ptp(points, axis=0).mean()), 1e-6)


def _cost(track: FaceTrack, reading: FaceReading, now_ns: int) -> float:
    """How badly a reading fits a track; infinite where it cannot be."""
    gap_s = (now_ns - track.seen_ns) / 1e9
    place, size = _place(reading)
    expected = track.place + track.speed * min(gap_s, _CARRY_S)
    # The nearer of where it went on to and where it was seen last: who disappears may as well have stopped.
    away = min(float(np.linalg.norm(place - expected)), float(np.linalg.norm(place - track.place)))
    reach = min(_REACH + _REACH_PER_S * gap_s, _MOST_REACH) * max(size, track.size)
    if away > reach:
        return float("inf")
    differs = float(np.sqrt(((face_shape(reading) - track.shape) ** 2).sum(axis=1).mean()))
    ratio = float(np.log(size / track.size))
    return (2 * away / reach) ** 2 + (ratio / _SIZE_RATIO) ** 2 + (differs / _SHAPE) ** 2


def _follow(track: FaceTrack, reading: FaceReading, now_ns: int) -> None:
    place, size = _place(reading)
    dt_s = (now_ns - track.seen_ns) / 1e9
    if dt_s > 0:
        speed = (place - track.place) / dt_s
        track.speed = track.speed + _SPEED_LEARNING * (speed - track.speed)
    track.shape = track.shape + _SHAPE_LEARNING * (face_shape(reading) - track.shape)
    track.reading, track.seen_ns, track.place, track.size = reading, now_ns, place, size
    points = reading.points[:, :2].astype(np.float64)
    if float(np.median(np.linalg.norm(points - track.anchor, axis=1))) > _LEAST_MOVE * size:
        track.anchor, track.still_ns, track.poster = points, now_ns, False
