"""Finds the faces in the frames of a recording, several frames at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from vivant.graph.packet import Packet
from vivant.nodes.face.face_reader import FaceReader
from vivant.nodes.face.face_roi import FaceRoi
from vivant.nodes.formats.face import FaceReading
from vivant.nodes.formats.picture import Picture

AT_ONCE = 4
"""How many frames are begun before the first is answered, two pairs: the same everywhere, so that results are too.
Drawing waits for them at the start."""


@dataclass(frozen=True, slots=True)
class Searched:
    """A frame, and the faces in it."""

    frame: Packet[Picture]
    faces: list[FaceReading]


@dataclass(frozen=True, slots=True)
class _Pair:
    """What was found in a frame, in which square the one face was, and what was found in the frame before it."""

    faces: list[FaceReading]
    roi: FaceRoi | None
    between: list[FaceReading]


class RecordedFaces:
    """Searches the frames of a recording apart, so that none waits for the one before; gives them in order.

    Where one face is wanted the detector looks at every second frame only: in the one between, the face is half-way
    from where it was to where it will be.

    Args:
        reader: Reads; networks work on one picture at a time, so where several are at work each has its own.
        make_reader: Makes one more.
        beside: `NodeContext.beside`.
        hands: `NodeContext.hands`: so many readers are wanted. They are made ready while other nodes open.
        most: How many faces are wanted.
    """

    def __init__(
        self,
        reader: FaceReader,
        make_reader: Callable[[], FaceReader],
        beside: Callable[[Callable[[], Any]], Callable[[], Any]],
        hands: int,
        most: int,
    ) -> None:
        self._make_reader = make_reader
        self._beside = beside
        self._most = most
        self._idle = deque([reader])
        beside(lambda: self._make_ready(self._idle.pop()))
        for _ in range(hands - 1):
            beside(lambda: self._make_ready(make_reader()))
        self._begun: deque[tuple[Packet[Picture], Callable[[], list[FaceReading]]]] = deque()
        self._before: Callable[[], _Pair] | None = None
        self._between: Packet[Picture] | None = None

    def step(self, frame: Packet[Picture]) -> Searched | None:
        """Take the next frame in; return the one of `AT_ONCE` frames ago, None until there is one."""
        if self._most > 1 or frame.value.marks is not None:
            self._begin_alone(frame)
        elif self._between is None and self._before is not None:
            self._between = frame  # begun with the next
        else:
            self._begin_pair(frame)
        waiting = len(self._begun) + (self._between is not None)
        return self._answer() if waiting > AT_ONCE else None

    def rest(self) -> Iterator[Searched]:
        """Give the last frames, when nothing more comes."""
        self._begin_between()
        while self._begun:
            yield self._answer()

    def _make_ready(self, reader: FaceReader) -> None:
        reader.warm_up()
        self._idle.append(reader)

    def _answer(self) -> Searched:
        frame, found = self._begun.popleft()
        return Searched(frame, found())

    def _begin_alone(self, frame: Packet[Picture]) -> None:
        self._begin_between()
        self._before = None
        self._begun.append((frame, self._beside(lambda: self._search(frame.value))))

    def _begin_between(self) -> None:
        between, self._between = self._between, None
        if between is not None:
            self._begun.append((between, self._beside(lambda: self._search(between.value))))

    def _begin_pair(self, frame: Packet[Picture]) -> None:
        before, between = self._before, self._between
        # `before` was begun earlier, so that whoever waits for it does not wait for ever
        pair: Callable[[], _Pair] = self._beside(
            lambda: self._read_pair(before, None if between is None else between.value, frame.value)
        )
        if between is not None:
            self._begun.append((between, lambda: pair().between))
        self._begun.append((frame, lambda: pair().faces))
        self._before, self._between = pair, None

    def _search(self, picture: Picture) -> list[FaceReading]:
        if picture.marks is not None:
            return []  # where its face is has been pointed out
        with self._reader() as reader:
            return reader.search(picture.rgb, self._most)

    def _read_pair(self, before: Callable[[], _Pair] | None, between: Picture | None, picture: Picture) -> _Pair:
        with self._reader() as reader:
            found = reader.find(picture.rgb)
            faces, roi = ([found[1]], found[0]) if found is not None else ([], None)
            if between is None or before is None:
                return _Pair(faces, roi, [])
            was = before().roi
            middle = was.between(roi) if was is not None and roi is not None else None
            reading = reader.read(between.rgb, middle) if middle is not None else None
            return _Pair(faces, roi, [reading] if reading is not None else reader.search(between.rgb, 1))

    @contextmanager
    def _reader(self) -> Iterator[FaceReader]:
        try:
            reader = self._idle.pop()
        except IndexError:
            reader = self._make_reader()
        yield reader
        self._idle.append(reader)
