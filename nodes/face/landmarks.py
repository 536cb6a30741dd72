"""Finds faces, with the networks of MediaPipe's face landmarker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, Field

from vivant.graph.errors import VivantError
from vivant.graph.node import Emission, Node, NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.graph.params import Cost, NodeParams, param
from vivant.graph.port import output, trigger
from vivant.nodes.face.centred_reading import AFTER, CentredReading, Read
from vivant.nodes.face.face_choice import Box, FaceChoice, Pick, allowed, pick_face
from vivant.nodes.face.face_follower import FaceFollower
from vivant.nodes.face.face_reader import FaceReader, distance, is_new
from vivant.nodes.face.face_tracks import FaceTracks
from vivant.nodes.face.recorded_faces import AT_ONCE, RecordedFaces, Searched
from vivant.nodes.face.steady_reading import SteadyReading
from vivant.nodes.formats.face import FaceReading
from vivant.nodes.formats.face_marks import FaceMarks
from vivant.nodes.formats.picture import Picture

U8 = npt.NDArray[np.uint8]


class Mode(StrEnum):
    """What kind of pictures come in."""

    VIDEO = "video"
    """Consecutive frames: the face is followed and what is read is steadied over time."""
    STILL = "still"
    """Single pictures: each is searched afresh, small faces too."""


class Following(StrEnum):
    """How a face gets from one frame of a video to the next."""

    AUTO = "auto"
    """Afresh offline, followed live."""
    AFRESH = "afresh"
    """Frames are searched like single pictures, which is slower. Brows read otherwise where the face is cut out by its
    landmarks, and it is single pictures that a result is judged by. Offline, of one face, every second frame: the
    square in which it is read lies half-way in the one between."""
    FOLLOWED = "followed"
    """It is looked for where it was."""


def _checked(box: Box) -> Box:
    if box[0] >= box[2] or box[1] >= box[3]:
        raise ValueError("a rectangle is [left, top, right, bottom], left less than right and top less than bottom")
    return box


_Share = Annotated[float, Field(ge=0, le=1)]
Rectangle = Annotated[tuple[_Share, _Share, _Share, _Share], AfterValidator(_checked)]


class LandmarksParams(NodeParams):
    """How faces are looked for."""

    mode: Mode = param(Mode.VIDEO, "Consecutive frames or single pictures.", cost=Cost.REOPEN)
    following: Following = param(
        Following.AUTO,
        "Video: how a face gets from frame to frame; auto: afresh offline, followed live.",
        cost=Cost.REOPEN,
    )
    pick: Pick = param(
        Pick.LARGEST,
        "Which face, where there are several; same: the largest at first, then that one through losses and crossings.",
    )
    region: Rectangle = param(
        (0.0, 0.0, 1.0, 1.0),
        "Only faces whose middle lies here: left, top, right, bottom as shares of the picture.",
    )
    ignore: tuple[Rectangle, ...] = param(
        (), "Faces whose middle lies in one of these rectangles are not there: a poster, a screen.", max_length=16
    )
    ignore_still_s: float = param(
        0.0,
        "A face that has not moved for so many seconds, while another has, is a picture and ignored; 0: none is.",
        ge=0,
        le=600,
    )
    forget_s: float = param(
        3.0, "How long a face that is lost keeps its identity; `same` waits so long for it.", ge=0, le=600
    )
    required: bool = param(False, "A picture without a face is an error.")
    confidence: float = param(0.5, "How sure a detection must be.", ge=0, le=1, cost=Cost.REOPEN)

    @property
    def several(self) -> bool:
        """Whether one face at a time is not enough to tell which."""
        return self.pick is not Pick.LARGEST or self.region != (0, 0, 1, 1) or bool(self.ignore or self.ignore_still_s)


@dataclass(frozen=True)
class LandmarksInputs:
    """What is looked at."""

    frame: Packet[Picture] = trigger("The picture to look at.")


@dataclass(frozen=True)
class LandmarksOutputs:
    """What was found."""

    face: FaceReading | None = output("The face, None where there is none.")


class FaceLandmarks(Node[LandmarksParams, LandmarksInputs, LandmarksOutputs], type="face.landmarks"):
    """Finds a face, its 478 landmarks, expression scores and pose."""

    def open(self, context: NodeContext) -> None:
        """Load the networks.

        Raises:
            VivantError: The file cannot be had or is damaged.
        """
        model = context.fetch("face_landmarker")
        self._notice = context.notice
        confidence = self.params.confidence
        reader = FaceReader(model, confidence)
        self._reader: FaceReader | None = reader
        self._steady = SteadyReading()
        self._centred = CentredReading() if context.offline and self.params.mode is Mode.VIDEO else None
        following = self.params.following
        self._afresh = following is Following.AFRESH or (following is Following.AUTO and context.offline)
        self._start()
        self._recorded: RecordedFaces | None = None
        if self._centred is not None and self._afresh:
            most = _MOST_FOLLOWED if self.params.several else 1
            self._recorded = RecordedFaces(
                reader, lambda: FaceReader(model, confidence), context.beside, context.hands, most
            )
        self._seen = self._empty = 0

    @classmethod
    def lag(cls, params: LandmarksParams) -> int:
        """Return how far a recording is looked ahead in: to steady what is read from both sides, and to search."""
        if params.mode is not Mode.VIDEO:
            return 0
        return AFTER + (0 if params.following is Following.FOLLOWED else AT_ONCE)

    def process(self, inputs: LandmarksInputs) -> LandmarksOutputs | Emission[LandmarksOutputs] | None:
        """Look at one picture."""
        if self._centred is None:
            return LandmarksOutputs(self.look(inputs.frame))
        if self._recorded is None:
            read = _read(inputs.frame, self.look(inputs.frame))
        else:
            searched = self._recorded.step(inputs.frame)
            if searched is None:
                return None
            read = self._read_of(searched)
        answered = self._centred.step(read)
        return None if answered is None else _emission(answered)

    def drain(self) -> Iterator[Emission[LandmarksOutputs]]:
        """Return what was read of the last frames of a recording."""
        if self._centred is None:
            return
        for searched in self._recorded.rest() if self._recorded is not None else ():
            answered = self._centred.step(self._read_of(searched))
            if answered is not None:
                yield _emission(answered)
        yield from map(_emission, self._centred.rest())

    def look(self, frame: Packet[Picture]) -> FaceReading | None:
        """Look at one picture and say at once what is read.

        Raises:
            VivantError: It shows no face, and must.
        """
        marks = frame.value.marks
        if marks is not None:
            return self._pointed_out(marks, frame.value.rgb)
        pixels = frame.value.rgb
        if self.params.mode is Mode.VIDEO:
            return self._counted(self._chosen(self._follower.step(pixels), frame.t_ns))
        return self._counted(self._search(pixels))

    def _read_of(self, searched: Searched) -> Read:
        """Say what is read of a frame in which faces were found."""
        frame = searched.frame
        if frame.value.marks is not None:
            return _read(frame, self.look(frame))
        return _read(frame, self._counted(self._chosen(searched.faces, frame.t_ns)))

    def _counted(self, face: FaceReading | None) -> FaceReading | None:
        if face is None and self.params.required:
            raise VivantError(
                "no face was found in the picture",
                remedy="use a picture in which one face is well lit, not too small and turned less than about "
                "45 degrees; crop it closer to the face; animals and very "
                "stylised drawings are not found: point the face out with `vivant rig PICTURE --edit`",
            )
        if face is None:
            self._empty += 1
        else:
            self._seen += 1
        return face

    def update(self, params: LandmarksParams) -> None:
        """Take over which face is meant."""
        several = self.params.several
        super().update(params)
        self._choice.tracks.forget_ns, self._choice.tracks.poster_ns = _times_ns(params)
        if params.several != several:
            self._start()

    def close(self, outcome: Outcome) -> None:
        """Say so if nothing that came in ever showed a face."""
        if self._reader is not None and self._empty and not self._seen and outcome is not Outcome.FAILED:
            where = "the driver" if self.params.mode is Mode.VIDEO else "the picture"
            frames = f" ({self._empty} frames looked at)" if self.params.mode is Mode.VIDEO else ""
            self._notice(f"no face was seen in {where}{frames}: nothing moved")
        self._reader = self._recorded = None

    def _start(self) -> None:
        """Begin anew: whoever was followed is nobody."""
        assert self._reader is not None
        self._follower = FaceFollower(self._reader, _MOST_FOLLOWED if self.params.several else 1, afresh=self._afresh)
        self._choice = FaceChoice(FaceTracks(*_times_ns(self.params)))

    def _chosen(self, found: list[FaceReading], t_ns: int) -> FaceReading | None:
        """Return the face that is meant among those of the next frame of a video."""
        if self.params.several:
            params = self.params
            face = self._choice.step(found, t_ns, params.pick, params.region, params.ignore)
        else:
            face = found[0] if found else None
        return face if face is None or self._centred is not None else self._steady.step(face, t_ns)

    def _pointed_out(self, marks: FaceMarks, pixels: U8) -> FaceReading:
        """Read the face off the points that came with the picture."""
        from vivant.nodes.face.anatomical_head import load_head
        from vivant.nodes.face.drawn_eyes import with_eyes
        from vivant.nodes.face.marks_fit import MarksFitter

        self._seen += 1
        return MarksFitter(load_head()).fit(with_eyes(pixels, marks), (pixels.shape[1], pixels.shape[0]))

    def _search(self, pixels: U8) -> FaceReading | None:
        """Find the face of a still: on the whole, else on overlapping tiles; then once more at close range."""
        from vivant.nodes.face.drawn_lids import with_drawn_lids

        height, width = pixels.shape[:2]
        found = self._detect(pixels, (0, 0, width, height))
        # On the whole the detector misses small faces: where another than the largest is wanted, or where
        # there are several, all are looked for.
        params = self.params
        if len(found) != 1 or params.several:
            found = self._with_tiles(pixels, found, 2)
        else:
            found = [self._close_range(pixels, found[0]) or found[0]]
        if not found:
            found = self._with_tiles(pixels, found, 3)
        found = [face for face in found if allowed(face, params.region, params.ignore)]
        if not found:
            return None
        if len(found) > 1:
            self._notice(f"{len(found)} faces found in the picture: taking the {_WORDS[params.pick]} one")
        return with_drawn_lids(pixels, pick_face(found, params.pick))

    def _with_tiles(self, pixels: U8, whole: list[FaceReading], parts: int) -> list[FaceReading]:
        """Add what tiles show. A find in a tile counts when it is found at close range too.

        On fur, foliage and stone single tiles give a face that is nowhere to be found again (tried: an alpaca).
        """
        found = [self._close_range(pixels, face) or face for face in whole]
        height, width = pixels.shape[:2]
        for box in _tiles(width, height, parts):
            for face in self._detect(pixels, box):
                if is_new(face, found) and (again := self._close_range(pixels, face)) and is_new(again, found):
                    found.append(again)
        return found

    def _close_range(self, pixels: U8, face: FaceReading) -> FaceReading | None:
        """Read a face again, alone: the landmarker reads it from 256 pixels. None where it is not found again."""
        height, width = pixels.shape[:2]
        low, high = face.points[:, :2].min(axis=0), face.points[:, :2].max(axis=0)
        centre, reach = (low + high) / 2, 1.0 * float((high - low).max())
        x0, y0 = np.maximum(np.floor(centre - reach), 0).astype(int)
        x1, y1 = np.minimum(np.ceil(centre + reach), (width, height)).astype(int)
        again = min(self._detect(pixels, (x0, y0, x1, y1)), key=lambda f: distance(f, face), default=None)
        return again if again is not None and distance(again, face) < 0.5 * reach else None

    def _detect(self, pixels: U8, box: tuple[int, int, int, int]) -> list[FaceReading]:
        """Search within a box (x0, y0, x1, y1); landmarks are told in pixels of the whole picture."""
        assert self._reader is not None
        x0, y0, x1, y1 = box
        crop = np.ascontiguousarray(pixels[y0:y1, x0:x1])
        shift = np.array([x0, y0, 0], np.float32)
        size = (pixels.shape[1], pixels.shape[0])
        return [
            FaceReading(f.points + shift, size, f.scores, f.transform) for f in self._reader.search(crop, _MOST_FACES)
        ]


_MOST_FACES = 8
_MOST_FOLLOWED = 5  # each costs as much as a single one
_WORDS = {pick: pick.value for pick in Pick} | {Pick.SAME: Pick.LARGEST.value}  # a single picture has no before


def _read(frame: Packet[Picture], face: FaceReading | None) -> Read:
    return Read(frame.t_ns, frame.seq, face)


def _emission(read: Read) -> Emission[LandmarksOutputs]:
    return Emission(LandmarksOutputs(read.face), read.t_ns, read.seq)


def _times_ns(params: LandmarksParams) -> tuple[int, int]:
    return round(params.forget_s * 1e9), round(params.ignore_still_s * 1e9)


def _tiles(width: int, height: int, parts: int) -> list[tuple[int, int, int, int]]:
    """Overlapping squares-like boxes, `parts` along each side and each 1.5 parts long."""
    boxes = []
    for row in range(2 * parts - 1):
        for column in range(2 * parts - 1):
            x0, y0 = width * column // (2 * parts), height * row // (2 * parts)
            box = (
                x0,
                y0,
                min(width, x0 + 3 * width // (2 * parts)),
                min(height, y0 + 3 * height // (2 * parts)),
            )
            if box[2] - box[0] >= 48 and box[3] - box[1] >= 48:
                boxes.append(box)
    return boxes
