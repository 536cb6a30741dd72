"""A video file."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from vivant.graph.errors import VivantError
from vivant.graph.node import Node, NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.graph.params import Cost, NodeParams, param
from vivant.graph.port import NoOutputs, trigger
from vivant.nodes.formats.picture import Picture
from vivant.nodes.outputs.opaque import over_black
from vivant.nodes.outputs.part_file import PartFile, not_writable
from vivant.nodes.outputs.video_encoder import CONTAINERS, VideoEncoder

LEAST_STEP_NS = 1_000_000
"""Two packets can bear the same time (the same motion drawn twice). Matroska and WebM count milliseconds, and
no two frames of a file may share one."""


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
    codec: Literal["auto", "h264", "vp9"] = param(
        "auto", "auto: by the ending of the file.", cost=Cost.REOPEN
    )
    quality: int = param(
        17, "Constant rate factor: smaller is better and larger on disk.", cost=Cost.REOPEN, ge=0, le=51
    )
    # Measured on 78 frames of a face at 725 x 725, quality 17, one core, conversion included:
    # ultrafast 3.1 ms a frame, 1.5 MB, 43.8 dB; superfast 6.3 ms, 1.4 MB, 43.7 dB; veryfast 8.9 ms, 0.5 MB, 42.5 dB;
    # faster 16 ms, 0.5 MB, 43.0 dB.
    speed: Literal["ultrafast", "superfast", "veryfast", "faster", "medium", "slow"] = param(
        "superfast", "The encoder's preset: a slower one writes smaller files.", cost=Cost.REOPEN
    )


@dataclass(frozen=True)
class VideoInputs:
    """Inputs of `VideoOutput`."""

    frame: Packet[Picture] = trigger("The frames, all of one size.")


class VideoOutput(Node[VideoParams, VideoInputs, NoOutputs], type="output.video"):
    """Writes a video file, one frame for each packet.

    The file appears under its name when it is complete, also after Ctrl-C; a run that fails leaves an older
    file of that name as it was. The same frames give the same bytes.
    """

    _part: PartFile | None = None
    _encoder: VideoEncoder | None = None
    _first: Packet[Picture] | None = None
    _count = 0
    _fault: VivantError | None = None

    def open(self, context: NodeContext) -> None:
        """Begin the file, so that what forbids to write shows before anything is drawn.

        Raises:
            VivantError: No path, an ending that is not known, no encoder, or a place that cannot be written to.
        """
        target = _target(context, self.params.path)
        self._codec = _codec(target, self.params.codec)
        self._notice = context.notice
        self._first_ns = self._last_ns = self._step_ns = 0
        self._count = 0
        self._fault = None
        self._part = PartFile(target)

    def process(self, inputs: VideoInputs) -> None:
        """Add one frame.

        Raises:
            VivantError: The frame has another size than those before it, or the disk is full.
        """
        if self._fault is not None:
            raise self._fault  # what FFmpeg has begun cannot be mended
        packet = inputs.frame
        if self._encoder is None and self._first is None:
            self._first = packet  # the second one tells the rate that the file's header states
            self._count = 1
            return
        first = self._first.value if self._first is not None else None
        if first is not None and self._different(packet.value, first.width, first.height):
            raise self._size_changed(packet.value, first.width, first.height)
        self._begin(packet)
        encoder = self._running()
        if self._different(packet.value, encoder.width, encoder.height):
            raise self._size_changed(packet.value, encoder.width, encoder.height)
        self._add(packet)
        self._count += 1

    def close(self, outcome: Outcome) -> None:
        """Complete the file and give it its name, or remove it if the run failed.

        Raises:
            VivantError: It cannot be completed, or there is nothing in it.
        """
        part, self._part = self._part, None
        if part is None:
            return
        try:
            if outcome is Outcome.FAILED or self._fault is not None:
                self._abandon(part)
            elif self._count == 0:
                self._abandon(part)
                if outcome is Outcome.DONE:
                    raise VivantError("no frame came, so no video was written", where=str(part.target))
            else:
                self._complete(part)
        finally:
            self._encoder = self._first = None

    def _begin(self, second: Packet[Picture] | None) -> None:
        """Open the encoder if it is not yet, and give it the first frame."""
        if self._encoder is not None:
            return
        first, part = self._first, self._part
        if first is None or part is None:
            raise RuntimeError("process() before open()")
        self._step_ns = round(1e9 / self.params.rate_hz) if self.params.rate_hz else 1_000_000_000 // 30
        if second is not None and not self.params.rate_hz:
            self._step_ns = max(second.t_ns - first.t_ns, LEAST_STEP_NS)
        rate = self.params.rate_hz or min(max(1e9 / self._step_ns, 1.0), 240.0)
        with self._writing(part.target):
            self._encoder = VideoEncoder(
                part.path,
                (first.value.width, first.value.height),
                codec=self._codec,
                rate_hz=Fraction(rate).limit_denominator(1001),
                quality=self.params.quality,
                speed=self.params.speed,
            )
        self._first_ns = first.t_ns
        self._last_ns = -LEAST_STEP_NS
        self._sent = 0
        self._add(first)
        self._first = None

    def _add(self, packet: Packet[Picture]) -> None:
        encoder, part = self._running(), self._part
        if part is None:
            raise RuntimeError("process() before open()")
        if self.params.rate_hz:
            t_ns = round(self._sent * 1e9 / self.params.rate_hz)
        else:
            t_ns = max(packet.t_ns - self._first_ns, self._last_ns + LEAST_STEP_NS)
        if self._sent:
            self._step_ns = t_ns - self._last_ns
        self._last_ns = t_ns
        self._sent += 1
        with self._writing(part.target):
            encoder.add(self._colours(packet.value), t_ns, self._step_ns)

    def _complete(self, part: PartFile) -> None:
        try:
            self._begin(None)
            with self._writing(part.target):
                self._running().finish()
        except BaseException:
            self._abandon(part)
            raise
        part.finish()

    def _abandon(self, part: PartFile) -> None:
        if self._encoder is not None:
            self._encoder.abandon()
        part.discard()

    def _running(self) -> VideoEncoder:
        if self._encoder is None:
            raise RuntimeError("process() before open()")
        return self._encoder

    def _colours(self, picture: Picture) -> Any:
        if picture.pixels.shape[2] == 3:
            return picture.pixels
        if not self._told_alpha:
            self._told_alpha = True
            self._notice("a video has no transparency: what is transparent is written black")
        return over_black(picture.pixels)

    _told_alpha = False

    def _different(self, picture: Picture, width: int, height: int) -> bool:
        return (picture.width, picture.height) != (width, height)

    def _size_changed(self, picture: Picture, width: int, height: int) -> VivantError:
        return VivantError(
            f"the frames changed their size from {width} x {height} to {picture.width} x {picture.height}",
            where=self.params.path,
            remedy="a video has one size: write frames of another size into another file",
        )

    def _writing(self, target: Path) -> _Writing:
        return _Writing(self, target)


class _Writing:
    """Turns what FFmpeg and the disk complain about into an error for the user, and remembers it."""

    def __init__(self, node: VideoOutput, target: Path) -> None:
        self._node = node
        self._target = target

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        import av

        if isinstance(error, OSError):
            self._node._fault = not_writable(self._target, error)
        elif isinstance(error, (av.FFmpegError, ValueError)):
            self._node._fault = VivantError(f"the video cannot be encoded: {error}", where=str(self._target))
        else:
            return
        raise self._node._fault from error


def _target(context: NodeContext, path: str) -> Path:
    if not path:
        raise VivantError("no file was named to write to", remedy="set the parameter `path`", exit_status=2)
    if path.startswith("sample:"):
        raise VivantError("a sample cannot be written to", where=path, exit_status=2)
    return context.resolve(path).absolute()


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
