"""The preset `window` with a video in the camera's place, in which a real face goes from side to side."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from vivant.runtime.cli import main
from vivant.runtime.shipped_presets import find_preset

FRAMES, SIZE, CROP = 48, (640, 480), 300
CM = 9.0  # pixels of the video that a head goes aside for each centimetre, about: it is 64 cm away


def head_goes(frame: int) -> float:
    """Centimetres to the viewer's right, ahead at first, then right, then left."""
    return 5.0 * float(np.sin(2 * np.pi * max(0, frame - 12) / (FRAMES - 12)))


def write_viewer(source: Path, out: Path) -> None:
    """Paste a video of a face into a larger one, as a camera sees somebody who moves: their right on its left."""
    video = cv2.VideoCapture(str(source))
    read, face = video.read()
    assert read
    face = cv2.resize(face, (CROP, CROP))
    writer = cv2.VideoWriter(str(out), cv2.VideoWriter.fourcc(*"MJPG"), 30, SIZE)
    for frame in range(FRAMES):
        canvas = np.full((SIZE[1], SIZE[0], 3), face.reshape(-1, 3).mean(axis=0), np.uint8)
        left = round((SIZE[0] - CROP) / 2 - CM * head_goes(frame))
        top = (SIZE[1] - CROP) // 2
        canvas[top : top + CROP, left : left + CROP] = face
        writer.write(canvas)
    writer.release()


def test_who_looks_moves_the_view(
    gl: Any, media: Path, model: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model("face_landmarker")
    monkeypatch.chdir(tmp_path)
    write_viewer(media / "drivers" / "d0.mp4", tmp_path / "viewer.avi")
    picture = np.full((120, 160, 3), 90, np.uint8)
    depth = np.zeros((120, 160), np.uint8)
    picture[45:75, 65:95] = 255  # something nearer than the frame
    depth[45:75, 65:95] = 255
    cv2.imwrite("picture.png", picture)
    cv2.imwrite("depth.png", depth)
    document = json.loads(find_preset("window").read_text())
    nodes = document["nodes"]
    nodes["driver"] = {"type": "source.video", "params": {"path": "viewer.avi"}}
    nodes["portrait"]["params"]["path"] = "picture.png"
    nodes["depth"]["params"] = {"path": "depth.png"}
    nodes["viewer"]["params"] |= {"mirrored": False, "camera_cm": [0, 0, 0], "fade_s": 0}
    Path("preset.json").write_text(json.dumps(document))
    assert main(["render", "preset.json", "-o", "frames/"]) == 0

    files = sorted(Path("frames").iterdir())
    assert len(files) == FRAMES
    went = []
    for file in files:
        drawn = cv2.imread(str(file))
        assert drawn is not None
        weights = np.clip(drawn[..., 0].astype(float) - 150, 0, None).sum(axis=0)
        went.append(float((weights * np.arange(160)).sum() / weights.sum()) - 79.5)
    moves = np.array(went) / 120  # picture heights
    wanted = []
    for frame in range(FRAMES):
        eye, near = head_goes(frame) / 30, 0.25
        wanted.append(-eye * near / (1.5 - near))  # what is near goes the other way
    error = moves - moves[:10].mean() - np.array(wanted)
    # exact up to 0.18 picture heights, 5.4 cm; what is left is how well a head can be measured
    assert np.abs(error).max() < 0.2 * np.abs(wanted).max()
    assert np.corrcoef(moves, wanted)[0, 1] > 0.99
