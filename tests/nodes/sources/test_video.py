from __future__ import annotations

import gc
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest
from av.error import InvalidDataError
from av.stream import Disposition

from vivant.graph.errors import EndOfStream, VivantError
from vivant.graph.node import NodeContext, Outcome
from vivant.graph.port import NoInputs
from vivant.nodes.sources.video import VideoParams, VideoSource
from vivant.nodes.sources.video_reader import VideoReader

Pixels = npt.NDArray[np.uint8]
NodeContexts = Callable[..., NodeContext]
MS = 1_000_000


def play(
    context: NodeContext, path: Path | str, most: int = 5000, **params: Any
) -> tuple[list[int], list[Pixels], int | None]:
    """Return times, pictures and the length announced."""
    node = VideoSource(VideoParams(path=str(path), **params))
    node.open(context)
    length = node.length()
    times: list[int] = []
    pictures: list[Pixels] = []
    try:
        while len(times) < most:
            emission = node.process(NoInputs())
            times.append(emission.t_ns)
            pictures.append(emission.outputs.frame.pixels)
    except EndOfStream:
        pass
    node.close(Outcome.DONE)
    return times, pictures, length


def numbered(count: int, width: int = 64, height: int = 48) -> list[Pixels]:
    """Frames that differ: frame i is i * 8 grey at the left, brighter to the right, darker below."""
    y, x = np.mgrid[0:height, 0:width]
    ramp = x * 100 // width - y * 50 // height + 50
    return [np.dstack([ramp + i * 4] * 3).clip(0, 255).astype(np.uint8) for i in range(count)]


def write(
    file: Path,
    pictures: Sequence[Pixels],
    *,
    codec: str = "ffv1",
    pixel_format: str = "bgr0",
    stamps_ms: Sequence[int] | None = None,
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    aspect: Fraction | None = None,
    layout: str = "rgb24",
    **frame_marks: int,
) -> Path:
    """Write pictures; lossless unless another codec is named."""
    with av.open(str(file), "w", options=container_options or {}) as container:
        stream: Any = container.add_stream(codec, rate=25, options=options or {})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = pixel_format
        stream.codec_context.time_base = Fraction(1, 1000)
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        for name, value in frame_marks.items():
            setattr(stream.codec_context, name, value)
        for i, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format=layout)
            if "colorspace" in frame_marks:
                frame = frame.reformat(format=pixel_format, dst_colorspace=frame_marks["colorspace"])
                frame.colorspace = frame_marks["colorspace"]
            frame.pts = stamps_ms[i] if stamps_ms else i * 40
            frame.time_base = Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file


def write_mp4(file: Path, count: int, *, options: dict[str, str] | None = None, **more: Any) -> Path:
    """Write H.264 with its index in front, so that what was cut off behind can still be opened.

    Without macroblock tree: x264 reads memory there that nothing has written, and each run differs a little.
    """
    return write(
        file,
        numbered(count),
        codec="libx264",
        pixel_format="yuv420p",
        container_options={"movflags": "faststart"},
        options={"preset": "superfast"} | (options or {}),
        **more,
    )


@pytest.fixture
def context(node_context: NodeContexts) -> NodeContext:
    return node_context()


def refusal(context: NodeContext, path: Path, **params: Any) -> VivantError:
    with pytest.raises(VivantError) as caught:
        play(context, path, **params)
    assert caught.value.exit_status == 2
    assert str(path) in caught.value.where
    return caught.value


def test_every_frame_once_in_order_with_its_time(context: NodeContext, tmp_path: Path) -> None:
    pictures = numbered(12)
    times, read, length = play(context, write(tmp_path / "a.mkv", pictures))
    assert times == [i * 40 * MS for i in range(12)]
    assert length == 12
    for got, expected in zip(read, pictures, strict=True):
        np.testing.assert_array_equal(got, expected)
        assert not got.flags.writeable


def test_b_frames_come_in_order_of_presentation(context: NodeContext, tmp_path: Path) -> None:
    file = write_mp4(tmp_path / "a.mp4", 30, options={"bf": "3", "b_strategy": "0", "crf": "5"})
    times, read, length = play(context, file)
    assert times == [i * 40 * MS for i in range(30)]
    assert length == 30
    brightness = [picture.mean() for picture in read]
    assert brightness == sorted(brightness)
    np.testing.assert_allclose(brightness, [picture.mean() for picture in numbered(30)], atol=3)


def test_variable_rate_keeps_its_times(context: NodeContext, tmp_path: Path) -> None:
    stamps = [500, 540, 550, 700, 1900]  # does not start at 0 either
    times, _, _ = play(context, write(tmp_path / "a.mkv", numbered(5), stamps_ms=stamps))
    assert times == [(stamp - 500) * MS for stamp in stamps]


