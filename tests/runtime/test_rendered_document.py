from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from vivant.graph.errors import VivantError
from vivant.graph.preset import load_preset
from vivant.graph.registry import Registry
from vivant.graph.validation import validate
from vivant.runtime.cli import main
from vivant.runtime.rendered_document import rendered_document
from vivant.runtime.shipped_presets import find_preset


def rendered(name: str, **wanted: Any) -> dict[str, Any]:
    path, registry = find_preset(name), Registry.installed()
    document = load_preset(path)
    before = json.dumps(document)
    out = Path("/tmp/there.mp4")
    made = rendered_document(document, validate(document, registry, path.parent), registry, out=out, **wanted)
    assert json.dumps(document) == before
    validate(made, registry, path.parent)
    return dict(made["nodes"])


def test_the_window_becomes_a_file() -> None:
    nodes = rendered("relief")
    assert "window" not in nodes
    assert nodes["output"] == {
        "type": "output.video",
        "params": {"path": str(Path("/tmp/there.mp4"))},
        "inputs": {"frame": "render.frame"},
    }
    assert "duration_s" not in nodes["driver"]["params"]


def test_a_duration_is_the_drivers() -> None:
    nodes = rendered("relief", duration_s=2.5)
    assert nodes["driver"]["params"]["duration_s"] == 2.5
    assert nodes["driver"]["params"]["move"] == "orbit"


@pytest.mark.parametrize(("name", "why"), [("demo", "source.performance"), ("portrait", "nothing drives it")])
def test_a_duration_that_nobody_takes_is_refused(name: str, why: str) -> None:
    with pytest.raises(VivantError, match=why) as caught:
        rendered(name, duration_s=2.5)
    assert caught.value.exit_status == 2


@pytest.fixture
def picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A picture and its depth, in the folder where the user is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIVANT_NO_CACHE", "1")
    monkeypatch.setenv("VIVANT_OFFLINE", "1")
    pixels = np.full((96, 128, 3), 150, np.uint8)
    pixels[30:70, 50:80] = (20, 40, 220)
    depth = np.zeros((96, 128), np.uint16)
    depth[30:70, 50:80] = 65535
    cv2.imwrite("me.png", pixels)
    cv2.imwrite("depth.png", depth)
    return tmp_path / "me.png"


GIVEN = ("--set", "portrait.path=me.png", "--set", "depth.path=depth.png")


def test_a_picture_in_depth_goes_into_a_video(gl: Any, picture: Path) -> None:
    order = ["render", "relief", "-o", "out.mp4", *GIVEN, "--set", "driver.rate_hz=10", "--duration", "1.2"]
    assert main([*order, "--report", "report.json"]) == 0
    video = cv2.VideoCapture("out.mp4")
    frames = []
    while (read := video.read())[0]:
        frames.append(read[1])
    assert len(frames) == 12 == json.loads(Path("report.json").read_text())["frames"]
    assert frames[0].shape == (96, 128, 3)
    assert np.abs(frames[0].astype(int) - frames[2]).max() > 40, "it moves"


def test_two_runs_give_the_same_bytes(gl: Any, picture: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        assert main(["render", "relief", "-o", name, *GIVEN, "--duration", "0.3"]) == 0
    assert Path("a.mp4").read_bytes() == Path("b.mp4").read_bytes()


def test_two_eyes_make_a_wide_picture(gl: Any, picture: Path) -> None:
    assert main(["render", "stereo", "-o", "out.png", *GIVEN, "--duration", "0.05"]) == 0
    made = cv2.imread("out.png")
    assert made is not None and made.shape == (96, 256, 3)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (("-o", "me.png"), "overwrite"),
        (("-o", "depth.png"), "overwrite"),
        (("-o", "out.docx"), ".docx"),
        (("-o", "nowhere/out.mp4"), "folder"),
        (("-o", "out.mp4", "--set", "depth.path=depht.png"), "did you mean depth.png"),
        (("-o", "out.mp4", "--set", "depth.path=tall.png"), "does not fit"),
        (("-o", "out.mp4", "--set", "driver.amplitude=9"), "amplitude"),
        (("-o", "out.mp4", "--set", "depth.near=0.9", "--set", "scene.reach=0.5"), "camera's way"),
    ],
)
def test_what_cannot_be_made_is_told_and_leaves_nothing(
    gl: Any, picture: Path, capsys: pytest.CaptureFixture[str], changes: tuple[str, ...], says: str
) -> None:
    cv2.imwrite("tall.png", np.tile(np.arange(90, dtype=np.uint8)[:, None], (2, 60)))
    before = {path: path.read_bytes() for path in picture.parent.iterdir() if path.is_file()}
    assert main(["render", "relief", *GIVEN, *changes]) in (1, 2)
    told = capsys.readouterr().err
    assert says in told and "Traceback" not in told
    assert {path: path.read_bytes() for path in picture.parent.iterdir() if path.is_file()} == before


def test_without_a_depth_map_and_a_network_it_says_what_to_do(
    gl: Any, picture: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIVANT_CACHE", str(picture.parent / "empty"))
    assert main(["render", "relief", "-o", "out.mp4", "--set", "portrait.path=me.png"]) == 1
    assert "depth.path=FILE" in capsys.readouterr().err
    assert not Path("out.mp4").exists()
