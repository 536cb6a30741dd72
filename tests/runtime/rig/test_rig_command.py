"""``vivant rig``, and a drawing that no tracker reads in the other commands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from vivant.graph.errors import VivantError
from vivant.nodes.puppet.retarget import RetargetParams
from vivant.runtime.cli import main
from vivant.runtime.rig.portrait_rig import _turn_limits_deg
from vivant.runtime.rig.rig_sheet import _own_region

PERFORMANCE = {
    "version": 1,
    "duration_s": 0.2,
    "tracks": {"eyeBlinkLeft": [[0, 0], [0.2, 1]], "eyeBlinkRight": [[0, 0], [0.2, 1]], "jawOpen": [[0, 0], [0.2, 1]]},
}


@pytest.fixture
def opengl() -> Iterator[None]:
    from vivant.runtime.gl_context import GLContext

    try:
        GLContext.headless().release()
    except VivantError as error:
        pytest.skip(f"no OpenGL here: {error.what}")
    yield


def test_what_to_do_must_be_said(tmp_path: Path, cat: Any, capsys: pytest.CaptureFixture[str]) -> None:
    picture = str(cat.write(tmp_path))
    assert main(["rig", picture]) == 2
    assert "-o sheet.png" in capsys.readouterr().err
    assert main(["rig", picture, "--edit", "-o", "a.png"]) == 2
    assert main(["rig", picture, "-o", str(tmp_path / "a.txt")]) == 2
    assert "ending" in capsys.readouterr().err
    assert main(["rig", picture, "-o", picture]) == 2


def test_without_a_display_the_editor_says_so(
    tmp_path: Path, cat: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    assert main(["rig", str(cat.write(tmp_path)), "--edit"]) == 1
    told = capsys.readouterr().err
    assert "there is no display" in told and "cat.face.json" in told and "Traceback" not in told


def test_a_sample_cannot_be_edited(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rig", "sample:astronaut", "--edit"]) == 2
    assert "copy the picture" in capsys.readouterr().err


def test_check_looks_at_the_points_beside_a_picture(
    tmp_path: Path, cat: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = cat.write(tmp_path, cat.points)
    order = ["check", "portrait-video", "--set", f"portrait.path={picture}"]
    assert main(order) == 0
    cat.write(tmp_path, cat.points | {"chin": (240, 5000)})
    assert main(order) == 2
    assert "points.chin: [240, 5000] lies outside" in capsys.readouterr().err
    picture.unlink()
    assert main(order) == 0  # a picture that is not there is told when it is read


def test_the_schema_of_side_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "--face"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "FaceFile"


@pytest.mark.usefixtures("models", "opengl")
def test_a_drawing_that_no_tracker_reads_is_refused_with_the_way_out(
    tmp_path: Path, cat: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rig", str(cat.write(tmp_path)), "-o", str(tmp_path / "sheet.png")]) == 1
    told = capsys.readouterr().err
    assert "no face was found" in told and "vivant rig PICTURE --edit" in told
    assert not (tmp_path / "sheet.png").exists()


@pytest.mark.usefixtures("models", "opengl")
@pytest.mark.parametrize("which", ["least", "points"])
def test_pointed_out_its_eyes_close_and_its_mouth_opens(tmp_path: Path, cat: Any, which: str) -> None:
    picture = cat.write(tmp_path, getattr(cat, which))
    driver = tmp_path / "performance.json"
    driver.write_text(json.dumps(PERFORMANCE), encoding="utf-8")
    assert main(["animate", str(picture), str(driver), "-o", str(tmp_path / "out")]) == 0
    frames = [np.asarray(Image.open(file), np.int32) for file in sorted((tmp_path / "out").iterdir())]
    first, last = frames[0], frames[-1]

    def yellow(frame: Any, x: int) -> int:
        eye = frame[200:266, x - 40 : x + 40]
        return int(((eye[..., 1] > 150) & (eye[..., 2] < 110) & (eye[..., 0] - eye[..., 1] < 10)).sum())

    for x in (180, 300):
        assert yellow(first, x) > 1500
        # closed, though six points say nothing of how large the eyes are: that is read off the picture
        assert yellow(last, x) < 0.12 * yellow(first, x)
    changed = np.abs(last - first).max(axis=2) > 40
    assert changed[330:370, 215:265].mean() > 0.3  # the mouth
    assert changed[20:120].mean() < 0.03 and changed[450:].mean() < 0.02  # ears and body rest


@pytest.mark.usefixtures("models", "opengl")
def test_the_sheet_of_a_pointed_out_face(tmp_path: Path, cat: Any) -> None:
    sheet = tmp_path / "sheet.jpg"
    assert main(["rig", str(cat.write(tmp_path, cat.points)), "-o", str(sheet)]) == 0
    with Image.open(sheet) as image:
        assert image.width == 2400 and image.height > 3000
    assert sorted(file.name for file in tmp_path.iterdir()) == ["cat.face.json", "cat.png", "sheet.jpg"]


def test_the_turns_of_a_sheet_go_as_far_as_the_picture_bears() -> None:
    up, down, left, right = np.radians([12.0, 14.0, 25.0, 31.0]).tolist()
    own = (up, down, left, right)
    assert _turn_limits_deg(own, RetargetParams()) == pytest.approx((12, 14, 25, 31))
    assert _turn_limits_deg(own, None) == pytest.approx((12, 14, 25, 31))
    assert _turn_limits_deg(own, RetargetParams(most_yaw_deg=50, most_pitch_deg=8)) == pytest.approx((8, 8, 50, 50))


def test_a_sheet_reads_the_puppets_own_face() -> None:
    points = np.zeros((478, 3), np.float32)
    points[:, :2] = (0.25, 0.2)  # picture heights from the middle, right and up
    rig = SimpleNamespace(fit=SimpleNamespace(size=(800, 400), points=points), puppet=SimpleNamespace(face_width=0.2))
    left, top, right, bottom = _own_region(rig)  # type: ignore[arg-type]
    assert (left + right) / 2 == pytest.approx(0.625) and (top + bottom) / 2 == pytest.approx(0.3, abs=1e-5)
    assert (right - left) * 800 == pytest.approx(0.24 * 400) and (bottom - top) * 400 == pytest.approx(0.24 * 400)