def test_raw_stream_without_any_times(context: NodeContext, tmp_path: Path) -> None:
    write_mp4(tmp_path / "a.mp4", 10)
    with av.open(str(tmp_path / "a.mp4")) as given, av.open(str(tmp_path / "a.h264"), "w") as raw:
        stream = raw.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if packet.size:
                packet.stream = stream
                raw.mux(packet)
    times, read, _ = play(context, tmp_path / "a.h264")
    assert len(read) == 10
    steps = np.diff(times)
    assert (steps > 0).all()
    assert (steps == steps[0]).all()


def frames_alive() -> int:
    """Return how many decoded frames somebody holds, or nobody but each other."""
    return sum(isinstance(thing, av.VideoFrame) for thing in gc.get_objects())


def test_rounds_leave_no_decoded_frame_to_the_cycle_collector(context: NodeContext, tmp_path: Path) -> None:
    """It comes by only once in many minutes, and a frame of 4K takes 12 MB."""
    file = write_mp4(tmp_path / "a.mp4", 3)
    node = VideoSource(VideoParams(path=str(file), loop=True, frames=99))
    gc.collect()
    before = frames_alive()
    gc.disable()
    try:
        node.open(context)
        for _ in range(5 * 3):
            node.process(NoInputs())
        node.close(Outcome.DONE)
        assert frames_alive() == before
    finally:
        gc.enable()


@pytest.mark.parametrize("turn", range(8))
def test_display_matrix_turns_and_mirrors(context: NodeContext, tmp_path: Path, turn: int) -> None:
    """All eight ways; each checked against numpy's own turning."""
    file = write_mp4(tmp_path / "a.mp4", 2, options={"crf": "1"})
    ways: dict[int, tuple[tuple[int, int, int, int], Callable[[Any], Any]]] = {
        0: ((1, 0, 0, 1), lambda p: p),
        1: ((0, 1, -1, 0), lambda p: np.rot90(p, -1)),  # a phone held upright: a quarter turn clockwise
        2: ((-1, 0, 0, -1), lambda p: np.rot90(p, 2)),
        3: ((0, -1, 1, 0), lambda p: np.rot90(p, 1)),
        4: ((-1, 0, 0, 1), np.fliplr),
        5: ((1, 0, 0, -1), np.flipud),
        6: ((0, 1, 1, 0), lambda p: p.swapaxes(0, 1)),
        7: ((0, -1, -1, 0), lambda p: np.rot90(p, 2).swapaxes(0, 1)),
    }
    matrix, apply = ways[turn]
    data = bytearray(file.read_bytes())
    a, b, c, d = (value * 65536 for value in matrix)
    # The track header's matrix a b u c d v x y w lies 40 bytes into its content (ISO/IEC 14496-12, 8.3.2).
    at = data.index(b"tkhd") + 4 + 40
    data[at : at + 36] = np.array([a, b, 0, c, d, 0, 0, 0, 1 << 30], ">i4").tobytes()
    file.write_bytes(data)
    _, read, _ = play(context, file)
    expected = apply(numbered(2)[1])
    assert read[1].shape == expected.shape
    assert np.abs(read[1].astype(int) - expected).mean() < 2
    assert read[1].flags.c_contiguous


def test_oblong_pixels_become_square(context: NodeContext, tmp_path: Path) -> None:
    file = write_mp4(tmp_path / "a.mp4", 2, aspect=Fraction(4, 3))
    _, read, _ = play(context, file)
    assert read[0].shape == (48, 85, 3)


def test_odd_size(context: NodeContext, tmp_path: Path) -> None:
    pictures = numbered(3, 75, 33)
    _, read, _ = play(context, write(tmp_path / "a.mkv", pictures))
    np.testing.assert_array_equal(read[2], pictures[2])


def test_10_bit(context: NodeContext, tmp_path: Path) -> None:
    file = write(tmp_path / "a.mkv", numbered(3), pixel_format="yuv420p10le")
    _, read, _ = play(context, file)
    assert np.abs(read[2].astype(int) - numbered(3)[2]).max() <= 2


