from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest

from vivant.graph.errors import VivantError
from vivant.graph.node import NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.nodes.formats.picture import Picture
from vivant.nodes.outputs.video import VideoInputs, VideoOutput, VideoParams

ENDINGS = (".mp4", ".mov", ".mkv", ".webm")
# Matroska and WebM count milliseconds
TIME_ERROR_S = {".mp4": 1e-6, ".mov": 1e-6, ".mkv": 0.00051, ".webm": 0.00051}


def drawn(number: int, width: int = 64, height: int = 48) -> npt.NDArray[np.uint8]:
    """A smooth picture with a bright bar that says which frame it is."""
    y, x = np.mgrid[0:height, 0:width]
    picture = np.dstack([60 + x, 60 + y, 120 + 0 * x]).astype(np.uint8)
    left = 4 * number % width
    picture[:, left : left + 4] = 240
    return picture


def opened(context: NodeContext, **params: object) -> VideoOutput:
    node = VideoOutput(VideoParams.model_validate(params))
    node.open(context)
    return node


def feed(node: VideoOutput, frames: Iterable[npt.NDArray[np.uint8]], times_ns: Iterable[int]) -> None:
    for seq, (pixels, t_ns) in enumerate(zip(frames, times_ns, strict=True)):
        node.process(VideoInputs(Packet(Picture(pixels), t_ns, seq)))


def write(context: NodeContext, frames: list[npt.NDArray[np.uint8]], **params: object) -> None:
    node = opened(context, **params)
    feed(node, frames, [round(i * 1e9 / 30) for i in range(len(frames))])
    node.close(Outcome.DONE)


