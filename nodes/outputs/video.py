"""A video file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from vivant.graph.errors import VivantError
from vivant.graph.node import Node, NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.graph.params import Cost, NodeParams, param
from vivant.graph.port import NoOutputs, trigger
from vivant.nodes.formats.drawn_picture import DrawnPicture
from vivant.nodes.formats.picture import Picture
from vivant.nodes.outputs.given_target import given_target
from vivant.nodes.outputs.opaque import over_black
from vivant.nodes.outputs.part_file import PartFile, not_writable
from vivant.nodes.outputs.video_encoder import CONTAINERS, VideoEncoder

LEAST_STEP_NS = 1_000_000
"""Two packets can bear the same time (the same motion drawn twice). Matroska and WebM count milliseconds, and
no two frames of a file may share one."""
SINGLE_FRAME_NS = 1_000_000_000 // 30
"""How long a video of one frame is."""


class VideoParams(NodeParams):
    """Parameters of `VideoOutput`."""

    path: str = param("", "File to write: .mp4, .mov or .mkv (H.264), .webm (VP9).", cost=Cost.REOPEN)
    rate_hz: float = param(
        0.0,
        "Frames per second, every frame equally long; 0: as long as the times of the frames say.",
        cost=Cost.REOPEN,
        ge=0,
        le=1000,
    )
    codec: Literal["auto", "h264", "vp9"] = param("auto", "auto: by the ending of the file.", cost=Cost.REOPEN)
    quality: int = param(
        17, "Constant rate factor: smaller is better and larger on disk.", cost=Cost.REOPEN, ge=0, le=51
    )
    # Measured on 78 frames of a face at 725 x 725, quality 17, one core, conversion included: ultrafast
    # 4.2 ms a frame, 1.5 MB, 43.8 dB; superfast 5.7 ms, 1.4 MB, 43.7 dB; veryfast 7.9 ms, 0.5 MB, 42.5 dB;
    # faster 13 ms, 0.5 MB, 43.0 dB. On two cores encoding shares them with tracking and drawing: the quickest it is.
    speed: Literal["ultrafast", "superfast", "veryfast", "faster", "medium", "slow"] = param(
        "ultrafast", "The encoder's preset: a slower one writes smaller files.", cost=Cost.REOPEN
    )


@dataclass(frozen=True)
class VideoInputs:
    """Inputs of `VideoOutput`."""

    frame: Packet[Picture] = trigger("The frames, all of one size.")


class VideoOutput(Node[VideoParams, VideoInputs, NoOutputs], type="output.video", exclusive=True):
    """Writes a video file, one frame for each packet.

    The file appears under its name when it is complete, also after Ctrl-C; a run that fails leaves an older
    file of that name as it was. The same frames give the same bytes.
    """

    _part: PartFile | None = None
    _encoder: VideoEncoder | None = None
    _held: Packet[Picture] | None = None
    """The first frame, until the second tells the rate that the file's header states."""

    def open(self, context: NodeContext) -> None:
        """Begin the file, so that what forbids to write shows before anything is drawn.

        Raises:
            VivantError: No path, an ending that is not known, no encoder, or a place that cannot be written
                to.
        """
        import vivant.nodes.outputs.yuv420  # noqa: F401 - compiled here, not when the first frame waits

        target = given_target(context, self.params.path)
        self._codec = _codec(target, self.params.codec)
        self._notice = context.notice
        self._told_alpha = False
        self._size: tuple[int, int] | None = None
        self._fault: VivantError | None = None
        self._encoder = self._held = None
        self._part = PartFile(target)

    def process(self, inputs: VideoInputs) -> None:
        """Add one frame.

        Raises:
            VivantError: The frame has another size than those before it, or the disk is full.
        """
        if self._part is None:
            raise RuntimeError("process() before open()")
        if self._fault is not None:
            raise self._fault  # what FFmpeg has begun cannot be mended
        packet, size = inputs.frame, (inputs.frame.value.width, inputs.frame.value.height)
        if self._size is None:
            self._size = size
            self._held = packet
            return
        if size != self._size:
            was, now = (f"{width} x {height}" for width, height in (self._size, size))
            raise VivantError(
                f"the frames changed their size from {was} to {now}",
                where=str(self._part.target),
                remedy="a video has one size: write frames of another size into another file",
            )
        with self._explained(self._part.target):
            if self._held is not None:
                self._begin(self._held, packet.t_ns - self._held.t_ns)
            self._add(packet)

    def close(self, outcome: Outcome) -> None:
        """Complete the file and give it its name, or remove it if the run failed.

        Raises:
            VivantError: It cannot be completed, or there is nothing in it.
        """
        part = self._part
        if part is None:
            return
        empty = self._encoder is None and self._held is None
        complete = False
        try:
            if empty and outcome is Outcome.DONE:
                raise VivantError("no frame came, so no video was written", where=str(part.target))
            if not empty and self._fault is None and outcome is not Outcome.FAILED:
                with self._explained(part.target):
                    self._end()
                complete = True
        finally:
            if not complete:
                if self._encoder is not None:
                    self._encoder.abandon()
                part.discard()
            self._encoder = self._held = self._part = None
        if complete:
            part.finish()

    def _begin(self, first: Packet[Picture], step_ns: int) -> None:
        """Open the encoder and give it the first frame, `step_ns` before the second."""
        if self._part is None:
            raise RuntimeError("process() before open()")
        self._step_ns = round(1e9 / self.params.rate_hz) if self.params.rate_hz else max(step_ns, LEAST_STEP_NS)
        self._encoder = VideoEncoder(
            self._part.path,
            (first.value.width, first.value.height),
            codec=self._codec,
            rate_hz=Fraction(1_000_000_000, self._step_ns).limit_denominator(1001),
            quality=self.params.quality,
            speed=self.params.speed,
        )
        self._held = None
        self._first_ns, self._last_ns, self._count = first.t_ns, 0, 0
        self._add(first)

    def _add(self, packet: Packet[Picture]) -> None:
        if self._encoder is None:
            raise RuntimeError("no encoder to add a frame to")
        if self._count:
            t_ns = packet.t_ns - self._first_ns
            if self.params.rate_hz:
                t_ns = round(self._count * 1e9 / self.params.rate_hz)
            t_ns = max(t_ns, self._last_ns + LEAST_STEP_NS)
            self._step_ns, self._last_ns = t_ns - self._last_ns, t_ns
        self._count += 1
        picture = packet.value
        if isinstance(picture, DrawnPicture):
            self._encoder.add(picture.rows, self._last_ns, self._step_ns, upside_down=True)
        else:
            self._encoder.add(self._colours(picture), self._last_ns, self._step_ns)

    def _end(self) -> None:
        if self._held is not None:
            self._begin(self._held, SINGLE_FRAME_NS)
        if self._encoder is not None:
            self._encoder.finish()

    def _colours(self, picture: Picture) -> npt.NDArray[np.uint8]:
        if picture.pixels.shape[2] == 3:
            return picture.pixels
        if not self._told_alpha:
            self._told_alpha = True
            self._notice("a video has no transparency: what is transparent is written black")
        return over_black(picture.pixels)

    @contextmanager
    def _explained(self, target: Path) -> Iterator[None]:
        """Turn what FFmpeg and the disk complain about into an error for the user, and remember it."""
        from av.error import FFmpegError

        try:
            yield
        except OSError as error:
            self._fault = not_writable(target, error)
            raise self._fault from error
        except (FFmpegError, ValueError) as error:
            self._fault = VivantError(f"the video cannot be encoded: {error}", where=str(target))
            raise self._fault from error


def _codec(target: Path, wanted: str) -> str:
    import av

    suffix = target.suffix.lower()
    if suffix not in CONTAINERS:
        raise VivantError(
            f"'{suffix}' is no ending of a video that can be written",
            where=str(target),
            remedy=f"use one of {', '.join(CONTAINERS)}",
            exit_status=2,
        )
    codec = CONTAINERS[suffix][0] if wanted == "auto" else wanted
    if codec not in CONTAINERS[suffix]:
        raise VivantError(
            f"a {suffix} file cannot hold {codec}",
            where=str(target),
            remedy=f"{suffix} holds {' or '.join(CONTAINERS[suffix])}",
            exit_status=2,
        )
    try:
        av.Codec(VideoEncoder.LIBRARIES[codec], "w")
    except ValueError as error:
        raise VivantError(
            f"this FFmpeg has no encoder for {codec}",
            where=str(target),
            remedy="install av (PyAV) from its wheel, which has it",
        ) from error
    return codec
