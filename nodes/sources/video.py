"""A video from a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vivant.graph.errors import EndOfStream
from vivant.graph.node import Emission, NodeContext, Outcome, Pace, Source
from vivant.graph.params import Cost, NodeParams, param
from vivant.graph.port import NoInputs, output
from vivant.nodes.formats.picture import Picture
from vivant.nodes.sources.given_file import given_file
from vivant.nodes.sources.video_reader import VideoReader

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    TimedPixels = tuple[int, npt.NDArray[np.uint8]]


class VideoParams(NodeParams):
    """Parameters of `VideoSource`."""

    path: str = param("", "Video file.", cost=Cost.REOPEN)
    loop: bool = param(False, "Start again at the end. Offline only together with `frames`.")
    start_s: float = param(0.0, "Where in the video to start.", cost=Cost.REOPEN, ge=0)
    duration_s: float = param(0.0, "How much of it to play; 0 plays to its end.", cost=Cost.REOPEN, ge=0)
    frames: int = param(0, "Stop after so many frames, repeats counted; 0 sets no limit.", ge=0)


@dataclass(frozen=True)
class VideoOutputs:
    """Outputs of `VideoSource`."""

    frame: Picture = output("The next frame, upright, with square pixels; all frames have one size.")


class VideoSource(Source[VideoParams, VideoOutputs], type="source.video", pace=Pace.MEDIA):
    """Plays a video file: every frame once, in order, at its own time.

    The first frame is decoded in `open`, so that a fault shows before anything starts.
    """

    def __init__(self, params: VideoParams) -> None:
        super().__init__(params)
        self._reader: VideoReader | None = None
        self._frames: Iterator[TimedPixels] = iter(())
        self._next: TimedPixels | None = None
        self._round_start_ns = 0
        self._last_ns = 0
        self._emitted = 0

    def open(self, context: NodeContext) -> None:
        """Open the file and decode its first frame.

        Raises:
            VivantError: No such file, no video, damaged, or no frame at `start_s`.
        """
        self._context = context
        self._file = given_file(context, self.params.path, "video")
        self._round_start_ns = self._last_ns = self._emitted = 0
        self._start_round()
        if context.offline and self.params.loop and not self.params.frames:
            context.notice(f"{self._file.name}: played once, since a loop would never end offline")

    def process(self, inputs: NoInputs) -> Emission[VideoOutputs]:
        """Return the next frame with its media time.

        Raises:
            EndOfStream: After the last frame.
        """
        if self.params.frames and self._emitted >= self.params.frames:
            raise EndOfStream
        if self._next is None and self._emitted and self._loops:
            if self._reader is not None:
                self._round_start_ns = self._last_ns + self._reader.step_ns
            self._start_round()
        if self._next is None:
            raise EndOfStream
        time_ns, pixels = self._next
        self._last_ns = self._round_start_ns + time_ns
        self._emitted += 1
        emission = Emission(VideoOutputs(Picture(pixels)), self._last_ns)
        self._next = next(self._frames, None)
        return emission

    def length(self) -> int | None:
        """Return how many frames the file says it has, within the limits set."""
        if self._reader is None or (self._loops and not self.params.frames):
            return None
        expected = None if self._loops else self._reader.length()
        limits = [count for count in (expected, self.params.frames) if count]
        return min(limits, default=None)

    def close(self, outcome: Outcome) -> None:
        """Close the file."""
        self._frames = iter(())
        self._next = None
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    @property
    def _loops(self) -> bool:
        return self.params.loop and (not self._context.offline or self.params.frames > 0)

    def _start_round(self) -> None:
        # the round before is let go of first: two decoders with the frames that they hold would be there at once
        self._frames, self._next = iter(()), None
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        self._reader = VideoReader(self._file, self.params.start_s, self.params.duration_s, self._context.notice)
        try:
            self._frames = self._reader.frames()
            self._next = next(self._frames, None)
            if self._next is None:
                raise self._reader.empty()
        except BaseException:
            # The engine closes only what opened.
            self._reader.close()
            self._reader = None
            raise
