"""Real processes end when they are told to, and leave no process and no half file; `stopping` measures how soon."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from tests.runtime.stopping import MOMENTS, Stage

GENEROUS_S = 15
"""Far more than the 2 s that `stopping` is to show on a machine with nothing else to do."""


@pytest.fixture
def stage(tmp_path: Path, media: Path) -> Iterator[Stage]:
    if sys.platform == "win32":
        pytest.skip("no process there can send another one Ctrl-C")
    stage = Stage(tmp_path, media / "portraits" / "warrior.jpg", media / "drivers" / "d9.mp4")
    yield stage
    stage.close()


@pytest.mark.parametrize(
    ("name", "number", "status"),
    [
        ("preparing the picture", signal.SIGTERM, 0),
        ("a tracker that does not come back", signal.SIGINT, 0),
        ("animate, in the middle", signal.SIGTERM, 1),
        ("live, pip that stalls", signal.SIGINT, 0),
        ("models, pip that stalls", signal.SIGTERM, 1),
        ("animate, downloading from a server that stalls", signal.SIGINT, 1),
    ],
)
def test_a_process_ends_when_it_is_told_to(stage: Stage, name: str, number: signal.Signals, status: int) -> None:
    moment = next(moment for moment in MOMENTS if moment.name == name)
    ending = stage.stop_at(moment, number)
    assert ending.took_s < GENEROUS_S
    assert (ending.status, ending.children, ending.parts) == (status, [], [])
    assert "Traceback" not in ending.said
    video = stage.folder / "out" / "out.mp4"
    if name == "animate, in the middle":
        with av.open(str(video)) as container:
            assert sum(1 for _ in container.decode(video=0)) >= 20
