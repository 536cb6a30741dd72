"""The window for editing, driven as a hand would: mouse and keyboard on a display that nobody sees."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vivant.graph.errors import VivantError
from vivant.runtime.models import ModelStore
from vivant.runtime.rig.editor_drawing import BAR
from vivant.runtime.rig.picture_view import PictureView

WINDOW = (1200, 900)


@pytest.fixture
def xdotool(display: str) -> Any:
    """Run xdotool on the display: ``xdotool("key", "s")``; returns what it prints."""
    if shutil.which("xdotool") is None:
        pytest.skip("xdotool is not installed: nobody moves the mouse")

    def run(*arguments: object) -> str:
        done = subprocess.run(
            ["xdotool", *map(str, arguments)],
            env=os.environ | {"DISPLAY": display},
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        return done.stdout.strip()

    return run


def test_points_are_dragged_taken_back_and_saved(display: str, xdotool: Any, tmp_path: Path, cat: Any) -> None:
    try:
        ModelStore(offline=True).fetch("face_landmarker")
    except VivantError:
        pytest.skip("the model file face_landmarker is not in the cache (`vivant models --fetch`)")
    picture = cat.write(tmp_path, cat.least)
    view = PictureView(cat.size, (WINDOW[0], WINDOW[1] - BAR))
    view.show_all()
    process = subprocess.Popen(
        [sys.executable, "-m", "vivant.runtime.cli", "rig", str(picture), "--edit"],
        env=os.environ | {"DISPLAY": display, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        window = xdotool("search", "--sync", "--onlyvisible", "--name", "Vivant: cat.face.json").split()[0]
        xdotool("windowfocus", "--sync", window)

        def drag(name: str, x: float, y: float) -> None:
            start = [round(v) for v in view.to_window(cat.least[name])]
            end = [round(v) for v in view.to_window((x, y))]
            move = ("mousemove", "--window", window)
            xdotool(*move, *start, "mousedown", 1, *move, *end, "mouseup", 1)

        drag("chin", 250, 400)
        drag("nose_tip", 100, 100)
        xdotool("key", "z")
        xdotool("mousemove", "--window", window, 20, 20, "click", 4, "click", 5, "key", "s", "key", "q")
        _, err = process.communicate(timeout=60)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    assert process.returncode == 0, err
    document = json.loads((tmp_path / "cat.face.json").read_text(encoding="utf-8"))
    assert document["version"] == 1 and document["size"] == list(cat.size)
    np.testing.assert_allclose(document["points"]["chin"], (250, 400), atol=1.5)
    assert document["points"]["nose_tip"] == list(cat.least["nose_tip"])
    assert set(document["points"]) == set(cat.least)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["cat.face.json", "cat.png"]