def test_alpha_is_kept(context: NodeContext, tmp_path: Path) -> None:
    pictures = [np.dstack([p, p[..., 0] // 2]).astype(np.uint8) for p in numbered(2)]
    _, read, _ = play(context, write(tmp_path / "a.mkv", pictures, pixel_format="bgra", layout="rgba"))
    np.testing.assert_array_equal(read[1], pictures[1])


@pytest.mark.parametrize(("matrix", "size"), [(1, (64, 48)), (5, (64, 48)), (1, (1280, 720))])
def test_colours_follow_the_matrix_that_the_file_names(
    context: NodeContext, tmp_path: Path, matrix: int, size: tuple[int, int]
) -> None:
    """BT.709 and BT.601 differ by up to 25 in a strong red."""
    red = np.full((size[1], size[0], 3), (220, 30, 40), np.uint8)
    file = write(
        tmp_path / "a.mp4",
        [red] * 2,
        codec="libx264",
        pixel_format="yuv444p",
        options={"crf": "1"},
        colorspace=matrix,
    )
    _, read, _ = play(context, file)
    np.testing.assert_allclose(read[1].reshape(-1, 3).mean(0), (220, 30, 40), atol=3)


@pytest.mark.parametrize(("size", "matrix"), [((640, 480), 5), ((1280, 720), 1)])
def test_untagged_colours_are_taken_by_size(
    context: NodeContext, tmp_path: Path, size: tuple[int, int], matrix: int
) -> None:
    red = np.full((size[1], size[0], 3), (220, 30, 40), np.uint8)
    frame = av.VideoFrame.from_ndarray(red).reformat(format="yuv444p", dst_colorspace=matrix)
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        stream: Any = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv444p"
        frame.colorspace = 2
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    _, read, _ = play(context, tmp_path / "a.mkv")
    np.testing.assert_allclose(read[0].reshape(-1, 3).mean(0), (220, 30, 40), atol=3)


def test_a_section(context: NodeContext, tmp_path: Path) -> None:
    file = write_mp4(tmp_path / "a.mp4", 60, options={"g": "25", "crf": "1"})
    whole = play(context, file)[1]
    for start, first in ((0.4, 10), (1.0, 25), (1.2, 30), (0.41, 10), (0.43, 11)):
        times, read, length = play(context, file, start_s=start, duration_s=0.2)
        assert times == [i * 40 * MS for i in range(5)]
        assert length == 5
        for i in range(5):
            np.testing.assert_array_equal(read[i], whole[first + i])


def test_frames_limit(context: NodeContext, tmp_path: Path) -> None:
    times, _, length = play(context, write(tmp_path / "a.mkv", numbered(12)), frames=5)
    assert len(times) == length == 5


def test_start_after_the_end(context: NodeContext, tmp_path: Path) -> None:
    error = refusal(context, write_mp4(tmp_path / "a.mp4", 10), start_s=5)
    assert "over before 5 s" in error.what


def test_live_it_loops_and_time_goes_on(node_context: NodeContexts, tmp_path: Path) -> None:
    file = write(tmp_path / "a.mkv", numbered(4))
    times, read, length = play(node_context(offline=False), file, most=10, loop=True)
    assert times == [i * 40 * MS for i in range(10)]
    assert length is None
    np.testing.assert_array_equal(read[9], numbered(4)[1])


def test_offline_a_loop_needs_a_limit(context: NodeContext, tmp_path: Path, notices: list[str]) -> None:
    file = write(tmp_path / "a.mkv", numbered(4))
    assert len(play(context, file, loop=True)[0]) == 4
    assert "played once" in notices[0]
    times, _, length = play(context, file, loop=True, frames=10)
    assert len(times) == length == 10


def test_cut_off_behind_gives_what_there_is_aloud(context: NodeContext, tmp_path: Path, notices: list[str]) -> None:
    file = write_mp4(tmp_path / "a.mp4", 50, options={"g": "5"})
    whole = file.read_bytes()
    start = whole.index(b"mdat")
    file.write_bytes(whole[: start + (len(whole) - start) // 2])
    times, _, _ = play(context, file)
    assert 5 < len(times) < 50
    assert f"{len(times)} of 50 frames" in notices[0]
    assert "cut off" in notices[0]


def test_damaged_in_the_middle_goes_on_behind(context: NodeContext, tmp_path: Path, notices: list[str]) -> None:
    file = write_mp4(tmp_path / "a.mp4", 60, options={"g": "5", "crf": "5", "bf": "0"})
    data = bytearray(file.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 1000] = bytes(1000)
    file.write_bytes(data)
    times, read, _ = play(context, file)
    assert times[-1] == 59 * 40 * MS  # it did not stop at the damage
    assert "damaged" in notices[0]
    again, read_again, _ = play(context, file)
    assert again == times
    assert all((a == b).all() for a, b in zip(read, read_again, strict=True))


def test_when_reading_fails_what_was_read_is_still_decoded(tmp_path: Path, notices: list[str]) -> None:
    """A decoder holds frames back; they must not be lost with the rest of the file."""
    reader = VideoReader(write_mp4(tmp_path / "a.mp4", 40, options={"bf": "0"}), 0, 0, notices.append)
    container = reader._container

    class FailsAfter20:
        def demux(self, stream: Any) -> Iterator[Any]:
            for count, packet in enumerate(container.demux(stream)):
                if count == 20:
                    raise InvalidDataError(1, "scripted")
                yield packet

    reader._container = cast(Any, FailsAfter20())
    assert len(list(reader.frames())) == 20
    assert notices == ["a.mp4: damaged or cut off; 20 of 40 frames could be read"]
    container.close()


def test_a_play_list_reaches_nobody(context: NodeContext, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        (tmp_path / "a.m3u8").write_text(
            "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n"
            f"http://127.0.0.1:{server.getsockname()[1]}/a.ts\n#EXT-X-ENDLIST\n"
        )
        refusal(context, tmp_path / "a.m3u8")
        with pytest.raises(BlockingIOError):
            server.accept()


def test_without_an_index_it_is_refused(context: NodeContext, tmp_path: Path) -> None:
    file = write(tmp_path / "a.mp4", numbered(30), codec="libx264", pixel_format="yuv420p")
    data = file.read_bytes()
    file.write_bytes(data[: data.index(b"moov") - 4])
    assert "damaged or not complete" in refusal(context, file).what


def test_header_without_frames(context: NodeContext, tmp_path: Path) -> None:
    file = write_mp4(tmp_path / "a.mp4", 10)
    data = file.read_bytes()
    file.write_bytes(data[: data.index(b"mdat") + 4])
    assert "no frame" in refusal(context, file).what


@pytest.mark.parametrize("cover", [False, True])
def test_sound_alone_and_sound_with_a_cover(context: NodeContext, tmp_path: Path, cover: bool) -> None:
    file = tmp_path / "a.mp3"
    with av.open(str(file), "w") as container:
        picture: Any = None
        if cover:
            picture = container.add_stream("png", rate=1)
            picture.width, picture.height, picture.pix_fmt = 64, 48, "rgb24"
            picture.disposition = Disposition.attached_pic
        sound: Any = container.add_stream("libmp3lame", rate=16000, layout="mono")
        if cover:
            container.mux(picture.encode(av.VideoFrame.from_ndarray(numbered(1)[0])))
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4000), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16000
        container.mux(sound.encode(frame))
        container.mux(sound.encode())
    with av.open(str(file)) as written:
        assert len(written.streams.video) == cover
    assert "only sound" in refusal(context, file).what


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("a.mp4", b"", "empty"),
        ("a.mp4", b"hello, I am a text\n", "not a video"),
        ("a.txt", b"hello, I am a text\n" * 100, "not a video"),
        ("a.mp4", bytes(range(256)) * 400, "not a video"),
    ],
)
def test_not_a_video(context: NodeContext, tmp_path: Path, name: str, content: bytes, word: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert word in refusal(context, tmp_path / name).what


def test_missing_file_offers_the_nearest_name(context: NodeContext, tmp_path: Path) -> None:
    (tmp_path / "driver.mp4").touch()
    assert "driver.mp4" in refusal(context, tmp_path / "diver.mp4").remedy


def test_a_still_picture_is_one_frame(context: NodeContext, tmp_path: Path) -> None:
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 1
    Image.fromarray(numbered(1)[0]).save(tmp_path / "a.jpg", exif=exif)
    assert len(play(context, tmp_path / "a.jpg")[0]) == 1


def test_frames_do_not_share_memory(context: NodeContext, tmp_path: Path) -> None:
    """A frame still held when the next one comes must not change under its holder."""
    _, read, _ = play(context, write(tmp_path / "a.mkv", numbered(20)))
    assert len({picture.__array_interface__["data"][0] for picture in read}) == 20


def test_says_nothing_on_stderr_about_damage(tmp_path: Path) -> None:
    """FFmpeg would print its own lines between ours."""
    file = write_mp4(tmp_path / "a.mp4", 50, options={"g": "5", "crf": "5"})
    data = bytearray(file.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 1000] = bytes(1000)
    file.write_bytes(data)
    code = (
        "import sys; from pathlib import Path; from vivant.nodes.sources.video_reader import VideoReader\n"
        "print(len(list(VideoReader(Path(sys.argv[1]), 0, 0, lambda line: None).frames())))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 40
    assert done.stderr == ""


@pytest.mark.parametrize("name", ["d0.mp4", "d11.mp4", "d18.mp4", "d9.mp4", "face_then_none.mov", "short.mp4"])
def test_real_videos_have_as_many_frames_as_opencv_finds(
    context: NodeContext, media: Path, notices: list[str], name: str
) -> None:
    file = media / "drivers" / name
    capture: Any = cv2.VideoCapture(str(file))
    count = 0
    while capture.grab():
        count += 1
    node = VideoSource(VideoParams(path=str(file)))
    node.open(context)
    assert node.length() == count
    times = []
    with pytest.raises(EndOfStream):
        while True:
            times.append(node.process(NoInputs()).t_ns)
    node.close(Outcome.DONE)
    assert len(times) == count
    assert times[0] == 0
    assert (np.diff(times) > 0).all()
    assert not notices
