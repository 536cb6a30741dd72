"""What a user gets for a wrong picture or video: the command line with the real sources and engines."""

from __future__ import annotations

import shutil
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from vivant.graph.node import Node, NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.graph.params import NodeParams, param
from vivant.graph.port import NoOutputs, latest, output, trigger
from vivant.graph.registry import Registry
from vivant.nodes.formats.picture import Picture
from vivant.runtime.cli import main

PRESET = """{
  "version": 1, "name": "side", "about": "The driver beside the portrait.",
  "nodes": {
    "driver": {"type": "source.video", "params": {"path": "talk.mp4"}},
    "portrait": {"type": "source.image", "params": {"path": "me.png"}},
    "beside": {"type": "test.beside", "inputs": {"frame": "driver.frame", "portrait": "portrait.frame"}},
    "output": {"type": "output.video", "params": {"path": "own.mp4"}, "inputs": {"frame": "beside.frame"}}
  }
}"""


@dataclass(frozen=True)
class BesideIn:
    frame: Packet[Picture] = trigger("The driver.")
    portrait: Packet[Picture] = latest("The portrait.")


@dataclass(frozen=True)
class BesideOut:
    frame: Picture = output("The driver.")


class Beside(Node[NodeParams, BesideIn, BesideOut], type="test.beside"):
    """Passes the driver on."""

    def process(self, inputs: BesideIn) -> BesideOut:
        return BesideOut(inputs.frame.value)


class CountParams(NodeParams):
    path: str = param(..., "A file.")


@dataclass(frozen=True)
class CountIn:
    frame: Packet[Picture] = trigger("A picture.")


class Count(Node[CountParams, CountIn, NoOutputs], type="output.video"):
    """Writes how many pictures came."""

    def open(self, context: NodeContext) -> None:
        self.count = 0

    def process(self, inputs: CountIn) -> None:
        self.count += 1

    def close(self, outcome: Outcome) -> None:
        if outcome is not Outcome.FAILED:
            Path(self.params.path).write_text(str(self.count))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with a preset, a portrait and a driver of twelve frames."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    real = {p.name: p for p in metadata.entry_points(group="vivant.nodes")}
    classes = {name: real[name].load() for name in ("source.video", "source.image")}
    classes |= {"test.beside": Beside, "output.video": Count}
    monkeypatch.setattr(Registry, "installed", lambda: Registry(classes))
    (folder / "side.json").write_text(PRESET)
    write_picture(folder / "me.png")
    write_video(folder / "talk.mp4", 12)
    return folder


def write_picture(path: Path, size: tuple[int, int] = (64, 64)) -> None:
    from PIL import Image

    Image.new("RGB", size, (200, 120, 80)).save(path)


def write_video(path: Path, frames: int) -> None:
    import av

    noise = np.random.default_rng(1)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for index in range(frames):
            pixels = noise.integers(0, 255, (64, 96, 3), np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def huge_png() -> bytes:
    """Return a PNG whose header says 40,000 x 40,000 and whose data is a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(b"\0" * 100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + data + chunk(b"IEND", b"")


def animate(portrait: str = "me.png", driver: str = "talk.mp4") -> int:
    return main(["animate", portrait, driver, "-o", "out.mp4", "--preset", "side.json"])


def no_file(here: Path) -> None:
    (here / "bad.png").unlink(missing_ok=True)


def no_picture(here: Path) -> None:
    (here / "bad.png").write_text("this is no picture")


def empty_picture(here: Path) -> None:
    (here / "bad.png").write_bytes(b"")


def huge_picture(here: Path) -> None:
    (here / "bad.png").write_bytes(huge_png())


def tiny_picture(here: Path) -> None:
    write_picture(here / "bad.png", (1, 1))


def truncated_picture(here: Path) -> None:
    write_picture(here / "whole.png", (300, 300))
    data = (here / "whole.png").read_bytes()
    (here / "bad.png").write_bytes(data[: len(data) // 2])
    (here / "whole.png").unlink()


def folder_as_picture(here: Path) -> None:
    (here / "bad.png").mkdir()


Spoil = Callable[[Path], None]


def assert_refused(here: Path, status: int, before: set[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    err = capsys.readouterr().err
    block = err[err.index("vivant: ") :].rstrip("\n").split("\n")
    assert status in (1, 2)
    assert "Traceback" not in err
    assert "unexpected" not in err
    assert err.count("vivant: ") == 1
    assert all(line.startswith("  ") for line in block[1:])
    assert says in err
    assert {path.name for path in here.iterdir()} == before, "nothing is left behind"


def test_the_way_works_when_nothing_is_wrong(here: Path) -> None:
    assert animate() == 0
    assert (here / "out.mp4").read_text() == "12"


@pytest.mark.parametrize(
    "spoil",
    [no_file, no_picture, empty_picture, huge_picture, tiny_picture, truncated_picture, folder_as_picture],
)
def test_a_portrait_that_cannot_be_used_is_told(here: Path, spoil: Spoil, capsys: pytest.CaptureFixture[str]) -> None:
    spoil(here)
    before = {path.name for path in here.iterdir()}
    assert_refused(here, animate(portrait="bad.png"), before, "bad.png", capsys)


def no_video(here: Path) -> None:
    (here / "bad.mp4").write_text("this is no video")


def empty_video(here: Path) -> None:
    (here / "bad.mp4").write_bytes(b"")


def headless_video(here: Path) -> None:
    """The index of an MP4 stands at its end: cut off, nothing can be read."""
    data = (here / "talk.mp4").read_bytes()
    (here / "bad.mp4").write_bytes(data[: len(data) // 2])


def picture_as_video(here: Path) -> None:
    shutil.copy(here / "side.json", here / "bad.mp4")


@pytest.mark.parametrize("spoil", [no_file, no_video, empty_video, headless_video, picture_as_video])
def test_a_driver_that_cannot_be_used_is_told(here: Path, spoil: Spoil, capsys: pytest.CaptureFixture[str]) -> None:
    spoil(here)
    before = {path.name for path in here.iterdir()}
    assert_refused(here, animate(driver="bad.mp4"), before, "bad.mp4", capsys)


def test_a_video_damaged_in_its_middle_gives_what_there_is(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_video(here / "long.mkv", 40)
    data = (here / "long.mkv").read_bytes()
    (here / "bad.mkv").write_bytes(data[: len(data) * 2 // 3])
    assert animate(driver="bad.mkv") == 0
    assert 0 < int((here / "out.mp4").read_text()) < 40
    assert "Traceback" not in capsys.readouterr().err
