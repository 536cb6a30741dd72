"""What nodes give out to be done beside them in an offline run."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from vivant.graph.errors import EndOfStream, VivantError
from vivant.graph.graph import Graph
from vivant.graph.node import Emission, Node, NodeContext, Outcome, Pace, Source
from vivant.graph.packet import Packet
from vivant.graph.params import NodeParams, param
from vivant.graph.port import NoInputs, NoOutputs, output, trigger
from vivant.runtime import work_pool
from vivant.runtime.offline import OfflineEngine
from vivant.runtime.services import Services
from vivant.runtime.trace import Trace

BuildGraph = Callable[..., Graph]
COUNT, AT_ONCE = 20, 3


class Work(NodeParams):
    do: Any = param(None)
    seen: Any = param(None)


@dataclass(frozen=True)
class Number:
    number: int = output("A number.")


@dataclass(frozen=True)
class NumberInputs:
    number: Packet[int] = trigger("A number.")


class Clip(Source[NodeParams, Number], type="beside.clip", pace=Pace.MEDIA):
    """Counts."""

    count = -1

    def process(self, inputs: NoInputs) -> Emission[Number]:
        self.count += 1
        if self.count == COUNT:
            raise EndOfStream
        return Emission(Number(self.count), self.count * 1000)


class Search(Node[Work, NumberInputs, Number], type="beside.search"):
    """Has each number worked on beside it, `AT_ONCE` at a time."""

    def open(self, context: NodeContext) -> None:
        self._context = context
        self._begun: deque[tuple[Packet[int], Callable[[], int]]] = deque()

    @classmethod
    def lag(cls, params: Work) -> int:
        return AT_ONCE

    def process(self, inputs: NumberInputs) -> Emission[Number] | None:
        number = inputs.number
        self._begun.append((number, self._context.beside(lambda: self.params.do(number.value))))
        return self._answer() if len(self._begun) > AT_ONCE else None

    def drain(self) -> Iterator[Emission[Number]]:
        while self._begun:
            yield self._answer()

    def _answer(self) -> Emission[Number]:
        packet, result = self._begun.popleft()
        return Emission(Number(result()), packet.t_ns, packet.seq)

    def close(self, outcome: Outcome) -> None:
        self.params.seen.append(outcome)


class Write(Node[Work, NumberInputs, NoOutputs], type="beside.write"):
    """Remembers."""

    def process(self, inputs: NumberInputs) -> None:
        self.params.seen.append(inputs.number.value)


@pytest.fixture(autouse=True)
def four_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_pool, "cores", lambda: 4)


def graph(build_graph: BuildGraph, do: Callable[[int], int], seen: list[object], closed: list[object]) -> Graph:
    return build_graph(
        clip=(Clip, {}, {}),
        search=(Search, {"do": do, "seen": closed}, {"number": "clip.number"}),
        write=(Write, {"seen": seen}, {"number": "search.number"}),
    )


def test_several_are_worked_on_at_the_same_time_and_answered_in_order(
    build_graph: BuildGraph, services: Services
) -> None:
    together, seen = threading.Barrier(AT_ONCE), list[object]()

    def do(number: int) -> int:
        if number < AT_ONCE:
            together.wait(20)  # breaks where one is begun only when another is done
        time.sleep(0.002 * (number % 3))
        return 10 * number

    result = OfflineEngine(graph(build_graph, do, seen, []), services).run(threading.Event())
    assert result.outcome is Outcome.DONE and result.frames == COUNT
    assert seen == [10 * number for number in range(COUNT)]
    assert not [thread.name for thread in threading.enumerate() if "beside" in thread.name]


def test_what_it_failed_with_is_the_nodes_fault(build_graph: BuildGraph, services: Services) -> None:
    def do(number: int) -> int:
        if number == 7:
            raise VivantError("a network broke")
        return number

    seen, closed = list[object](), list[object]()
    with pytest.raises(VivantError, match="a network broke") as caught:
        OfflineEngine(graph(build_graph, do, seen, closed), services).run(threading.Event())
    assert "search" in str(caught.value.where)
    assert closed == [Outcome.FAILED] and len(seen) <= 7


def test_a_run_that_is_stopped_does_not_wait_for_work_that_hangs(
    build_graph: BuildGraph, services: Services, notices: list[str]
) -> None:
    stop, gate, closed = threading.Event(), threading.Event(), list[object]()

    def do(number: int) -> int:
        if number == 5:
            stop.set()
            gate.wait(60)
        return number

    begin = time.monotonic()
    result = OfflineEngine(graph(build_graph, do, [], closed), services).run(stop)
    assert result.outcome is Outcome.INTERRUPTED and time.monotonic() - begin < 10
    assert result.hung == ("search",) and "search did not stop in time" in notices[-1]
    assert closed == []  # it is still at work
    gate.set()


def test_a_trace_shows_it_where_it_was_done(build_graph: BuildGraph, services: Services, tmp_path: Path) -> None:
    trace = Trace()
    traced = Services(fetch=services.fetch, notice=services.notice, log_dir=services.log_dir, trace=trace)
    OfflineEngine(graph(build_graph, lambda number: number, [], []), traced).run(threading.Event())
    trace.write(tmp_path / "trace.json")
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    tracks = {event["tid"]: event["args"]["name"] for event in events if event["name"] == "thread_name"}
    done = [tracks[event["tid"]] for event in events if event["ph"] == "X" and event["name"] == "search"]
    assert sum(track.startswith("beside") for track in done) == COUNT
