"""A run takes no more memory the longer it lasts."""

from __future__ import annotations

import gc
import io
import logging
import threading
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from rich.console import Console

import vivant.graph
import vivant.runtime
from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph
from vivant.graph.node import Emission, Lane, Node, NodeContext, Outcome, Pace, Source
from vivant.graph.packet import Packet
from vivant.graph.params import Cost, NodeParams, param
from vivant.graph.port import NoInputs, NoOutputs, output, trigger
from vivant.runtime import notices as notices_module
from vivant.runtime.clock import VirtualClock
from vivant.runtime.edits import Edit
from vivant.runtime.faults import log_in_file
from vivant.runtime.live import LiveEngine
from vivant.runtime.live_status import LiveStatus
from vivant.runtime.node_fault import LOG_NAME, write_traceback
from vivant.runtime.notices import Notices
from vivant.runtime.offline import OfflineEngine
from vivant.runtime.services import Services
from vivant.runtime.status_line import StatusLine
from vivant.runtime.upkeep import CHANGES_KEPT, KINDS_KEPT, State, Upkeep

BuildGraph = Callable[..., Graph]
S = 1_000_000_000
LEAST_GROWTH = 4096
"""Bytes that do not count: a table that is made larger once, a thread that was begun meanwhile."""


class Params(NodeParams):
    """What differs between two versions of a graph."""

    count: int = param(100_000)
    live: int = param(0)
    version: int = param(0, cost=Cost.REOPEN)


@dataclass(frozen=True)
class Number:
    number: int = output("A number.")


@dataclass(frozen=True)
class OneNumber:
    number: Packet[int] = trigger("A number.")


