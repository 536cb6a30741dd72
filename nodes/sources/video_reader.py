"""Decoding a video file: upright RGB frames with their times, and what can be wrong with one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from vivant.graph.errors import VivantError
from vivant.nodes.sources.given_file import unreadable
from vivant.nodes.sources.media_times import MediaTimes

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

MOST_PIXELS = 8192 * 8192
"""Per frame: 200 MB of RGB each. No camera records more, and a broken header can claim anything."""
_SMALL = 1280 * 720
"""Pixels of frames that one thread decodes quickly enough. FFmpeg's frame threads take 1.15 times the processor time
(512 x 512, two cores, measured), which tracking and drawing could have had."""
TEXT_FORMATS = ("tty", "bin", "xbin", "adf", "idf")
"""FFmpeg draws text files as video; a driver named by mistake shall be refused instead."""


class VideoReader:
    """One pass over a video file."""

    def __init__(self, file: Path, start_s: float, duration_s: float, notice: Callable[[str], None]) -> None:
        """Open `file` to read from `start_s` on, `duration_s` long (0: to the end).

        Raises:
            VivantError: It is no video, has no pictures, or may not be read.
        """
        self._file = file
        self._start_s = start_s
        self._duration_s = duration_s
        self._notice = notice
        self._container = _container(file)
        try:
            self._stream = _video_stream(self._container, file)
        except BaseException:
            self._container.close()
            raise
        context = self._stream.codec_context
        self._stream.thread_type = "AUTO" if context.width * context.height > _SMALL else "SLICE"
        self._damaged = 0
        self._complete = True
        rate = self._stream.average_rate or self._stream.guessed_rate
        self.step_ns = round(1_000_000_000 / rate) if rate and 1 <= rate <= 1000 else 40_000_000
        """Nominal distance of frames in nanoseconds."""

    def frames(self) -> Iterator[tuple[int, npt.NDArray[np.uint8]]]:
        """Yield each frame once, in order of presentation.

        Yields:
            Time in nanoseconds, 0 for the first frame, strictly increasing; and pixels
            ``uint8 (height, width, 3 or 4)``, upright, all of one size. Damaged parts are passed over with
            a notice at the end.
        """
        convert = _Conversion(self._file, self._stream.sample_aspect_ratio, self._notice)
        times = self._times()
        zero_ns: int | None = None
        count = 0
        for frame in self._decoded():
            time_ns = times.next_ns(frame.pts)
            # A frame that is still on the screen at start_s belongs to the part before it.
            if time_ns + self.step_ns // 2 < self._start_s * 1e9:
                continue
            zero_ns = time_ns if zero_ns is None else zero_ns
            if self._duration_s and time_ns - zero_ns + self.step_ns // 2 >= self._duration_s * 1e9:
                return
            count += 1
            yield time_ns - zero_ns, convert(frame)
        promised = self._stream.frames
        short = not self._start_s and count < promised
        if count and (self._damaged or not self._complete):
            of = f" of {promised}" if short else ""
            self._notice(f"{self._file.name}: damaged or cut off; {count}{of} frames could be read")
        elif count and short:
            self._notice(f"{self._file.name}: has {count} frames, not the {promised} it says it has; it may be cut off")

    def length(self) -> int | None:
        """Return how many frames `frames` will yield, as far as the file tells."""
        total = self._stream.frames or None
        if total is None:
            length_s = self._length_s()
            total = None if length_s is None else max(1, round(length_s * 1e9 / self.step_ns))
        if total is None:
            return None
        left = max(1, total - round(self._start_s * 1e9 / self.step_ns))
        if not self._duration_s:
            return left
        return min(left, max(1, round(self._duration_s * 1e9 / self.step_ns)))

    def empty(self) -> VivantError:
        """Return the error for a reader whose `frames` yielded nothing."""
        length_s = self._length_s()
        if self._start_s and length_s is not None and self._start_s >= length_s:
            return VivantError(
                f"this video is over before {self._start_s:g} s: it lasts {length_s:.2f} s",
                where=str(self._file),
                remedy="set start_s lower",
                exit_status=2,
            )
        return VivantError(
            "this video has no frame that can be decoded",
            where=str(self._file),
            remedy="it is empty, damaged or cut off: copy or export it again, best as H.264 in an .mp4",
            exit_status=2,
        )

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def _length_s(self) -> float | None:
        if self._stream.duration is not None and self._stream.time_base is not None:
            return float(self._stream.duration * self._stream.time_base)
        if self._container.duration is not None:
            return self._container.duration / 1_000_000
        return None

    def _times(self) -> MediaTimes:
        """Return the times of frames, after a jump to the key frame before the start."""
        unit = self._stream.time_base or Fraction(1, 90_000)
        first = self._stream.start_time
        if self._start_s and first is not None:
            try:
                target = first + int(self._start_s / unit)
                self._container.seek(target, stream=self._stream)
            except OSError:
                # Not every format can be searched: then it is decoded from its beginning.
                self._container.seek(0)
            return MediaTimes(first, unit, self.step_ns)
        return MediaTimes(None, unit, self.step_ns)

    def _decoded(self) -> Iterator[VideoFrame]:
        """Yield decoded frames, passing over what cannot be decoded."""
        from av.error import FFmpegError

        packets = self._container.demux(self._stream)
        while True:
            try:
                packet: Packet[Any] | None = next(packets, None)
            except FFmpegError:
                self._complete = False
                packet = None
            if packet is None:
                break
            yield from self._decode(packet)
        if not self._complete:
            # The flushing packet that demux sends last did not come.
            yield from self._decode(None)

    def _decode(self, packet: Packet[Any] | None) -> list[VideoFrame]:
        from av.error import EOFError as DecoderEnd
        from av.error import FFmpegError

        try:
            frames = self._stream.codec_context.decode(packet)
        except DecoderEnd:
            return []
        except FFmpegError:
            self._damaged += 1
            return []
        # What FFmpeg puts in the place of damage depends on how far its other threads are: it is made up, and not the
        # same twice.
        whole = [frame for frame in frames if not frame.is_corrupt]
        self._damaged += len(frames) - len(whole)
        return whole


class _Conversion:
    """Decoded frames to upright sRGB pixels of the first frame's size."""

    def __init__(self, file: Path, aspect: Fraction | None, notice: Callable[[str], None]) -> None:
        from av.video.reformatter import Interpolation, VideoReformatter

        self._file = file
        self._aspect = aspect
        self._notice = notice
        self._reformatter = VideoReformatter()
        # ACCURATE_RND would be half a level nearer to the exact colours, for nine times the time (512 x 512: 1.2 ms,
        # not 0.13, measured).
        self._interpolation = Interpolation.BILINEAR | Interpolation.BITEXACT
        self._size: tuple[int, int] | None = None
        self._format = "rgb24"
        self._turn = ((1, 0), (0, 1))

    def __call__(self, frame: VideoFrame) -> npt.NDArray[np.uint8]:
        if self._size is None:
            self._size = _square_size(frame, self._aspect)
            self._format = "rgba" if any(part.is_alpha for part in frame.format.components) else "rgb24"
            self._turn = _turn(frame)
            if int(frame.color_trc) in (16, 18):
                self._notice(f"{self._file.name}: HDR video, shown without tone mapping: it will look pale")
        width, height = self._size
        converted = self._reformatter.reformat(
            frame,
            width,
            height,
            self._format,
            src_colorspace=_matrix(frame),
            interpolation=self._interpolation,
            threads=1,
        )
        pixels = np.ascontiguousarray(converted.to_ndarray(), dtype=np.uint8)
        return _turned(pixels, self._turn)


