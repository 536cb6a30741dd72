"""An offline run that is stopped while a node does not come back: it ends, and says whom it left."""

from __future__ import annotations

import threading
from collections.abc import Callable
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
from vivant.runtime.clock import MonotonicClock
from vivant.runtime.offline import OfflineEngine
from vivant.runtime.services import Services

BuildGraph = Callable[..., Graph]


class Life(NodeParams):
    stop: Any = param(None)
    gate: Any = param(None)
    closed: Any = param(None)
    hang_in: str = param("")
    at: int = param(5)


@dataclass(frozen=True)
class Number:
    number: int = output("A number.")


@dataclass(frozen=True)
class NumberInputs:
    number: Packet[int] = trigger("A number.")


class Hanging:
    params: Life

    def reach(self, where: str, number: int) -> None:
        if self.params.hang_in == where and number == self.params.at:
            self.params.stop.set()
            self.params.gate.wait()


class Clip(Hanging, Source[Life, Number], type="stopped.clip", pace=Pace.MEDIA):
    """Counts to 50."""

    count = -1

    def process(self, inputs: NoInputs) -> Emission[Number]:
        self.count += 1
        self.reach("source", self.count)
        if self.count == 50:
            raise EndOfStream
        return Emission(Number(self.count), self.count * 1000)

    def close(self, outcome: Outcome) -> None:
        self.params.closed.append("clip")


class Track(Hanging, Node[Life, NumberInputs, Number], type="stopped.track"):
    """Passes on."""

    def open(self, context: NodeContext) -> None:
        self.reach("open", self.params.at)
        if self.params.hang_in == "failing open":
            self.params.stop.set()
            raise VivantError("given up")

    def process(self, inputs: NumberInputs) -> Number:
        self.reach("track", inputs.number.value)
        return Number(inputs.number.value)

    def close(self, outcome: Outcome) -> None:
        self.params.closed.append("track")


class Write(Hanging, Node[Life, NumberInputs, NoOutputs], type="stopped.write"):
    """Begins a file, and finishes it when it is closed."""

    def open(self, context: NodeContext) -> None:
        self.file = context.base_dir / "part"
        self.file.touch()

    def process(self, inputs: NumberInputs) -> None:
        self.reach("write", inputs.number.value)

    def close(self, outcome: Outcome) -> None:
        self.params.closed.append(f"write {outcome.value}")
        self.file.rename(self.file.with_name("whole"))


class Hasty(MonotonicClock):
    """A clock on which half a second goes by with every look."""

    def __init__(self) -> None:
        self._looks = 0

    def now_ns(self) -> int:
        self._looks += 1
        return self._looks * 500_000_000


WRITTEN = "write interrupted"


@pytest.mark.parametrize(
    ("hang_in", "hung", "closed", "files"),
    [
        ("", (), [WRITTEN, "track", "clip"], ["whole"]),
        ("open", ("track",), ["clip"], []),
        ("failing open", (), ["clip"], []),
        ("source", ("clip",), [WRITTEN, "track"], ["whole"]),
        ("track", ("track",), [WRITTEN, "clip"], ["whole"]),
        ("write", ("write",), ["track", "clip"], ["part"]),
    ],
)
def test_a_node_that_does_not_come_back_is_left_and_the_rest_is_finished(
    build_graph: BuildGraph,
    services: Services,
    tmp_path: Path,
    notices: list[str],
    hang_in: str,
    hung: tuple[str, ...],
    closed: list[str],
    files: list[str],
) -> None:
    stop, gate, done = threading.Event(), threading.Event(), list[str]()
    life = {"stop": stop, "gate": gate, "closed": done}
    graph = build_graph(
        clip=(Clip, {**life, "hang_in": hang_in}, {}),
        track=(Track, {**life, "hang_in": hang_in}, {"number": "clip.number"}),
        write=(Write, {**life, "hang_in": hang_in}, {"number": "track.number"}),
    )

    def progress(done: int, total: int | None) -> None:
        if done == 3 and not hang_in:
            stop.set()

    try:
        result = OfflineEngine(graph, services, clock=Hasty(), progress=progress).run(stop)
        assert result.outcome is Outcome.INTERRUPTED
        assert result.hung == hung
        assert notices == [f"{node_id} did not stop in time and is left behind" for node_id in hung]
        assert done == closed
        assert [path.name for path in tmp_path.iterdir() if path.name in ("part", "whole")] == files
        assert bool(hung) == any(thread.name.startswith("vivant") for thread in threading.enumerate())
    finally:
        gate.set()
        for thread in threading.enumerate():
            if thread.name.startswith("vivant"):
                thread.join()