class Clip(Source[Params, Number], type="bounded.clip", pace=Pace.MEDIA):
    """Counts, 25 times a second."""

    _next = 0

    def process(self, inputs: NoInputs) -> Emission[Number]:
        """Give the next number."""
        self._next += 1
        if self._next > self.params.count:
            from vivant.graph.errors import EndOfStream

            raise EndOfStream
        return Emission(Number(self._next), self._next * S // 25)


class Camera(Source[Params, Number], type="bounded.camera", pace=Pace.CAPTURE, exclusive=True):
    """Gives one picture after each opening, and breaks, never with the same words."""

    _given = False

    def open(self, context: NodeContext) -> None:
        """Take the clock."""
        self._context = context

    def process(self, inputs: NoInputs) -> Number:
        """Give a number, once."""
        if self._given:
            raise OSError(f"broken at {self._context.now_ns()}")
        self._given = True
        return Number(1)


class Step(Node[Params, OneNumber, Number], type="bounded.step"):
    """Passes on what it gets, and fails now and then."""

    def process(self, inputs: OneNumber) -> Number:
        """Pass on."""
        if inputs.number.value % 200 == 199:
            raise OSError(f"no luck with {inputs.number.seq}")
        return Number(inputs.number.value)


class Show(Node[Params, OneNumber, NoOutputs], type="bounded.show", lane=Lane.RENDER):
    """Shows nothing."""

    def process(self, inputs: OneNumber) -> None:
        """Do nothing."""


class Saves:
    """Saves another version of a graph again and again: parameters, reopened nodes, and what is no good."""

    def __init__(self, graph: Graph, clock: VirtualClock) -> None:
        self._graph = graph
        self._clock = clock
        self._count = 0

    def look(self, files: frozenset[Path]) -> Edit | None:
        """Return the next edit, twice a second."""
        if self._clock.now_ns() < self._count * S // 2:
            return None
        self._count += 1
        if self._count % 3 == 0:
            return Edit(fault=VivantError(f"fault {self._count}", where="a.json"))
        params = {"live": self._count} if self._count % 3 == 1 else {"version": self._count}
        nodes = tuple(replace(spec, params=spec.params.model_copy(update=params)) for spec in self._graph.nodes)
        return Edit(graph=replace(self._graph, nodes=nodes))


class Told:
    """Takes no note of anything."""

    def applied(self, summary: str) -> None:
        """See `ReloadListener`."""

    def refused(self, fault: VivantError) -> None:
        """See `ReloadListener`."""


@pytest.fixture
def few_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what keeps the newest thousands keep a few, so that it is full in no time."""
    for module in ("statistics", "presented"):
        monkeypatch.setattr(f"vivant.runtime.{module}.KEPT", 64)
    monkeypatch.setattr(notices_module, "KEPT", 8)
    monkeypatch.setattr("vivant.runtime.upkeep.KINDS_KEPT", 2)
    monkeypatch.setattr("vivant.runtime.upkeep.CHANGES_KEPT", 2)


class Weigher:
    """Weighs what the project's own lines have allocated and not given back."""

    def __init__(self) -> None:
        folders = [Path(package.__file__ or "").resolve().parent for package in (vivant.graph, vivant.runtime)]
        self._filters = [tracemalloc.Filter(True, str(folder / "*")) for folder in folders]
        self.bytes: list[int] = []
        self.largest: list[str] = []
        self._before: Any = None

    def weigh(self) -> None:
        """Weigh now."""
        gc.collect()
        snapshot = tracemalloc.take_snapshot().filter_traces(self._filters)
        if self._before is not None:
            self.largest = [str(line) for line in snapshot.compare_to(self._before, "lineno")[:8]]
        self._before = snapshot
        self.bytes.append(sum(trace.size for trace in snapshot.traces))


@pytest.fixture
def weigher() -> Any:
    tracemalloc.start()
    yield Weigher()
    tracemalloc.stop()


def test_a_live_run_grows_with_nothing_that_it_goes_through(
    build_graph: BuildGraph, services: Services, few_are_kept: None, weigher: Weigher
) -> None:
    """Frames, drops, faults, pauses, reloads good and bad: after 60 s of them all is as large as after 20 s."""
    graph = build_graph(
        clip=(Clip, {}, {}),
        camera=(Camera, {}, {}),
        track=(Step, {}, {"number": "clip.number"}),
        watch=(Step, {}, {"number": "camera.number"}),
        show=(Show, {}, {"number": "track.number"}),
    )
    clock = VirtualClock()
    line = StatusLine(Console(file=io.StringIO(), force_terminal=True, width=80))
    due = [20 * S, 60 * S + S // 2]  # both as far after the same kind of save: one under way weighs 3 kB

    with Notices() as notice, line:

        def watch(status: LiveStatus) -> None:
            status.lines()
            if due and clock.now_ns() >= due[0]:
                due.pop(0)
                weigher.weigh()

        services = replace(services, notice=notice, watch=watch)
        engine = LiveEngine(
            graph, services, clock=clock, duration_s=61, edits=Saves(graph, clock), reload_listener=Told()
        )
        result = engine.run(threading.Event())
    assert result.frames > 1000
    assert result.nodes["camera"].statistics.faults >= 5
    grown = weigher.bytes[1] - weigher.bytes[0]
    assert grown < LEAST_GROWTH, "\n".join(weigher.largest)


def test_an_offline_run_grows_with_nothing(
    build_graph: BuildGraph, services: Services, few_are_kept: None, weigher: Weigher
) -> None:
    graph = build_graph(clip=(Clip, {"count": 1500}, {}), show=(Show, {}, {"number": "clip.number"}))

    def progress(done: int, total: int | None) -> None:
        if done in (500, 1400):
            weigher.weigh()

    assert OfflineEngine(graph, services, progress=progress).run(threading.Event()).outcome is Outcome.DONE
    assert weigher.bytes[1] - weigher.bytes[0] < LEAST_GROWTH, "\n".join(weigher.largest)


def test_faults_that_never_say_the_same_are_forgotten_in_time() -> None:
    upkeep = Upkeep()
    for number in range(10 * KINDS_KEPT):
        assert upkeep.failed(OSError(f"fault {number}"), number)
        upkeep.failed(OSError("the same"), number)
    assert dict(upkeep.repeated()) == {"OSError: the same": 10 * KINDS_KEPT}
    assert len(upkeep._said) <= KINDS_KEPT
    assert len(upkeep.changes) <= CHANGES_KEPT
    assert upkeep.state is State.HOLDING


def test_notices_that_never_say_the_same_are_forgotten_in_time(capsys: pytest.CaptureFixture[str]) -> None:
    with Notices() as notice:
        for number in range(4 * notices_module.KEPT):
            notice(f"number {number}")
            notice("the same")
        assert len(notice._counts) <= notices_module.KEPT
    told = capsys.readouterr().err.splitlines()
    assert told.count("note: the same") == 1
    assert told[-1] == f"note: {4 * notices_module.KEPT} times: the same"


def test_logs_keep_about_a_megabyte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vivant.runtime.faults.log_folder", lambda: tmp_path)
    long = OSError("x" * 100_000)
    with log_in_file() as log:
        for _ in range(40):
            logging.getLogger("vivant").warning("%s", "x" * 100_000)
            write_traceback(long, "eye", tmp_path)
    sizes = MappingProxyType({path.name: path.stat().st_size for path in tmp_path.iterdir()})
    assert sizes[log.name] <= 1_000_000
    assert sizes[LOG_NAME] <= (1 << 20) + 200_000
    assert sum(sizes.values()) < 3_500_000