def _container(file: Path) -> InputContainer:
    import av
    from av.error import FFmpegError

    try:
        # Play lists name further files and addresses: only this machine's files are opened.
        container = av.open(str(file), options={"protocol_whitelist": "file,crypto,data"})
    except PermissionError:
        raise unreadable(file, "video") from None
    except (FFmpegError, ValueError) as error:
        raise _no_video(file, error) from None
    if container.format.name in TEXT_FORMATS:
        container.close()
        raise _no_video(file, None)
    return container


def _video_stream(container: InputContainer, file: Path) -> VideoStream:
    from av.stream import Disposition

    still = Disposition.attached_pic | Disposition.timed_thumbnails
    moving = [stream for stream in container.streams.video if not stream.disposition & still]
    if not moving:
        what = "only sound" if container.streams.audio else "no pictures"
        raise VivantError(
            f"this file has {what}, a video is needed",
            where=str(file),
            remedy="name a video that shows a face",
            exit_status=2,
        )
    stream = moving[0]
    if getattr(stream, "codec_context", None) is None:
        raise VivantError(
            "this video's codec is not known here",
            where=str(file),
            remedy="convert it to H.264 in an .mp4",
            exit_status=2,
        )
    if stream.width * stream.height > MOST_PIXELS:
        raise VivantError(
            f"this video is too large: {stream.width} x {stream.height} pixels",
            where=str(file),
            remedy="make it smaller; 1280 x 720 is plenty for a driver",
            exit_status=2,
        )
    return stream


