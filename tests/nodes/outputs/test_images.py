from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from vivant.graph.errors import VivantError
from vivant.graph.node import NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.nodes.formats.picture import Picture
from vivant.nodes.outputs.images import ImagesInputs, ImagesOutput, ImagesParams


def frame(number: int, channels: int = 3) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(number).integers(0, 256, (33, 47, channels), np.uint8)


def opened(context: NodeContext, **params: object) -> ImagesOutput:
    node = ImagesOutput(ImagesParams.model_validate(params))
    node.open(context)
    return node


def feed(node: ImagesOutput, count: int, channels: int = 3) -> None:
    for number in range(count):
        node.process(ImagesInputs(Packet(Picture(frame(number, channels)), number, number)))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def pixels(path: Path) -> npt.NDArray[np.uint8]:
    return np.asarray(Image.open(path))


@pytest.mark.parametrize("outcome", [Outcome.DONE, Outcome.INTERRUPTED])
@pytest.mark.parametrize("channels", [3, 4])
def test_frames_are_numbered_and_exact(
    node_context: Callable[..., NodeContext], tmp_path: Path, channels: int, outcome: Outcome
) -> None:
    node = opened(node_context(), path="out")
    feed(node, 3, channels)
    node.close(outcome)
    assert names(tmp_path / "out") == ["frame_000001.png", "frame_000002.png", "frame_000003.png"]
    for number in range(3):
        written = pixels(tmp_path / "out" / f"frame_{number + 1:06d}.png")
        np.testing.assert_array_equal(written, frame(number, channels))


def test_every_third_frame(node_context: Callable[..., NodeContext], tmp_path: Path) -> None:
    node = opened(node_context(), path="out", every=3)
    feed(node, 7)
    node.close(Outcome.DONE)
    assert names(tmp_path / "out") == ["frame_000001.png", "frame_000002.png", "frame_000003.png"]
    np.testing.assert_array_equal(pixels(tmp_path / "out" / "frame_000003.png"), frame(6))


def test_a_failed_run_leaves_a_new_folder_not_at_all(node_context: Callable[..., NodeContext], tmp_path: Path) -> None:
    node = opened(node_context(), path="out")
    feed(node, 3)
    node.close(Outcome.FAILED)
    assert names(tmp_path) == []


def test_a_failed_run_leaves_an_older_folder_as_it_was(
    node_context: Callable[..., NodeContext], tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "frame_000001.png").write_text("old")
    node = opened(node_context(), path="out")
    feed(node, 3)
    node.close(Outcome.FAILED)
    assert names(tmp_path / "out") == ["frame_000001.png"]
    assert (tmp_path / "out" / "frame_000001.png").read_text() == "old"


def test_a_png_is_the_last_frame(node_context: Callable[..., NodeContext], tmp_path: Path) -> None:
    node = opened(node_context(), path="a.png")
    feed(node, 3)
    assert not (tmp_path / "a.png").exists()
    node.close(Outcome.DONE)
    assert names(tmp_path) == ["a.png"]
    np.testing.assert_array_equal(pixels(tmp_path / "a.png"), frame(2))


def test_a_png_is_the_first_frame_if_wanted(node_context: Callable[..., NodeContext], tmp_path: Path) -> None:
    node = opened(node_context(), path="a.PNG", last=False)
    feed(node, 3)
    node.close(Outcome.INTERRUPTED)
    np.testing.assert_array_equal(pixels(tmp_path / "a.PNG"), frame(0))


def test_a_jpeg_lies_on_black_and_is_close(node_context: Callable[..., NodeContext], tmp_path: Path) -> None:
    y, x = np.mgrid[0:40, 0:60]
    picture = np.dstack([x * 4, y * 6, x + y, np.where(x < 30, 0, 255)]).astype(np.uint8)
    node = opened(node_context(), path="a.jpg")
    node.process(ImagesInputs(Packet(Picture(picture), 0, 0)))
    node.close(Outcome.DONE)
    written = pixels(tmp_path / "a.jpg").astype(int)
    assert np.abs(written[:, 34:] - picture[:, 34:, :3].astype(int)).mean() < 2
    assert written[:, :26].mean() < 2


def test_a_failed_run_leaves_an_older_picture(node_context: Callable[..., NodeContext], tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("old")
    node = opened(node_context(), path="a.png")
    feed(node, 1)
    node.close(Outcome.FAILED)
    assert names(tmp_path) == ["a.png"]
    assert (tmp_path / "a.png").read_text() == "old"


@pytest.mark.parametrize("path", ["a.png", "out"])
def test_no_frame_is_an_error_and_leaves_nothing(
    node_context: Callable[..., NodeContext], tmp_path: Path, path: str
) -> None:
    node = opened(node_context(), path=path)
    with pytest.raises(VivantError, match="no frame came"):
        node.close(Outcome.DONE)
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("", "no file was named"),
        ("sample:astronaut", "samples are for reading"),
        ("a.xyz", r"'\.xyz' is no ending"),
        ("gone/out", "folder to write to does not exist"),
        ("gone/a.png", "folder to write to does not exist"),
        ("file", "this is a file"),
    ],
)
def test_places_that_cannot_be(node_context: Callable[..., NodeContext], tmp_path: Path, path: str, what: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(VivantError, match=what) as caught:
        opened(node_context(), path=path)
    assert caught.value.exit_status == 2
    assert names(tmp_path) == ["file"]
