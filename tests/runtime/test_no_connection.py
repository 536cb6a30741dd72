"""Nothing leaves the machine: the sockets of a whole `vivant animate`, watched from outside."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from vivant.graph.errors import VivantError
from vivant.runtime.model_table import NEEDED
from vivant.runtime.models import ModelStore

FRAMES = 4


@pytest.fixture
def samples() -> dict[str, Path]:
    """The files that the shipped presets need, from the cache."""
    store = ModelStore(offline=True)
    try:
        return {name: store.fetch(name) for name in NEEDED}
    except VivantError as error:
        pytest.skip(f"not all model files are in the cache (`vivant models --fetch`): {error.what}")


def network_calls(folder: Path, *command: str) -> str:
    """Run a command with VIVANT_OFFLINE unset and return what it and its threads did with sockets."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed: the sockets of a run cannot be watched")
    trace = folder / "trace"
    environment = {name: value for name, value in os.environ.items() if name != "VIVANT_OFFLINE"}
    done = subprocess.run(
        [strace, "-f", "-e", "trace=network", "-o", str(trace), *command],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    if "ptrace" in done.stderr:
        pytest.skip(f"strace may not watch processes here: {done.stderr.splitlines()[0]}")
    assert done.returncode == 0, done.stderr
    return trace.read_text()


def write_driver(path: Path, face: Path) -> None:
    """Write a short video of a face: the tracker then runs as it does for any driver."""
    import av
    import cv2
    import numpy as np

    read = cv2.imread(str(face))
    assert read is not None
    picture = cv2.resize(read, (256, 256), interpolation=cv2.INTER_AREA).astype(np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 256, 256, "yuv420p"
        for _ in range(FRAMES):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode())


def test_animate_opens_no_connection(samples: dict[str, Path], tmp_path: Path) -> None:
    write_driver(tmp_path / "driver.mp4", samples["sample:astronaut"])
    calls = network_calls(
        tmp_path,
        *(sys.executable, "-m", "vivant.runtime.entry"),
        *("animate", "sample:astronaut", "driver.mp4", "-o", "out.mp4"),
    )
    assert (tmp_path / "out.mp4").stat().st_size > 0
    assert "exited with 0" in calls
    # AF_INET6 begins so, too; AF_UNIX stays on this machine
    assert [line for line in calls.splitlines() if "AF_INET" in line] == []


def test_a_connection_would_be_seen(tmp_path: Path) -> None:
    attempt = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.1', 9))"
    assert "AF_INET" in network_calls(tmp_path, sys.executable, "-c", f"try:\n {attempt}\nexcept OSError:\n pass")
