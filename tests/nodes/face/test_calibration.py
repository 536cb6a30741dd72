from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from vivant.graph.errors import VivantError
from vivant.nodes.face.calibration import Calibration, calibration_file, read_calibration, write_calibration
from vivant.nodes.face.lid_range import Lid
from vivant.nodes.face.neutral import Neutral
from vivant.nodes.formats.arkit import INDEX


def some() -> Calibration:
    weights = np.zeros(52)
    weights[INDEX["browInnerUp"]] = 0.25
    return Calibration.of(Neutral(weights, np.array([0.1, -0.2, 0.03])), {"Left": Lid(0.1, 0.7), "Right": Lid()})


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "driver.json"
    write_calibration(file, some())
    read = read_calibration(file)
    assert read == some()
    neutral = read.neutral_face()
    assert neutral is not None
    assert neutral.weights[INDEX["browInnerUp"]] == 0.25
    np.testing.assert_allclose(neutral.turn, (0.1, -0.2, 0.03))
    assert (read.lid("Left"), read.lid("Right")) == (Lid(0.1, 0.7), Lid())
    assert [p.name for p in file.parent.iterdir()] == ["driver.json"]
    assert json.loads(file.read_text())["version"] == 1


def test_no_file_is_no_calibration(tmp_path: Path) -> None:
    assert read_calibration(tmp_path / "none.json") is None


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "Invalid JSON"),
        (b'{"version": 1, "neut', "Invalid JSON"),
        (b"\xff\xfe\x00", "Invalid JSON"),
        (b"[]", "object"),
        (b'{"version": 2}', "version"),
        (b'{"version": 1, "extra": 1}', "extra"),
        (b'{"neutral": {"weights": {"jawOpem": 0.1}, "turn": [0, 0, 0]}}', "jawOpem"),
        (b'{"neutral": {"weights": {"jawOpen": 7}, "turn": [0, 0, 0]}}', "jawOpen"),
        (b'{"neutral": {"weights": {}, "turn": [NaN, 0, 0]}}', "turn"),
        (b'{"lids": {"Left": {"open": 0.1, "closed": 0.1}}}', "closed"),
        (b" " * 200_000, "large"),
    ],
)
def test_a_file_that_is_no_calibration_is_told_in_one_line(tmp_path: Path, content: bytes, why: str) -> None:
    file = tmp_path / "driver.json"
    file.write_bytes(content)
    with pytest.raises(VivantError, match=why) as caught:
        read_calibration(file)
    assert "\n" not in caught.value.what
    assert "delete" in caught.value.remedy


def test_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    with pytest.raises(VivantError, match="cannot be used"):
        read_calibration(tmp_path)


def test_where_nothing_can_be_written_is_told_and_the_old_one_stays(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(VivantError, match="cannot be kept"):
        write_calibration(tmp_path / "file" / "driver.json", some())


def test_each_user_and_camera_has_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVANT_CONFIG", str(tmp_path))
    files = [
        calibration_file(p, d) for p in ("default", "Ann") for d in ("", "usb-046d_C920_8C1B-index0", "Kamera 3/ä")
    ]
    assert len(set(files)) == 6
    assert all(file.parent == tmp_path / "calibration" for file in files)
    assert files[1].name == "driver-default-usb-046d_c920_8c1b-index0.json"
    assert len(calibration_file("x" * 40, "../" * 500).name) < 130
