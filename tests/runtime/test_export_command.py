"""``vivant export``: what is written, and what is refused."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from vivant.graph.errors import VivantError
from vivant.runtime.cli import main
from vivant.runtime.export_portrait import _write, export_portrait, performance_clip
from vivant.runtime.models import ModelStore
from vivant.runtime.services import Services


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "grey.png"
    Image.new("RGB", (200, 240), (128, 128, 128)).save(path)
    return path


def left(folder: Path) -> list[str]:
    """The files in a folder, hidden ones too."""
    return sorted(file.name for file in folder.iterdir() if file.is_file())


@pytest.mark.usefixtures("models")
def test_a_drawn_cat_becomes_a_model(tmp_path: Path, cat: Any, capsys: pytest.CaptureFixture[str]) -> None:
    source = str(cat.write(tmp_path, cat.points))
    made = tmp_path / "made"
    made.mkdir()
    assert main(["export", source, "-o", str(made / "cat.glb"), "--performance", "hello", "--no-backdrop"]) == 0
    assert re.search(r"cat\.glb: [\d.]+ MB", capsys.readouterr().out)
    data = (made / "cat.glb").read_bytes()
    assert data[:4] == b"glTF" and int.from_bytes(data[8:12], "little") == len(data)
    assert b'"animations"' in data and b'"backdrop"' not in data
    assert main(["export", source, "-o", str(made / "cat.obj"), "--texture-size", "64"]) == 0
    assert {"cat.glb", "cat.obj", "cat.mtl", "cat_face.png", "cat_backdrop.png"} <= set(left(made))
    with Image.open(made / "cat_backdrop.png") as page:
        assert max(page.size) == 64
    assert not [name for name in left(made) if ".part" in name]


@pytest.mark.usefixtures("models")
def test_the_puppet_is_made_once(tmp_path: Path, cat: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from vivant.nodes.puppet import assembly

    made: list[bool] = []
    assemble = assembly.assemble

    def counted(*given: Any, whole: bool = False) -> Any:
        made.append(whole)
        return assemble(*given, whole=whole)

    monkeypatch.setattr(assembly, "assemble", counted)
    monkeypatch.setenv("VIVANT_NO_CACHE", "1")
    assert main(["export", str(cat.write(tmp_path, cat.points)), "-o", str(tmp_path / "cat.ply")]) == 0
    assert made == [True]


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("ending", ["glb", "html", "obj", "ply"])
def test_no_face_leaves_no_file(tmp_path: Path, picture: Path, ending: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(picture), "-o", str(tmp_path / f"a.{ending}")]) == 1
    told = capsys.readouterr().err
    assert "no face was found" in told and "Traceback" not in told
    assert left(tmp_path) == ["grey.png"]


@pytest.mark.parametrize("name", ["a.fbx", "a", "a.gltf"])
def test_a_wrong_ending_is_refused(
    tmp_path: Path, picture: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(picture), "-o", str(tmp_path / name)]) == 2
    told = capsys.readouterr().err
    assert ".glb" in told and ".html" in told and name in told
    assert left(tmp_path) == ["grey.png"]


def test_a_folder_that_is_not_there(tmp_path: Path, picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(picture), "-o", str(tmp_path / "no" / "a.glb")]) == 2
    assert "does not exist" in capsys.readouterr().err


def test_a_folder_in_place_of_a_file(tmp_path: Path, picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.glb").mkdir()
    assert main(["export", str(picture), "-o", str(tmp_path / "a.glb")]) == 2
    assert "folder" in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to(tmp_path: Path, picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "shut"
    folder.mkdir(mode=0o500)
    assert main(["export", str(picture), "-o", str(folder / "a.glb")]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_a_full_disk_is_said_before_the_work_begins(
    tmp_path: Path, picture: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 0})())
    monkeypatch.setattr("vivant.runtime.export_portrait.PuppetGraph", lambda *_: pytest.fail("the work has begun"))
    assert main(["export", str(picture), "-o", str(tmp_path / "a.glb")]) == 1
    assert "make room" in capsys.readouterr().err
    assert left(tmp_path) == ["grey.png"]


def test_a_picture_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(tmp_path / "me.jpg"), "-o", str(tmp_path / "a.glb")]) == 2
    assert "me.jpg" in capsys.readouterr().err
    assert left(tmp_path) == []


def test_the_picture_is_not_overwritten(tmp_path: Path, picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    named = picture.rename(tmp_path / "grey.glb")
    assert main(["export", str(named), "-o", str(named)]) == 2
    assert "overwrite" in capsys.readouterr().err


def test_what_does_not_move_takes_no_performance(
    tmp_path: Path, picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(picture), "-o", str(tmp_path / "a.ply"), "--performance", "hello"]) == 2
    assert "does not move" in capsys.readouterr().err


def test_a_performance_is_found_by_name_or_path(tmp_path: Path) -> None:
    assert performance_clip("hello").name == "hello"
    with pytest.raises(VivantError, match="no such performance") as caught:
        performance_clip("helo")
    assert "hello" in str(caught.value.remedy)
    broken = tmp_path / "broken.json"
    broken.write_text("{", encoding="utf-8")
    with pytest.raises(VivantError, match="not a performance"):
        performance_clip(str(broken))


@pytest.mark.usefixtures("models")
def test_a_video_of_a_face_becomes_an_animation(tmp_path: Path, cat: Any, media: Path) -> None:
    import json

    source, made = str(cat.write(tmp_path, cat.points)), tmp_path / "cat.glb"
    video = media / "drivers" / "short.mp4"
    assert main(["export", source, "-o", str(made), "--no-backdrop", "--performance", str(video)]) == 0
    data = made.read_bytes()
    document = json.loads(data[20 : 20 + int.from_bytes(data[12:16], "little")])
    (animation,) = document["animations"]
    assert animation["name"] == "short"
    import av

    with av.open(str(video)) as opened:
        length_s = float((opened.duration or 0) / av.time_base)
    times = document["accessors"][animation["samplers"][0]["input"]]
    assert times["max"][0] == pytest.approx(length_s, abs=0.1) and times["count"] > 10
    assert left(tmp_path) == sorted([Path(source).name, "cat.face.json", "cat.glb"])


@pytest.mark.usefixtures("models")
def test_a_video_without_a_face_moves_nothing(
    tmp_path: Path, cat: Any, grey_video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = str(cat.write(tmp_path, cat.points))
    order = ["export", source, "-o", str(tmp_path / "cat.glb"), "--performance", str(grey_video)]
    assert main(order) == 1
    told = capsys.readouterr().err
    assert "no face was seen" in told and "Traceback" not in told
    (tmp_path / "no.mp4").write_bytes(b"no video")
    assert main([*order[:-1], str(tmp_path / "no.mp4")]) in (1, 2)
    assert "Traceback" not in capsys.readouterr().err and not (tmp_path / "cat.glb").exists()


def test_files_that_belong_together_come_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from vivant.nodes.outputs.part_file import PartFile

    (tmp_path / "a.obj").write_text("older", encoding="utf-8")
    first = PartFile(tmp_path / "a.obj")
    files = {tmp_path / "a.png": b"1", tmp_path / "a.mtl": b"2", tmp_path / "a.obj": b"3"}
    write = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        if data == b"2":
            raise OSError(28, "No space left on device")
        return write(path, data)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        with pytest.raises(VivantError, match="no space left"):
            _write(files, first)
    first.discard()
    assert left(tmp_path) == ["a.obj"] and (tmp_path / "a.obj").read_text(encoding="utf-8") == "older"
    _write(files, PartFile(tmp_path / "a.obj"))
    assert left(tmp_path) == ["a.mtl", "a.obj", "a.png"] and (tmp_path / "a.obj").read_bytes() == b"3"


@pytest.mark.usefixtures("models")
def test_an_interrupt_between_two_steps_leaves_no_file(tmp_path: Path, cat: Any) -> None:
    source = str(cat.write(tmp_path, cat.points))
    before = left(tmp_path)
    stop = threading.Event()
    stop.set()
    services = Services(fetch=ModelStore(offline=True).fetch, notice=lambda _: None, gl=None)
    with pytest.raises(VivantError, match="interrupted"):
        export_portrait(source, tmp_path / "a.glb", "portrait-video", [], services, stop)
    assert left(tmp_path) == before


@pytest.mark.usefixtures("models")
@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
def test_ctrl_c_leaves_no_half_file(tmp_path: Path, cat: Any) -> None:
    source = cat.write(tmp_path, cat.points)
    before = left(tmp_path)
    order = [sys.executable, "-m", "vivant.runtime.entry", "export", str(source), "-o", str(tmp_path / "a.glb")]
    with subprocess.Popen(order, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        limit = time.monotonic() + 60
        while left(tmp_path) == before and process.poll() is None and time.monotonic() < limit:
            time.sleep(0.02)
        assert any(".part" in name for name in left(tmp_path)), "the file has not been begun"
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 1 and "Traceback" not in told
    assert left(tmp_path) == before
