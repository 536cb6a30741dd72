from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph, NodeSpec
from vivant.graph.node import NodeContext, Pace, Source
from vivant.graph.packet import Packet
from vivant.graph.params import NodeParams
from vivant.graph.port import NoInputs
from vivant.runtime.clock import Doorbell
from vivant.runtime.live_status import LiveStatus
from vivant.runtime.mailbox import Mailbox
from vivant.runtime.opening_lines import opening_lines
from vivant.runtime.presented import Presented
from vivant.runtime.station import Station
from vivant.runtime.status_line import StatusLine

MS = 1_000_000


class Params(NodeParams):
    """Which processor is asked for."""

    provider: str = "auto"


class Eye(Source[Params, NoInputs], type="test.eye", pace=Pace.CAPTURE):
    """A device that says what it grants, and what computes."""

    providers: tuple[str, ...] = ()
    granted = ""

    def process(self, inputs: NoInputs) -> NoInputs:
        """Give nothing of interest."""
        return NoInputs()


@pytest.fixture
def station(node_context: Callable[..., NodeContext]) -> Callable[..., Station]:
    """Make a station, opened."""

    def make(name: str = "eye", provider: str = "auto", **attributes: Any) -> Station:
        spec = NodeSpec(name, Eye, Params(provider=provider))
        made = Station(Graph((spec,), Path()), spec, node_context(offline=False), lambda: 0)
        made.open()
        for key, value in attributes.items():
            setattr(made._node, key, value)
        return made

    return make


def test_the_summary_tells_the_last_moments(station: Callable[..., Station]) -> None:
    presented = Presented()
    presented.frame(0, -900 * MS, 0, ages=True)  # long ago, and very late
    for step in range(61):
        now = 10_000 * MS + step * 25 * MS
        presented.frame(now, now - (20 + step % 2) * MS, 1 + step, ages=True)
    status = LiveStatus({"eye": station()}, presented, lambda: 11_500 * MS)
    assert status.summary() == "40 fps | latency 20 ms, p95 21 ms | 0 dropped"


def test_drops_are_seen_while_it_runs_and_counted_once(station: Callable[..., Station]) -> None:
    eye = station()
    box = Mailbox(Doorbell())
    eye.mail = {"frame": box}
    for seq in range(4):
        box.put(Packet(0, 0, seq))
    eye.statistics.dropped = 5
    assert LiveStatus({"eye": eye}, Presented(), lambda: 0).summary().endswith("8 dropped")


def test_what_is_wrong_is_told_with_when_it_is_tried_again(station: Callable[..., Station]) -> None:
    eye = station()
    eye.upkeep.failed(VivantError("the camera froze", remedy="shake it"), 1_000 * MS)
    status = LiveStatus({"eye": eye}, Presented(), lambda: 1_100 * MS)
    assert "eye holding (the camera froze; again in 0.4 s)" in status.summary()


def test_the_lines_tell_each_node_and_the_newest_notice(station: Callable[..., Station]) -> None:
    eye, still = station(), station("still")
    now = [0]
    for _ in range(3):
        eye.statistics.count += 1
        eye.statistics.duration.add_ns(7 * MS)
    eye.statistics.shown_ns = 60 * MS
    still.statistics.count = 1
    still.statistics.duration.add_ns(MS)
    status = LiveStatus({"eye": eye, "still": still}, Presented(), lambda: now[0])
    now[0] = 100 * MS
    status.notice("preset not taken over\nmore of it")
    assert status.lines()[1:] == ("eye: running  7.0 ms  shows 40 ms ago", "preset not taken over")
    now[0] = 20_000 * MS
    assert "preset not taken over" not in status.lines()


def test_the_status_line_is_for_terminals_and_written_four_times_a_second() -> None:
    now = [0]
    asked: list[int] = []

    class Counted(LiveStatus):
        def summary(self) -> str:
            asked.append(now[0])
            return super().summary()

    status = Counted({}, Presented(), lambda: now[0])
    seen = []
    for terminal in (True, False):
        out = io.StringIO()
        now[0] = 0
        asked.clear()
        with StatusLine(Console(file=out, force_terminal=terminal, width=80)) as line:
            for _ in range(60):
                now[0] += 1_000_000_000 // 60
                line(status)
        seen.append((len(asked), "0 fps | 0 dropped" in out.getvalue()))
    assert seen == [(4, True), (0, False)]


def test_the_first_line_says_what_draws_and_what_is_granted(station: Callable[..., Station]) -> None:
    eye = station("camera", granted="640 x 480 at 30 Hz")
    depth = station("depth", providers=("CUDAExecutionProvider", "CPUExecutionProvider"))
    assert opening_lines("NVIDIA X, OpenGL 4.6", [eye, depth]) == [
        "drawing: NVIDIA X, OpenGL 4.6 (GPU); camera: 640 x 480 at 30 Hz; depth: CUDA"
    ]
    assert opening_lines(None, [station()]) == []


def test_fall_backs_are_told_loudly(station: Callable[..., Station]) -> None:
    _, software, cpu = opening_lines(
        "llvmpipe (LLVM 15), Mesa", [station("depth", provider="cuda", providers=("CPUExecutionProvider",))]
    )
    assert software.startswith("WARNING: no graphics card is used")
    assert cpu == "WARNING: depth asked for a graphics card, and runs on the processor"
    asked_for_nothing = opening_lines("NVIDIA", [station("depth", providers=("CPUExecutionProvider",))])
    assert not any("WARNING" in line for line in asked_for_nothing)
