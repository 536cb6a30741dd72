"""Finds the faces in the frames of a recording, several frames at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from vivant.graph.packet import Packet
from vivant.nodes.face.face_reader import FaceReader
from vivant.nodes.formats.face import FaceReading
from vivant.nodes.formats.picture import Picture

AT_ONCE = 4
"""How many frames are begun before the first is answered: the same everywhere, so that results are too."""


@dataclass(frozen=True, slots=True)
class Searched:
    """A frame, and the faces in it."""

    frame: Packet[Picture]
    faces: list[FaceReading]


class RecordedFaces:
    """Searches every frame like a single picture, so that none waits for the one before; gives them in order.

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

    def step(self, frame: Packet[Picture]) -> Searched | None:
        """Take the next frame in; return the one of `AT_ONCE` frames ago, None until there is one."""
        self._begun.append((frame, self._beside(lambda: self._search(frame.value))))
        return self._answer() if len(self._begun) > AT_ONCE else None

    def rest(self) -> Iterator[Searched]:
        """Give the last frames, when nothing more comes."""
        while self._begun:
            yield self._answer()

    def _make_ready(self, reader: FaceReader) -> None:
        reader.warm_up()
        self._idle.append(reader)

    def _answer(self) -> Searched:
        frame, found = self._begun.popleft()
        return Searched(frame, found())

    def _search(self, picture: Picture) -> list[FaceReading]:
        if picture.marks is not None:
            return []  # where its face is has been pointed out
        try:
            reader = self._idle.pop()
        except IndexError:
            reader = self._make_reader()
        found = reader.search(picture.rgb, self._most)
        self._idle.append(reader)
        return found