def _no_video(file: Path, error: Exception | None) -> VivantError:
    remedy = "MP4, MOV, MKV, WebM and AVI are read"
    if file.stat().st_size == 0:
        what = "this file is not a video: it is empty"
    elif error is not None and _starts_like_video(file):
        what = "this video is damaged or not complete"
        remedy = "its index is missing, as after an interrupted copy or recording: copy or export it again"
    else:
        what = "this file is not a video"
    return VivantError(what, where=str(file), remedy=remedy, exit_status=2)


def _starts_like_video(file: Path) -> bool:
    with file.open("rb") as stream:
        start = stream.read(12)
    return start[4:8] in (b"ftyp", b"moov", b"mdat", b"wide") or start[:4] in (b"\x1aE\xdf\xa3", b"RIFF")


def _matrix(frame: VideoFrame) -> int | None:
    """Return swscale's number of the YUV matrix where the frame names none, None where it does.

    Untagged video is taken as players take it: BT.709 for high definition, BT.601 below.
    """
    unspecified = 2
    if int(frame.colorspace) != unspecified:
        return None
    return 1 if frame.width >= 1280 or frame.height > 576 else 5


def _square_size(frame: VideoFrame, aspect: Fraction | None) -> tuple[int, int]:
    """Return the size with square pixels, before any rotation; `aspect` is one pixel's width to height."""
    if not aspect or aspect == 1 or not Fraction(1, 4) <= aspect <= 4:
        return frame.width, frame.height
    return max(1, round(frame.width * aspect)), frame.height


def _turn(frame: VideoFrame) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the quarter turn or mirroring of the frame's display matrix, rows x' and y', y down."""
    from av.sidedata import sidedata

    upright = ((1, 0), (0, 1))
    # Not the frame's own `side_data`: PyAV keeps that with the frame, and it holds the frame in turn. Such a ring is
    # let go of by Python's cycle collector alone, which a large program runs to the end once in many minutes; by then
    # a looped video had left a decoded frame behind in each round.
    container: Any = sidedata.SideDataContainer
    try:
        data: Any = container(frame).get("DISPLAYMATRIX")
    except ValueError:
        # PyAV 18 cannot list the data of a frame where one kind is newer than its list (EXIF in a JPEG).
        data = None
    if data is None:
        return upright
    # int32 (3, 3), 16.16 fixed point: x' = m00 x + m10 y, y' = m01 x + m11 y (FFmpeg, libavutil/display.h)
    m = np.frombuffer(data, np.int32).reshape(3, 3) / 65536
    turn = np.rint(m[:2, :2].T / max(1e-9, float(np.abs(m[:2, :2]).max()))).astype(int)
    if (np.abs(turn).sum(0) != 1).any() or (np.abs(turn).sum(1) != 1).any():
        return upright
    return (int(turn[0, 0]), int(turn[0, 1])), (int(turn[1, 0]), int(turn[1, 1]))


def _turned(pixels: npt.NDArray[np.uint8], turn: tuple[tuple[int, int], tuple[int, int]]) -> npt.NDArray[np.uint8]:
    (xx, xy), (yx, yy) = turn
    if (xx, yy) == (1, 1):
        return pixels
    import cv2

    # numpy's transposed copy takes ten times as long as OpenCV's.
    turned: Any = cv2.transpose(pixels) if xx == 0 else pixels
    if xx + xy < 0:
        turned = cv2.flip(turned, 1)
    if yx + yy < 0:
        turned = cv2.flip(turned, 0)
    return np.ascontiguousarray(turned, dtype=np.uint8)