def times_s(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        return [float(frame.time) for frame in container.decode(video=0) if frame.time is not None]


def decoded(path: Path) -> list[npt.NDArray[np.float64]]:
    """Return the frames as RGB by the formula of BT.709, video range, without FFmpeg's own conversion."""
    frames = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            width, height = frame.width, frame.height
            planes = frame.to_ndarray(format="yuv420p").reshape(-1).astype(np.float64)
            size, half = width * height, width * height // 4
            luma = (planes[:size].reshape(height, width) - 16) / 219
            blue, red = (
                np.kron(part.reshape(height // 2, width // 2), np.ones((2, 2))) / 224 - 128 / 224
                for part in (planes[size : size + half], planes[size + half :])
            )
            r, b = luma + 1.5748 * red, luma + 1.8556 * blue
            g = (luma - 0.2126 * r - 0.0722 * b) / 0.7152
            frames.append(np.dstack([r, g, b]) * 255)
    return frames


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def context(node_context: Callable[..., NodeContext]) -> NodeContext:
    return node_context()


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("count", [1, 2, 3, 40])
def test_one_frame_for_each_packet_in_order(context: NodeContext, tmp_path: Path, ending: str, count: int) -> None:
    write(context, [drawn(i) for i in range(count)], path=f"a{ending}")
    assert names(tmp_path) == [f"a{ending}"]
    frames = decoded(tmp_path / f"a{ending}")
    assert len(frames) == count
    for number, frame in enumerate(frames):
        columns = frame[:, :, 2].mean(axis=0).reshape(-1, 4).mean(axis=1)
        assert columns.argmax() == number % 16


@pytest.mark.parametrize("ending", [".mp4", ".mov"])
@pytest.mark.parametrize(
    "rate",
    [Fraction(*rate) for rate in ((24000, 1001), (24, 1), (25, 1), (30000, 1001), (30, 1), (60000, 1001), (144, 1))],
    ids=str,
)
def test_a_constant_rate_stays_exactly_constant(
    context: NodeContext, tmp_path: Path, rate: Fraction, ending: str
) -> None:
    node = opened(context, path=f"a{ending}", speed="ultrafast")
    feed(node, [drawn(i) for i in range(31)], [round(Fraction(i * 10**9) / rate) for i in range(31)])
    node.close(Outcome.DONE)
    with av.open(str(tmp_path / f"a{ending}")) as container:
        stream = container.streams.video[0]
        assert (stream.average_rate, stream.base_rate, stream.frames) == (rate, rate, 31)
        pts = sorted(p.pts for p in container.demux(stream) if p.pts is not None)
        assert stream.time_base is not None
        assert set(np.diff(pts)) == {1 / (stream.time_base * rate)}
        assert float(container.duration or 0) / 1e6 == pytest.approx(float(31 / rate), abs=1e-3)


@pytest.mark.parametrize("ending", ENDINGS)
def test_uneven_times_are_kept_from_the_first_frame_on(context: NodeContext, tmp_path: Path, ending: str) -> None:
    given = [7_000_000_000 + ms * 1_000_000 for ms in (0, 33, 66, 166, 171, 1171, 1191)]
    node = opened(context, path=f"a{ending}")
    feed(node, [drawn(i) for i in range(7)], given)
    node.close(Outcome.DONE)
    written = times_s(tmp_path / f"a{ending}")
    expected = [(t - given[0]) / 1e9 for t in given]
    assert written == pytest.approx(expected, abs=TIME_ERROR_S[ending])


@pytest.mark.parametrize("ending", ENDINGS)
def test_times_that_repeat_or_go_back_lose_no_frame(context: NodeContext, tmp_path: Path, ending: str) -> None:
    node = opened(context, path=f"a{ending}")
    feed(node, [drawn(i) for i in range(6)], [0, 0, 33_333_333, 33_333_333, 20_000_000, 66_666_667])
    node.close(Outcome.DONE)
    written = times_s(tmp_path / f"a{ending}")
    assert written == pytest.approx([0, 0.001, 0.0333, 0.0343, 0.0353, 0.0667], abs=0.0006)
    assert len(set(written)) == 6


def test_a_fixed_rate_ignores_the_times(context: NodeContext, tmp_path: Path) -> None:
    node = opened(context, path="a.mp4", rate_hz=25)
    feed(node, [drawn(i) for i in range(5)], [0, 1, 2, 9_000_000_000, 9_000_000_000])
    node.close(Outcome.DONE)
    assert times_s(tmp_path / "a.mp4") == pytest.approx([0, 0.04, 0.08, 0.12, 0.16])


@pytest.mark.parametrize("ending", ENDINGS)
def test_colours_come_back(context: NodeContext, tmp_path: Path, ending: str) -> None:
    picture = np.zeros((64, 96, 3), np.uint8)
    patches = [
        (255, 255, 255), (0, 0, 0), (128, 128, 128), (255, 0, 0), (0, 255, 0), (0, 0, 255),
        (224, 172, 105), (141, 85, 36), (255, 219, 172), (40, 60, 90), (250, 250, 210), (5, 10, 5),
    ]  # fmt: skip
    for index, colour in enumerate(patches):
        y, x = 16 * (index // 3), 32 * (index % 3)
        picture[y : y + 16, x : x + 32] = colour
    write(context, [picture] * 3, path=f"a{ending}", quality=5)
    for frame in decoded(tmp_path / f"a{ending}"):
        for index, colour in enumerate(patches):
            y, x = 16 * (index // 3) + 5, 32 * (index % 3) + 10
            seen = frame[y : y + 6, x : x + 12].mean(axis=(0, 1))
            np.testing.assert_allclose(seen, colour, atol=3)
    with av.open(str(tmp_path / f"a{ending}")) as container:
        header = container.streams.video[0].codec_context
        tags = (header.colorspace, header.color_primaries, header.color_trc, header.color_range)
        assert [int(tag) for tag in tags] == [1, 1, 1, 1]  # BT.709 three times, video range


def test_default_quality_on_a_smooth_picture(context: NodeContext, tmp_path: Path) -> None:
    y, x = np.mgrid[0:145, 0:225]
    picture = np.dstack([20 + x, 30 + y, 200 - x // 2 - y // 3]).astype(np.uint8)
    write(context, [picture] * 8, path="a.mp4")
    for frame in decoded(tmp_path / "a.mp4"):
        error = np.mean((frame[:145, :225] - picture) ** 2)
        assert 10 * np.log10(255**2 / error) > 42


@pytest.mark.parametrize("ending", [".mp4", ".webm"])
@pytest.mark.parametrize(("width", "height"), [(65, 48), (64, 47), (33, 35), (1, 1)])
def test_odd_sides_repeat_their_edge(
    context: NodeContext, tmp_path: Path, width: int, height: int, ending: str
) -> None:
    # The last column and row are bright: padding of any other colour would show.
    picture = np.full((height, width, 3), 90, np.uint8)
    picture[:, -1:] = picture[-1:] = 230
    write(context, [picture] * 2, path=f"a{ending}", quality=3)
    for frame in decoded(tmp_path / f"a{ending}"):
        assert frame.shape[:2] == (height + height % 2, width + width % 2)
        assert np.abs(frame[height - 1 :] - 230).max() < 12
        assert np.abs(frame[:, width - 1 :] - 230).max() < 12


def test_transparency_lies_on_black_and_is_said_once(context: NodeContext, tmp_path: Path, notices: list[str]) -> None:
    picture = np.full((48, 64, 4), 200, np.uint8)
    picture[:, :32, 3], picture[:, 32:, 3] = 0, 255
    write(context, [picture] * 3, path="a.mp4")
    for frame in decoded(tmp_path / "a.mp4"):
        assert frame[:, :28].mean() == pytest.approx(0, abs=2)
        assert frame[:, 36:].mean() == pytest.approx(200, abs=2)
    assert len(notices) == 1


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_same_frames_give_the_same_bytes(context: NodeContext, tmp_path: Path, ending: str) -> None:
    rng = np.random.default_rng(1)
    frames = [rng.integers(0, 256, (96, 96, 3), np.uint8) for _ in range(30)]
    for name in "ab":
        write(context, [frame.copy() for frame in frames], path=f"{name}{ending}")
    assert (tmp_path / f"a{ending}").read_bytes() == (tmp_path / f"b{ending}").read_bytes()


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_interrupted_run_leaves_a_whole_file(context: NodeContext, tmp_path: Path, ending: str) -> None:
    node = opened(context, path=f"a{ending}")
    feed(node, [drawn(i) for i in range(17)], [i * 33_333_333 for i in range(17)])
    assert not (tmp_path / f"a{ending}").exists()
    node.close(Outcome.INTERRUPTED)
    assert names(tmp_path) == [f"a{ending}"]
    assert len(decoded(tmp_path / f"a{ending}")) == 17


@pytest.mark.parametrize("count", [0, 1, 5])
def test_a_failed_run_leaves_the_older_file(context: NodeContext, tmp_path: Path, count: int) -> None:
    (tmp_path / "a.mp4").write_text("old")
    node = opened(context, path="a.mp4")
    feed(node, [drawn(i) for i in range(count)], range(count))
    node.close(Outcome.FAILED)
    assert names(tmp_path) == ["a.mp4"]
    assert (tmp_path / "a.mp4").read_text() == "old"


def test_an_older_file_is_replaced_by_a_complete_one(context: NodeContext, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("old")
    write(context, [drawn(0)], path="a.mp4")
    assert len(decoded(tmp_path / "a.mp4")) == 1


def test_no_frame_is_an_error_when_done_and_none_when_interrupted(context: NodeContext, tmp_path: Path) -> None:
    with pytest.raises(VivantError, match="no frame came"):
        opened(context, path="a.mp4").close(Outcome.DONE)
    opened(context, path="a.mp4").close(Outcome.INTERRUPTED)
    assert names(tmp_path) == []


def test_after_a_run_it_opens_again(context: NodeContext, tmp_path: Path) -> None:
    node = opened(context, path="a.mp4")
    for count in (3, 5):
        feed(node, [drawn(i) for i in range(count)], [i * 40_000_000 for i in range(count)])
        node.close(Outcome.DONE)
        assert len(decoded(tmp_path / "a.mp4")) == count
        node.open(context)
    node.close(Outcome.INTERRUPTED)


@pytest.mark.parametrize("after", [1, 3])
def test_another_size_is_refused_and_the_rest_is_kept(context: NodeContext, tmp_path: Path, after: int) -> None:
    node = opened(context, path="a.mp4")
    feed(node, [drawn(i) for i in range(after)], [i * 40_000_000 for i in range(after)])
    with pytest.raises(VivantError, match="from 64 x 48 to 66 x 48"):
        feed(node, [drawn(0, 66, 48)], [200_000_000])
    feed(node, [drawn(9)], [240_000_000])
    node.close(Outcome.DONE)
    assert len(decoded(tmp_path / "a.mp4")) == after + 1


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    resource = pytest.importorskip("resource", reason="no limit of file sizes on Windows")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_fills_up(context: NodeContext, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    frames = [rng.integers(0, 256, (256, 256, 3), np.uint8) for _ in range(60)]
    node = opened(context, path="a.mp4", speed="ultrafast")
    with largest_file(200_000):
        with pytest.raises(VivantError, match="cannot be written: file too large") as caught:
            feed(node, frames, [i * 40_000_000 for i in range(60)])
            node.close(Outcome.DONE)
        assert caught.value.where == str(tmp_path / "a.mp4")
        node.close(Outcome.FAILED)
    assert names(tmp_path) == []


def test_a_disk_that_is_full_at_the_end(context: NodeContext, tmp_path: Path) -> None:
    node = opened(context, path="a.mp4")
    feed(node, [drawn(i) for i in range(5)], [i * 40_000_000 for i in range(5)])
    with largest_file(100), pytest.raises(VivantError, match="file too large"):
        node.close(Outcome.DONE)
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("params", "what"),
    [
        ({"path": ""}, "no file was named"),
        ({"path": "sample:astronaut"}, "samples are for reading"),
        ({"path": "a.avi"}, r"'\.avi' is no ending"),
        ({"path": "a"}, "is no ending"),
        ({"path": "a.webm", "codec": "h264"}, r"\.webm file cannot hold h264"),
        ({"path": "gone/a.mp4"}, "folder to write to does not exist"),
    ],
)
def test_what_cannot_be_written_is_said_at_open(
    context: NodeContext, tmp_path: Path, params: dict[str, Any], what: str
) -> None:
    with pytest.raises(VivantError, match=what) as caught:
        opened(context, **params)
    assert caught.value.exit_status == 2
    assert names(tmp_path) == []


def test_a_codec_can_be_chosen(context: NodeContext, tmp_path: Path) -> None:
    write(context, [drawn(0)], path="a.mkv", codec="vp9")
    with av.open(str(tmp_path / "a.mkv")) as container:
        assert container.streams.video[0].codec_context.name == "vp9"


def test_a_smaller_quality_number_gives_a_larger_file(context: NodeContext, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    frames = [rng.integers(0, 256, (64, 64, 3), np.uint8) for _ in range(5)]
    for ending in (".mp4", ".webm"):
        sizes = []
        for quality in (10, 20, 40):
            write(context, [frame.copy() for frame in frames], path=f"a{ending}", quality=quality)
            sizes.append((tmp_path / f"a{ending}").stat().st_size)
        assert sizes[0] > sizes[1] > sizes[2]


def test_a_real_video_keeps_its_frames_and_its_rate(context: NodeContext, media: Path, tmp_path: Path) -> None:
    with av.open(str(media / "drivers" / "short.mp4")) as container:
        rate = container.streams.video[0].average_rate
        frames: list[Any] = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert rate is not None
    node = opened(context, path="a.mp4")
    feed(node, frames, [round(Fraction(i * 10**9) / rate) for i in range(len(frames))])
    node.close(Outcome.DONE)
    result = decoded(tmp_path / "a.mp4")
    assert len(result) == len(frames)
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.video[0].average_rate == rate
    height, width = frames[0].shape[:2]
    error = np.mean([(r[:height, :width] - f) ** 2 for r, f in zip(result, frames, strict=True)])
    assert 10 * np.log10(255**2 / error) > 38
