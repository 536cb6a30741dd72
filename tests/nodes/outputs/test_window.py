from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from vivant.graph.errors import VivantError
from vivant.graph.node import NodeContext
from vivant.nodes.outputs.window import WindowOutput, WindowParams, fitted, overlap


@pytest.mark.parametrize(
    ("size", "room", "rectangle"),
    [
        ((100, 100), (300, 200), (50, 0, 200, 200)),
        ((300, 100), (300, 200), (0, 50, 300, 100)),
        ((640, 480), (1280, 960), (0, 0, 1280, 960)),
        ((5000, 1), (100, 100), (0, 49, 100, 1)),
    ],
)
def test_a_frame_keeps_its_proportions(
    size: tuple[int, int], room: tuple[int, int], rectangle: tuple[int, int, int, int]
) -> None:
    assert fitted(size, room) == rectangle


def test_overlap_of_a_window_with_screens() -> None:
    window = (1800, 100, 400, 300)
    assert overlap(window, (0, 0, 1920, 1080)) == 120 * 300
    assert overlap(window, (1920, 0, 1920, 1080)) == 280 * 300
    assert overlap(window, (0, 1080, 1920, 1080)) == 0


def test_a_run_without_a_window_says_headless(node_context: Callable[..., NodeContext]) -> None:
    with pytest.raises(VivantError, match="no window") as caught:
        WindowOutput(WindowParams()).open(node_context())
    assert "--headless" in caught.value.remedy


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"q": "calibration.neutral"}, "the window itself uses q"),
        ({"cc": "calibration.neutral"}, "pattern"),
        ({"c": "calibration"}, "pattern"),
        ({"c": "a.b.c"}, "pattern"),
    ],
)
def test_keys_that_cannot_be_are_refused(keys: dict[str, str], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        WindowParams(keys=keys)


def test_what_a_window_shows_and_which_keys_it_knows(display: str) -> None:
    script = Path(__file__).with_name("shown_window.py")
    done = subprocess.run(
        [sys.executable, str(script)],
        env=os.environ | {"DISPLAY": display},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    seen = json.loads(done.stdout)
    low, high = seen.pop("reduced")
    assert 100 < low <= high < 155  # columns of black and white become grey, not stripes
    assert seen == {
        "title": "a title",
        "exact at full size": True,
        "black beside": 0,
        "rows": [[0, 0, 0], [0, 0, 0], [255, 0, 0], [0, 0, 0]],
        "overlay": [True, True, True],
        "letters are white": 255,
        "without it again": True,
        "how others filter is left as it was": 2,
        "drawn again when the system asks": 1,
        "f covers the screen": True,
        "f again": [300, 200],
        "keys sent": [*["calibration.neutral"] * 3, "other.thing"],
        "updated": ["another", True],
        "window again": True,
        "x closes": False,
        "q closes": True,
        "Esc closes": True,
        "drawn after its texture is gone": 0,
        "drawn after close": 0,
        "errors": ["GL_NO_ERROR"],
    }
