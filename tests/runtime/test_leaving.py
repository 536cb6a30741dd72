"""Starts and stops for real: processes that end although a device hangs, and nothing left by runs that end well."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from vivant.graph.graph import Graph
from vivant.graph.node import Node, NodeContext, Outcome, Pace, Source
from vivant.graph.packet import Packet
from vivant.graph.params import NodeParams, param
from vivant.graph.port import NoInputs, NoOutputs, output, trigger
from vivant.nodes.formats.picture import Picture
from vivant.runtime.live import LiveEngine
from vivant.runtime.services import Services

BuildGraph = Callable[..., Graph]
LIMIT_S = 20
"""Far more than any of these processes needs: one that hangs fails its test."""

HANGING = """
import sys, threading
from dataclasses import dataclass
from pathlib import Path
from vivant.graph.graph import Graph, Link, NodeSpec
from vivant.graph.node import Node, Pace, Source
from vivant.graph.packet import Packet
from vivant.graph.params import NodeParams
from vivant.graph.port import NoInputs, NoOutputs, output, trigger
from vivant.runtime.interrupt import stop_on_interrupt
from vivant.runtime.leaving import leave_at_once, left_behind
from vivant.runtime.live import LiveEngine
from vivant.runtime.services import Services

WHERE = sys.argv[1]

def hang():
    print("hangs", flush=True)
    threading.Event().wait()

@dataclass(frozen=True)
class Out:
    number: int = output("A number.")

@dataclass(frozen=True)
class In:
    number: Packet[int] = trigger("A number.")

class Device(Source[NodeParams, Out], type="test.device", pace=Pace.CAPTURE):
    "A device."
    count = 0
    def open(self, context):
        if WHERE == "open": hang()
    def process(self, inputs):
        self.count += 1
        if WHERE == "process" and self.count == 3: hang()
        threading.Event().wait(0.01)
        return Out(self.count)
    def close(self, outcome):
        if WHERE == "close": hang()

class Track(Node[NodeParams, In, NoOutputs], type="test.track"):
    "A tracker."
    def process(self, inputs):
        if WHERE == "track" and inputs.number.value > 3: hang()
        if WHERE == "close" and inputs.number.value == 5: print("runs", flush=True)

graph = Graph((NodeSpec("device", Device, NodeParams()),
               NodeSpec("track", Track, NodeParams(), {"number": Link("device", "number")})), Path("."))
with stop_on_interrupt(lambda text: None) as stop:
    result = LiveEngine(graph, Services(fetch=None, notice=lambda text: print(text, flush=True))).run(stop)
assert left_behind(), "nothing hangs, so this test shows nothing"
leave_at_once(7)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no process there can send another one Ctrl-C")
@pytest.mark.parametrize("where", ["open", "process", "close", "track"])
def test_a_process_whose_node_hangs_ends_with_the_first_ctrl_c(where: str) -> None:
    with subprocess.Popen([sys.executable, "-c", HANGING, where], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == ("runs" if where == "close" else "hangs")
            process.send_signal(signal.SIGINT)
            rest, _ = process.communicate(timeout=LIMIT_S)
        finally:
            process.kill()
    assert process.returncode == 7
    name = "track" if where == "track" else "device"
    assert f"{name} did not stop in time and is left behind" in rest


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes to hang at")
def test_a_real_capture_that_blocks_does_not_keep_the_program(tmp_path: Path) -> None:
    """OpenCV itself, which waits for a writer of a named pipe that never comes."""
    os.mkfifo(tmp_path / "camera")
    nodes = {
        "driver": {"type": "source.camera", "params": {"device": str(tmp_path / "camera")}},
        "images": {
            "type": "output.images",
            "inputs": {"frame": "driver.frame"},
            "params": {"path": str(tmp_path / "frames")},
        },
    }
    preset = tmp_path / "preset.json"
    preset.write_text(json.dumps({"version": 1, "name": "fifo", "about": "A pipe.", "nodes": nodes}))
    command = [sys.executable, "-m", "vivant.runtime.entry", "run", str(preset), "--headless"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            first = process.stderr.readline()
            process.send_signal(signal.SIGINT)
            _, rest = process.communicate(timeout=LIMIT_S)
        finally:
            process.kill()
    assert first == "note: driver is still being opened: its device has not answered yet\n"
    assert "note: Stopping: " in rest and "driver did not stop in time and is left behind" in rest
    assert "Traceback" not in rest and "failed" not in rest
    assert process.returncode in (0, 1)


class Shared(NodeParams):
    stop: object = param(None)
    folder: str = param("")


@dataclass(frozen=True)
class Frames:
    frame: Picture = output("A frame.")


@dataclass(frozen=True)
class FrameInputs:
    frame: Packet[Picture] = trigger("A frame.")


class Device(Source[Shared, Frames], type="leaving.device", pace=Pace.CAPTURE, patience_s=5):
    """Has a frame at once."""

    def process(self, inputs: NoInputs) -> Frames:
        return Frames(Picture(np.zeros((32, 32, 3), np.uint8)))


class Writer(Node[Shared, FrameInputs, NoOutputs], type="leaving.writer"):
    """Begins a file, and ends the run with its second frame."""

    count = 0

    def open(self, context: NodeContext) -> None:
        self.path = Path(self.params.folder) / "part"
        self.path.touch()

    def process(self, inputs: FrameInputs) -> None:
        self.count += 1
        if self.count == 2:
            assert isinstance(self.params.stop, threading.Event)
            self.params.stop.set()

    def close(self, outcome: Outcome) -> None:
        self.path.rename(self.path.with_name("whole"))


def children() -> str:
    """Processes that this one has started, on Linux."""
    return "".join(path.read_text() for path in Path("/proc/self/task").glob("*/children"))


def test_fifty_starts_and_stops_leave_nothing(build_graph: BuildGraph, services: Services, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    threads, processes = set(threading.enumerate()), children()
    for _ in range(50):
        stop = threading.Event()
        shared = {"stop": stop, "folder": str(folder)}
        graph = build_graph(
            device=(Device, shared, {}),
            writer=(Writer, shared, {"frame": "device.frame"}),
        )
        result = LiveEngine(graph, services).run(stop)
        assert (result.outcome, result.hung) == (Outcome.INTERRUPTED, ())
        assert result.nodes["writer"].statistics.count >= 2
    assert set(threading.enumerate()) == threads
    assert children() == processes
    assert [path.name for path in folder.iterdir()] == ["whole"]
