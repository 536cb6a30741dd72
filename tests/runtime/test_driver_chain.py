"""The driver's whole chain on real videos: calibrated live, lost and found offline."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

F64 = npt.NDArray[np.float64]


def vivant(*arguments: object, config: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "vivant.runtime.entry", *map(str, arguments)],
        env=os.environ | {"VIVANT_CONFIG": str(config)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done


def faces(video: Path, model: Path) -> list[F64 | None]:
    """Return the landmarks of each frame in pixels, ``(478, 2)``; None: no face."""
    import cv2
    import mediapipe as mp
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.FaceLandmarkerOptions(base_options=BaseOptions(model_asset_path=str(model)))
    capture = cv2.VideoCapture(str(video))
    found: list[F64 | None] = []
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        while True:
            good, frame = capture.read()
            if not good:
                break
            rgb = np.ascontiguousarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
            result = landmarker.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=rgb))
            if not result.face_landmarks:
                found.append(None)
                continue
            height, width = rgb.shape[:2]
            found.append(np.array([(p.x * width, p.y * height) for p in result.face_landmarks[0]]))
    capture.release()
    return found


@pytest.fixture(scope="module")
def lost_and_found(
    tmp_path_factory: pytest.TempPathFactory, model: Callable[[str], Path]
) -> tuple[Path, npt.NDArray[np.bool_]]:
    """Write a video in which a face is hidden for 3 s, and comes back; and tell where it is seen."""
    import cv2

    media = Path(__file__).resolve().parents[2].parent / "shared" / "media"
    source = media / "drivers" / "face_then_none.mov"
    if not source.is_file():
        pytest.skip("no folder ../shared/media with real pictures and videos beside the repository")
    capture = cv2.VideoCapture(str(source))
    frames = []
    while True:
        good, frame = capture.read()
        if not good:
            break
        frames.append(cv2.resize(frame, (480, 270), interpolation=cv2.INTER_AREA))
    file = tmp_path_factory.mktemp("driver") / "lost.mp4"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"mp4v"), 30, (480, 270))
    seen = frames[:60]
    hidden = (frames[90:] * 3)[:90]
    for frame in (*seen, *hidden, *seen):
        writer.write(frame)
    writer.release()
    seen_faces = faces(file, model("face_landmarker"))
    return file, np.array([face is not None for face in seen_faces])


@pytest.mark.parametrize("absence", ["hold", "idle", "sleep"])
def test_a_hidden_face_is_no_freeze_and_no_snap(
    tmp_path: Path,
    media: Path,
    model: Callable[[str], Path],
    lost_and_found: tuple[Path, npt.NDArray[np.bool_]],
    absence: str,
) -> None:
    driver, seen = lost_and_found
    portrait = media / "portraits" / "bouguereau_child.jpg"
    result = tmp_path / "out.mp4"
    vivant("animate", portrait, driver, "-o", result, "--set", f"retarget.absence={absence}", config=tmp_path)
    shown = faces(result, model("face_landmarker"))
    assert len(shown) == len(seen) == 210
    assert 80 <= (~seen).sum() <= 100
    assert sum(face is None for face in shown) == 0
    points = np.array(shown)
    points /= np.linalg.norm(points[:, 234] - points[:, 454], axis=1).mean()
    step = np.linalg.norm(np.diff(points, axis=0), axis=2).mean(axis=1)
    driven = seen[1:] & seen[:-1]
    driven[145:164] = False  # coming back is judged with what it does alone
    assert step[~driven].max() <= step[driven].max()
    assert step[~driven].min() > 0
    alone = np.linalg.norm(points[140] - points[61], axis=1).mean()
    assert (alone < 0.02) == (absence == "hold")


def test_a_driver_is_calibrated_live_without_a_window_and_that_is_kept(tmp_path: Path, media: Path) -> None:
    preset = tmp_path / "driver.json"
    nodes = {
        "driver": {"type": "source.video", "params": {"path": str(media / "drivers" / "d18.mp4"), "loop": True}},
        "face": {"type": "face.landmarks", "inputs": {"frame": "driver.frame"}},
        "fit": {"type": "face.fit", "inputs": {"face": "face.face"}},
        "calibration": {
            "type": "face.calibrate",
            "params": {"profile": "ann", "asked_s": 0.5},
            "inputs": {"motion": "fit.motion"},
        },
        "smooth": {"type": "puppet.smooth", "inputs": {"motion": "calibration.motion"}},
    }
    preset.write_text(json.dumps({"version": 1, "name": "d", "about": "d", "nodes": nodes}))
    orders = tmp_path / "orders"
    os.mkfifo(orders)
    process = subprocess.Popen(
        [sys.executable, "-m", "vivant.runtime.entry", "run", str(preset), "--headless", "--orders", str(orders)],
        env=os.environ | {"VIVANT_CONFIG": str(tmp_path / "config")},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        with orders.open("w") as pipe:  # waits until somebody reads
            pipe.write("calibration.neutral\nfit.neutral\n")
        told = ""
        assert process.stderr is not None
        for line in process.stderr:
            told += line
            if "kept in" in line:
                process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
    finally:
        process.kill()
    assert "note: calibration 1: look ahead with a calm face for 0.5 s" in told
    assert "note: calibration 1: the neutral face is known, kept in" in told
    assert "no node has the command 'fit.neutral'; did you mean" in told
    kept = json.loads((tmp_path / "config" / "calibration" / "driver-ann.json").read_text())
    assert kept["version"] == 1
    assert len(kept["neutral"]["turn"]) == 3 and kept["neutral"]["weights"]
