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
from vivant.graph.problem import PresetError, Problem
from vivant.runtime.clock import Doorbell
from vivant.runtime.live_status import LiveStatus
from vivant.runtime.mailbox import Mailbox
from vivant.runtime.opening_lines import opening_lines
from vivant.runtime.presented import Presented
from vivant.runtime.refusals import Edited, Refusals
from vivant.runtime.station import Station
from vivant.runtime.status_line import StatusLine

MS = 1_000_000
CPU = "CPUExecutionProvider"


class Eye(Source[NodeParams, NoInputs], type="test.eye", pace=Pace.CAPTURE):
    """A device that says what it grants, and what computes."""

    providers: tuple[str, ...] = ()
    providers_asked: tuple[str, ...] = ()
    granted = ""

    def process(self, inputs: NoInputs) -> NoInputs:
        """Give nothing of interest."""
        return NoInputs()


@pytest.fixture
def station(node_context: Callable[..., NodeContext]) -> Callable[..., Station]:
    """Make a station, opened."""

    def make(name: str = "eye", **attributes: Any) -> Station:
        spec = NodeSpec(name, Eye, NodeParams())
        made = Station(Graph((spec,), Path()), spec, node_context(offline=False), lambda: 0)
        for key, value in attributes.items():
            setattr(made._node, key, value)
        made.open()
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
    eye.mail = (box,)
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
        eye.statistics.showed(7 * MS, 40 * MS, 60 * MS)
    eye.upkeep.succeeded()
    still.statistics.duration.add(MS)
    still.upkeep.succeeded()
    status = LiveStatus({"eye": eye, "still": still}, Presented(), lambda: now[0])
    now[0] = 100 * MS
    status.notice("preset not taken over\nmore of it")
    assert status.lines()[1:] == (
        "eye\trunning\t0/s\t7.0 ms\t40 ms old\t0 dropped",
        "once: still",
        "preset not taken over",
    )
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
        "llvmpipe (LLVM 15), Mesa",
        [station("depth", providers=(CPU,), providers_asked=("CUDAExecutionProvider", CPU))],
    )
    assert software.startswith("WARNING: no graphics card is used")
    assert cpu == "WARNING: depth was to run on CUDA, and runs on CPU"
    asked_for_nothing = opening_lines("NVIDIA", [station("depth", providers=(CPU,), providers_asked=(CPU,))])
    assert not any("WARNING" in line for line in asked_for_nothing)


def test_a_library_that_may_report_usage_is_told_loudly() -> None:
    assert opening_lines(None, [], ["X: MAY REPORT USAGE"]) == ["WARNING: X: MAY REPORT USAGE"]


def test_rates_are_those_of_the_last_moments(station: Callable[..., Station]) -> None:
    eye = station()
    eye.upkeep.succeeded()
    now = [0]
    status = LiveStatus({"eye": eye}, Presented(), lambda: now[0])
    for step in range(300):
        now[0] = step * 20 * MS
        if step >= 150:  # 50 per second, in the second half
            eye.statistics.duration.add(MS)
        status.look()
    assert status.lines()[1].split("\t")[:3] == ["eye", "running", "50/s"]


def test_what_was_refused_is_told_until_it_is_mended(station: Callable[..., Station]) -> None:
    refusals = Refusals()
    status = LiveStatus({}, Presented(), lambda: 0, refusals)
    problems = [Problem("nodes.eye.type", "there is no such node type", line=7), Problem("nodes", "empty")]
    refusals.add(Edited.PRESET, PresetError(problems, where="/home/me/show.json"))
    refusals.add(
        Edited.FILES, VivantError("the shader a.frag does not compile:\na.frag:3: no", where="a.frag:3"), "draw"
    )
    preset = "show.json: line 7: nodes.eye.type: there is no such node type (and 1 more)"
    assert status.summary().split(" | ")[2:] == [f"refused: {preset}", "refused: a.frag:3: no"]
    assert status.lines()[1] == f"refused, what ran before goes on: {preset}"
    refusals.mended(Edited.PRESET)
    assert status.summary().split(" | ")[2:] == ["refused: a.frag:3: no"]
    refusals.mended(Edited.FILES, "other")
    refusals.mended(Edited.FILES, "draw")
    assert status.lines() == ("0 fps | 0 dropped",)


def test_a_node_that_failed_for_good_is_told_without_another_try(station: Callable[..., Station]) -> None:
    eye = station()
    eye.upkeep.failed(ValueError(), 0, for_good=True)
    assert LiveStatus({"eye": eye}, Presented(), lambda: 0).lines()[-1] == "eye: ValueError"
