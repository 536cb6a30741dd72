"""Frames in, a video file out, by FFmpeg."""

from __future__ import annotations

import contextlib
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

CONTAINERS: dict[str, tuple[str, ...]] = {
    ".mp4": ("h264", "vp9"),
    ".mov": ("h264",),
    ".mkv": ("h264", "vp9"),
    ".webm": ("vp9",),
}
"""What a file of each ending can hold; the first is the default."""

TICKS_PER_S = 720_000
"""Frames at 24, 25, 30, 48, 50, 60, 90, 120, 144, 240 Hz and their 1000/1001 brothers last a whole number of
these ticks, so times that were rounded to nanoseconds give an exactly constant rate again."""

THREADS = 2
"""Fixed: with another number of threads x264 writes other bytes, and the number of cores must not show."""

_BT709 = 1
_VIDEO_RANGE = 1


class VideoEncoder:
    """Encodes into a file. Every frame that is added is in the file, once, at its time.

    Attributes:
        width: Width of the frames that are added, in pixels.
        height: Their height. What is written has even sides: an odd one gets its last row or column twice.
    """

    LIBRARIES: ClassVar[dict[str, str]] = {"h264": "libx264", "vp9": "libvpx-vp9"}

    def __init__(
        self, path: Path, size: tuple[int, int], *, codec: str, rate_hz: Fraction, quality: int, speed: str
    ) -> None:
        """Open the file and the encoder.

        Args:
            path: File to write; its ending says the container.
            size: Width and height in pixels.
            codec: A key of `LIBRARIES`.
            rate_hz: What the header says about the rate; the times of the frames decide.
            quality: Constant rate factor of x264, 0 to 51; for VP9 it is mapped to what looks alike.
            speed: A preset of x264.

        Raises:
            OSError: The file cannot be written.
            av.FFmpegError: FFmpeg refuses.
        """
        import av

        self.width, self.height = size
        self._even = self.width + self.width % 2, self.height + self.height % 2
        # bitexact: no dates, no versions, no random identifiers. faststart: plays while it still loads.
        muxer = {"fflags": "+bitexact"}
        if path.suffix.lower() in (".mp4", ".mov"):
            muxer["movflags"] = "+faststart"
        self._container = av.open(str(path), "w", options=muxer)
        self._stream: Any = self._container.add_stream(self.LIBRARIES[codec], rate=rate_hz)
        context: Any = self._stream.codec_context
        context.width, context.height = self._even
        context.pix_fmt = "yuv420p"
        context.time_base = self._stream.time_base = self._tick = Fraction(1, TICKS_PER_S)
        context.thread_count = THREADS
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = _VIDEO_RANGE
        if codec == "h264":
            context.options = {"preset": speed, "crf": str(quality)}
        else:
            # On x264's scale 17 looks as 24 does on that of VP9, 51 as 63.
            context.options = {
                "crf": str(round(np.interp(quality, (0, 17, 51), (4, 24, 63)))),
                "b": "0",
                "deadline": "realtime",
                "cpu-used": "6",
                "row-mt": "1",
            }

    def add(self, pixels: npt.NDArray[np.uint8], t_ns: int, duration_ns: int, *, upside_down: bool = False) -> None:
        """Add a frame.

        Args:
            pixels: ``uint8 (height, width, 3 or 4)`` sRGB, C-contiguous; a fourth component is left out.
            t_ns: Its time from the start of the file; later than the frame before.
            duration_ns: How long it is shown; counts for the last frame only.
            upside_down: Row 0 of `pixels` is the picture's last.

        Raises:
            OSError: The disk is full.
            av.FFmpegError: FFmpeg refuses.
        """
        frame = self._converted(pixels, upside_down)
        frame.pts = _ticks(t_ns)
        frame.duration = max(1, _ticks(duration_ns))
        frame.time_base = self._tick
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        """Write what is still on its way, and close the file.

        Raises:
            OSError: The disk is full.
            av.FFmpegError: FFmpeg refuses.
        """
        self._container.mux(self._stream.encode(None))
        self._container.close()

    def abandon(self) -> None:
        """Close the file as it is: it is to be removed."""
        from av.error import FFmpegError

        with contextlib.suppress(OSError, ValueError, FFmpegError):
            self._container.close()

    def _converted(self, pixels: npt.NDArray[np.uint8], upside_down: bool) -> Any:
        from av import VideoFrame

        from vivant.nodes.outputs.yuv420 import to_yuv420

        frame: Any = VideoFrame(*self._even, "yuv420p")
        frame.colorspace, frame.color_range = _BT709, _VIDEO_RANGE
        planes = (
            np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
            for plane in frame.planes
        )
        to_yuv420(np.ascontiguousarray(pixels), *planes, upside_down=upside_down)
        return frame


def _ticks(t_ns: int) -> int:
    return (t_ns * TICKS_PER_S + 500_000_000) // 1_000_000_000
