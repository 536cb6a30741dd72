"""A node is killed in the middle of each of its methods, by an ordinary fault or by what ends whole programs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from vivant.graph.errors import EndOfStream, VivantError
from vivant.graph.graph import Graph
from vivant.graph.node import Emission, Lane, Node, NodeContext, Outcome, Pace, Source
from vivant.graph.packet import Packet, Tick
from vivant.graph.params import NodeParams, param
from vivant.graph.port import NoInputs, NoOutputs, latest, output, tick, trigger
from vivant.runtime.clock import VirtualClock
from vivant.runtime.edits import Edit
from vivant.runtime.live import LiveEngine
from vivant.runtime.report import RunResult
from vivant.runtime.services import Services

BuildGraph = Callable[..., Graph]
MS = 1_000_000
S = 1_000_000_000
WEAPONS = [OSError, MemoryError, SystemExit, asyncio.CancelledError, GeneratorExit]


class Victims(NodeParams):
    name: str = param("")
    log: Any = param(None)
    kill_in: str = param("")
    weapon: Any = param(OSError)
    note: int = param(0)


@dataclass(frozen=True)
class Number:
    number: int = output("A number.")


@dataclass(frozen=True)
class NumberInputs:
    number: Packet[int] = trigger("A number.")


@dataclass(frozen=True)
class ShowInputs:
    tick: Packet[Tick] = tick()
    number: Packet[int] | None = latest("A number.")


class Mortal:
    params: Victims

    def reach(self, method: str) -> None:
        """Be in the middle of a method: some of it is done, and then it may be over."""
        self.params.log.append((self.params.name, method))
        if self.params.kill_in == method:
            raise self.params.weapon("killed")


class Clip(Mortal, Source[Victims, Number], type="killed.clip", pace=Pace.MEDIA):
    """Counts to 50, every 100 ms."""

    count = -1

    def process(self, inputs: NoInputs) -> Emission[Number]:
        self.count += 1
        if self.count == 50:
            raise EndOfStream
        return Emission(Number(self.count), self.count * 100 * MS)

    def close(self, outcome: Outcome) -> None:
        self.reach(f"close {outcome.value}")


class Work(Mortal, Node[Victims, NumberInputs, Number], type="killed.work"):
    """Passes on what it gets."""

    def open(self, context: NodeContext) -> None:
        self.reach("open")

    def process(self, inputs: NumberInputs) -> Number:
        if inputs.number.value in (3, 20):
            self.reach("process")
        return Number(inputs.number.value)

    def drain(self) -> Iterator[Emission[Number]]:
        yield Emission(Number(1000), 5000 * MS)
        self.reach("drain")
        yield Emission(Number(1001), 5001 * MS)

    def close(self, outcome: Outcome) -> None:
        self.reach("close")


class Show(Mortal, Node[Victims, ShowInputs, NoOutputs], type="killed.show", lane=Lane.RENDER):
    """Shows what there is, at every step."""

    def process(self, inputs: ShowInputs) -> None:
        if inputs.number:
            self.params.log.append(("show", inputs.number.value))

    def close(self, outcome: Outcome) -> None:
        self.reach("close")


class Life:
    """A run, and what came of it."""

    def __init__(self, build_graph: BuildGraph, services: Services, **work: object) -> None:
        self.log: list[tuple[str, object]] = []
        params = {"log": self.log}
        graph = build_graph(
            clip=(Clip, {"name": "clip", **params}, {}),
            work=(Work, {"name": "work", **params, **work}, {"number": "clip.number"}),
            show=(Show, {"name": "show", **params}, {"number": "work.number"}),
        )
        self.error: VivantError | None = None
        try:
            self.result = LiveEngine(graph, services, clock=VirtualClock()).run(threading.Event())
        except VivantError as error:
            self.error = error
        assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("vivant")]

    def shown(self) -> list[object]:
        """The different numbers that were shown, in order."""
        values = [value for name, value in self.log if name == "show" and isinstance(value, int)]
        return list(dict.fromkeys(values))

    def closed(self) -> list[str]:
        return [name for name, what in self.log if str(what).startswith("close")]


def tracebacks(services: Services) -> int:
    assert isinstance(services.log_dir, Path)
    log = services.log_dir / "vivant-faults.log"
    return log.read_text().count(" node work\n") if log.exists() else 0


@pytest.mark.parametrize("weapon", WEAPONS)
def test_in_open(build_graph: BuildGraph, services: Services, weapon: type[BaseException]) -> None:
    life = Life(build_graph, services, kill_in="open", weapon=weapon)
    assert life.error is not None
    assert life.error.what.startswith("the node work failed:")
    assert life.closed() == ["clip"]  # what was open is closed; the dead one was not, nor the one after it
    assert tracebacks(services) == 1


@pytest.mark.parametrize("weapon", WEAPONS)
def test_in_process(
    build_graph: BuildGraph, services: Services, weapon: type[BaseException], notices: list[str]
) -> None:
    life = Life(build_graph, services, kill_in="process", weapon=weapon)
    assert life.error is None
    # it fell at 3, and what came within 0.5 s was lost; again at 20, so soon after that it held for 1 s
    assert life.shown() == [0, 1, 2, *range(8, 20), *range(30, 49), 1001]
    work = life.result.nodes["work"]
    assert (work.statistics.faults, work.state.value) == (2, "ended")
    assert [change.state.value for change in work.changes] == ["running", "holding", "running", "holding", "running",
                                                                "ended"]  # fmt: skip
    assert life.closed() == ["show", "work", "clip"]
    # with the traceback once, and then counted
    assert tracebacks(services) == 1
    assert [n.split(":")[0] for n in notices] == ["work", "work failed 2 times"]


@pytest.mark.parametrize("weapon", WEAPONS)
def test_in_drain(build_graph: BuildGraph, services: Services, weapon: type[BaseException], notices: list[str]) -> None:
    life = Life(build_graph, services, kill_in="drain", weapon=weapon)
    assert life.error is None
    assert life.shown() == [*range(49), 1000]  # all come at once at the end: the newest wins
    assert life.result.nodes["work"].state.value == "failed"
    assert life.result.outcome is Outcome.DONE
    assert life.closed() == ["show", "work", "clip"]
    assert len(notices) == 1
    assert notices[0].startswith("work: the node work failed:")


@pytest.mark.parametrize("weapon", WEAPONS)
def test_in_close(build_graph: BuildGraph, services: Services, weapon: type[BaseException]) -> None:
    life = Life(build_graph, services, kill_in="close", weapon=weapon)
    # a file that could not be finished is told with a status, as there is no other sign of it
    assert life.error is not None
    assert life.error.what.startswith("the node work failed:")
    assert life.shown() == [*range(49), 1001]
    assert life.closed() == ["show", "work", "clip"]
    assert tracebacks(services) == 1


def test_a_device_that_cannot_be_closed_is_opened_anew_all_the_same(
    build_graph: BuildGraph, services: Services, notices: list[str]
) -> None:
    clock, opened = VirtualClock(), list[int]()

    class Device(Source[NodeParams, Number], type="killed.device", pace=Pace.CAPTURE):
        """Fails with its third number, and again in closing and opening."""

        count = 0

        def open(self, context: NodeContext) -> None:
            opened.append(clock.now_ns() // MS)
            context.kept["times"] = context.kept.get("times", 0) + 1
            self.first = 100 * context.kept["times"]
            if context.kept["times"] == 2:
                raise SystemExit("not yet")

        def process(self, inputs: NoInputs) -> Number:
            from vivant.runtime.clock import Doorbell

            clock.wait(Doorbell(), lambda: False, clock.now_ns() + 50 * MS)
            self.count += 1
            if self.first == 100 and self.count == 3:
                raise OSError("unplugged")
            return Number(self.first + self.count)

        def close(self, outcome: Outcome) -> None:
            if outcome is Outcome.FAILED:
                raise SystemExit("cannot let go")

    log: list[tuple[str, object]] = []
    graph = build_graph(device=(Device, {}, {}), show=(Show, {"name": "show", "log": log}, {"number": "device.number"}))
    result = LiveEngine(graph, services, clock=clock, duration_s=6).run(threading.Event())
    # 0.5 s after the fault closing fails, 1 s later opening, 2 s after that it works
    assert opened == [0, 1650, 3650]
    assert [c.state.value for c in result.nodes["device"].changes] == [
        "opening", "running", "holding", "opening", "holding", "opening", "holding", "opening", "running", "ended"
    ]  # fmt: skip
    assert [value for _, value in log if isinstance(value, int)][-1] > 330
    assert len([n for n in notices if n.startswith("device: ")]) == 3


class Changing(Mortal, Node[Victims, NumberInputs, Number], type="killed.changing"):
    """Passes on what it gets; has a file, parameters and readers that change."""

    def process(self, inputs: NumberInputs) -> Number:
        return Number(inputs.number.value)

    def update(self, params: Victims) -> None:
        self.reach("update")
        super().update(params)

    def files(self) -> frozenset[Path]:
        self.reach("files")
        return frozenset({Path(self.params.name)})

    def reload(self, changed: frozenset[Path]) -> None:
        self.reach("reload")

    def reconnect(self, connected: frozenset[str]) -> None:
        self.reach("reconnect")

    def close(self, outcome: Outcome) -> None:
        self.reach("close")


class Edits:
    """An edit after 1 s, and, with another name, one that is good after 3 s."""

    def __init__(self, clock: VirtualClock, *edits: Edit) -> None:
        self._clock = clock
        self._edits = [(S, edits[0]), *((3 * S, edit) for edit in edits[1:])]

    def look(self, files: frozenset[Path]) -> Edit | None:
        if self._edits and self._clock.now_ns() >= self._edits[0][0]:
            return self._edits.pop(0)[1]
        return None


class Told:
    def __init__(self) -> None:
        self.applied_: list[str] = []
        self.faults: list[VivantError] = []

    def applied(self, summary: str) -> None:
        self.applied_.append(summary)

    def refused(self, fault: VivantError) -> None:
        self.faults.append(fault)


def change(build_graph: BuildGraph, services: Services, edit: str, **work: object) -> tuple[list[Any], Told, RunResult]:
    """Run a graph in which a node is changed by an `edit` in the middle of which it may be killed."""
    clock, log, told = VirtualClock(), list[Any](), Told()
    params = {"log": log}
    changing = {"name": "work", **params, **work}
    nodes: dict[str, Any] = {
        "clip": (Clip, {"name": "clip", **params}, {}),
        "work": (Changing, changing, {"number": "clip.number"}),
        "show": (Show, {"name": "show", **params}, {"number": "work.number"}),
    }
    graph = build_graph(**nodes)
    noted = {**nodes, "work": (Changing, {**changing, "note": 1}, {"number": "clip.number"})}
    apart = {**nodes, "show": (Show, nodes["show"][1], {"number": "clip.number"})}
    made = {
        "update": Edit(graph=build_graph(**noted)),
        "reload": Edit(files=frozenset({Path("work")})),
        "reconnect": Edit(graph=build_graph(**apart)),
    }[edit]
    result = LiveEngine(
        graph, services, clock=clock, edits=Edits(clock, made, Edit(graph=graph)), reload_listener=told
    ).run(threading.Event())
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("vivant")]
    return log, told, result


@pytest.mark.parametrize("weapon", WEAPONS)
@pytest.mark.parametrize("method", ["update", "reload", "reconnect"])
def test_in_what_a_reload_calls(
    build_graph: BuildGraph, services: Services, weapon: type[BaseException], method: str, notices: list[str]
) -> None:
    log, told, result = change(build_graph, services, method, kill_in=method, weapon=weapon)
    shown = list(dict.fromkeys(value for name, value in log if name == "show" and isinstance(value, int)))
    assert shown == list(range(50))  # the show goes on as if nothing had been
    assert result.outcome is Outcome.DONE
    assert [name for name, what in log if str(what).startswith("close")] == ["show", "work", "clip"]
    if method == "reconnect":  # the graph is exchanged by then: the node has failed, as in any other call
        assert (told.faults, result.nodes["work"].statistics.faults) == ([], 2)
        assert [n.partition(": ")[0] for n in notices] == ["work", "work failed 2 times"]
    else:
        assert [fault.what.partition(":")[0] for fault in told.faults] == ["the node work failed"]
        assert result.nodes["work"].statistics.faults == 0


@pytest.mark.parametrize("weapon", WEAPONS)
def test_in_naming_its_files(build_graph: BuildGraph, services: Services, weapon: type[BaseException]) -> None:
    """It is asked for them when it is opened: a node that cannot say is one that does not open."""
    log = list[Any]()
    params = {"name": "work", "log": log}
    graph = build_graph(
        clip=(Clip, params | {"name": "clip"}, {}),
        work=(Changing, params | {"kill_in": "files", "weapon": weapon}, {"number": "clip.number"}),
    )
    with pytest.raises(VivantError, match="the node work failed"):
        LiveEngine(graph, services, clock=VirtualClock()).run(threading.Event())
    assert [name for name, what in log if str(what).startswith("close")] == ["work", "clip"]
