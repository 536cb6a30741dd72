"""Commands reach their nodes, each on the thread of its node, between two calls."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph
from vivant.graph.node import Emission, Lane, Node, NodeContext, Pace, Source
from vivant.graph.packet import Packet
from vivant.graph.params import NodeParams, param
from vivant.graph.port import NoInputs, NoOutputs, output, trigger
from vivant.runtime.clock import VirtualClock
from vivant.runtime.live import LiveEngine
from vivant.runtime.node_description import describe_node
from vivant.runtime.services import Services

BuildGraph = Callable[..., Graph]
MS = 1_000_000


class Params(NodeParams):
    log: Any = param(None)


@dataclass(frozen=True)
class Number:
    number: int = output("A number.")


@dataclass(frozen=True)
class OneNumber:
    number: Packet[int] = trigger("A number.")


class Clip(Source[Params, Number], type="orders.clip", pace=Pace.MEDIA):
    """Counts."""

    count = -1

    def process(self, inputs: NoInputs) -> Emission[Number]:
        self.count += 1
        return Emission(Number(self.count), self.count * 40 * MS)


class Obeying:
    commands: ClassVar[Mapping[str, str]] = {"jump": "It jumps.", "fail": "It fails."}
    params: Params

    def command(self, name: str) -> None:
        self.params.log.append((type(self).__name__, name, threading.current_thread() is threading.main_thread()))
        if name == "fail":
            raise VivantError("my leg hurts", remedy="wait")


class Work(Obeying, Node[Params, OneNumber, Number], type="orders.work"):
    """Passes on, in a thread of its own."""

    def process(self, inputs: OneNumber) -> Number:
        return Number(inputs.number.value)


class Draw(Obeying, Node[Params, OneNumber, NoOutputs], type="orders.draw", lane=Lane.RENDER):
    """Draws, and presses a key."""

    def open(self, context: NodeContext) -> None:
        self.send = context.send

    def process(self, inputs: OneNumber) -> None:
        self.params.log.append(("draw", inputs.number.value))
        if inputs.number.value == 5:
            self.send("work.jump")


Log = list[Any]
Told = Callable[[dict[int, str]], Log]


@pytest.fixture
def told(build_graph: BuildGraph, services: Services) -> Told:
    """Run for a second of virtual time; what comes from outside, by milliseconds."""

    def run(orders: dict[int, str]) -> Log:
        log: Log = []
        clock = VirtualClock()
        left = dict(orders)

        def outside() -> Iterable[str]:
            due = [ms for ms in left if clock.now_ns() >= ms * MS]
            return [left.pop(ms) for ms in due]

        graph = build_graph(
            clip=(Clip, {}, {}),
            work=(Work, {"log": log}, {"number": "clip.number"}),
            draw=(Draw, {"log": log}, {"number": "work.number"}),
        )
        LiveEngine(graph, services, clock=clock, duration_s=1.0, orders=outside).run(threading.Event())
        return log

    return run


def test_a_node_tells_another_one_what_to_do(told: Told) -> None:
    log = told({})
    assert ("Work", "jump", False) in log
    # asked for with 5, done before the frame after the next is drawn
    assert log.index(("draw", 5)) < log.index(("Work", "jump", False)) < log.index(("draw", 7))


def test_orders_from_outside_are_carried_out_on_the_thread_of_their_node(told: Told) -> None:
    log = told({300: "draw.jump", 500: "work.jump"})
    assert log.count(("Draw", "jump", True)) == 1
    assert log.count(("Work", "jump", False)) == 2


def test_what_does_not_exist_is_said_with_what_does(told: Told, notices: list[str]) -> None:
    log = told({100: "draw.jumb", 200: "nobody.jump", 300: "nonsense", 400: "draw.jump"})
    assert notices[0] == "no node has the command 'draw.jumb'; did you mean 'draw.jump'?"
    assert len(notices) == 3 and "nobody.jump" in notices[1] and "nonsense" in notices[2]
    assert ("Draw", "jump", True) in log  # and the show goes on


def test_a_command_that_fails_is_said_and_the_node_goes_on(told: Told, notices: list[str]) -> None:
    log = told({300: "draw.fail", 500: "work.fail"})
    assert notices == ["draw.fail: my leg hurts (wait)", "work.fail: my leg hurts (wait)"]
    assert ("draw", 20) in log


def test_commands_are_listed() -> None:
    assert describe_node(Work)["commands"] == [
        {"name": "jump", "help": "It jumps."},
        {"name": "fail", "help": "It fails."},
    ]
    assert describe_node(Clip)["commands"] == []
