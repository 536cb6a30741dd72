"""``vivant bench hop``: what the runtime costs per packet, beside a bare call and ``queue.Queue``."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter_ns

from vivant.graph.graph import Graph, Link, NodeSpec
from vivant.graph.node import Lane, Node, NodeContext, Pace, Source
from vivant.graph.packet import Packet, Tick
from vivant.graph.params import NodeParams
from vivant.graph.port import NoInputs, latest, output, tick, trigger
from vivant.runtime.benchmarks.finding import Chart, Figure, Finding, Setting, compared
from vivant.runtime.clock import Doorbell, MonotonicClock
from vivant.runtime.mailbox import Mailbox
from vivant.runtime.render_lane import RenderLane
from vivant.runtime.station import Made, Station

CHAIN = 16
"""Nodes in a row, so that what a step costs by itself weighs little."""
MOST_SAME_THREAD_US = 5.0


@dataclass(frozen=True)
class Number:
    """What is handed on."""

    number: int = output("A number.")


@dataclass(frozen=True)
class Step:
    """What wakes the first node."""

    tick: Packet[Tick] = tick()


@dataclass(frozen=True)
class Numbers:
    """What wakes the others: a trigger and a sampled input, as most nodes have."""

    number: Packet[int] = trigger("A number.")
    still: Packet[int] = latest("Another, that stays.")


class First(Node[NodeParams, Step, Number], type="bench.first", lane=Lane.RENDER):
    """Begins."""

    def process(self, inputs: Step) -> Number:
        """Give a number."""
        return Number(1)


class Next(Node[NodeParams, Numbers, Number], type="bench.next", lane=Lane.RENDER):
    """Adds one."""

    def process(self, inputs: Numbers) -> Number:
        """Add one."""
        return Number(inputs.number.value + 1)


class Still(Source[NodeParams, Number], type="bench.still", pace=Pace.ONCE):
    """Gives one number."""

    def process(self, inputs: NoInputs) -> Number:
        """Give it."""
        return Number(0)


def measure(setting: Setting) -> Finding:
    """Measure hops on one thread and between two."""
    calls, passages = 400, 3000
    same, bare, mailbox, queued = list[float](), list[float](), list[float](), list[float]()
    step, call = _chain()
    for _ in range(max(5, setting.rounds)):
        same.append(_microseconds(step, calls) / CHAIN)
        bare.append(_microseconds(call, calls) / CHAIN)
        mailbox.append(_mailbox_us(passages))
        queued.append(_queue_us(passages))
    over = sorted(a - b for a, b in zip(same, bare, strict=True))[len(same) // 2]
    between = compared(
        "hop between two threads, by mailbox",
        "us",
        mailbox,
        "queue.Queue",
        queued,
        goal="no slower",
        most=1.0,
        note="there and back, halved",
    )
    return Finding(
        "hop",
        "What it costs to hand a packet from node to node.",
        (
            compared("hop on one thread", "us", same, "bare call of process()", bare),
            Figure(
                "hop on one thread, over the bare call",
                "us",
                over,
                goal=f"at most {MOST_SAME_THREAD_US:g} us",
                met=over <= MOST_SAME_THREAD_US,
            ),
            between,
        ),
        Chart(
            "bars",
            {"Vivant": [_median(same), _median(mailbox)], "reference": [_median(bare), _median(queued)]},
            "us per hop",
            ("one thread (bare call)", "two threads (queue.Queue)"),
        ),
    )


def _chain() -> tuple[Callable[[], None], Callable[[], None]]:
    """Return a step of a render lane with `CHAIN` nodes, and the bare calls of the same nodes."""
    params = NodeParams()
    specs = [NodeSpec("still", Still, params), NodeSpec("n0", First, params)]
    for index in range(1, CHAIN):
        links = {"number": Link(f"n{index - 1}", "number"), "still": Link("still", "number")}
        specs.append(NodeSpec(f"n{index}", Next, params, links))
    graph = Graph(tuple(specs), Path())
    clock = MonotonicClock()
    context = NodeContext(
        now_ns=clock.now_ns,
        base_dir=Path(),
        fetch=Path,
        notice=lambda line: None,
        connected=frozenset({"number"}),
        offline=False,
    )
    stations = [Station(graph, spec, context, clock.now_ns) for spec in specs[1:]]
    for station in stations:
        station.open()
        if station.id != "n0":
            station.receive("still", Packet(0, 0, 0))
    nothing: dict[str, dict[str, Mailbox]] = {station.id: {} for station in stations}
    lane = RenderLane(graph, stations, clock, nothing, {station.id: {} for station in stations}, _Deaf())
    first, *others = (spec.create() for spec in specs[1:])
    woken, still = Packet(Tick(0, 0), 0, -1), Packet(0, 0, 0)

    def call() -> None:
        first.process(Step(woken))
        # what they are called with is made beforehand: this is the bare call
        for node in others:
            node.process(ready)

    ready = Numbers(Packet(1, 0, 0), still)
    return lane.step, call


class _Deaf:
    def made(self, station: Station, made: Made) -> None:
        pass

    def failed(self, station: Station, error: Exception, *, for_good: bool = False) -> None:
        raise error

    def crashed(self, station: Station, error: BaseException) -> None:
        raise error

    def ended(self, station: Station) -> None:
        pass


def _microseconds(call: Callable[[], None], times: int) -> float:
    begin = perf_counter_ns()
    for _ in range(times):
        call()
    return (perf_counter_ns() - begin) / times / 1000


def _mailbox_us(passages: int) -> float:
    """Send a packet to another thread and have it back, `passages` times; return microseconds one way."""
    clock = MonotonicClock()
    bells = Doorbell(), Doorbell()
    there, back = Mailbox(bells[0]), Mailbox(bells[1])
    packet = Packet(1, 0, 0)

    def answer() -> None:
        for _ in range(passages):
            clock.wait(bells[0], _full(there))
            taken = there.take()
            if taken is not None:
                back.put(taken)

    thread = threading.Thread(target=answer)
    thread.start()
    begin = perf_counter_ns()
    full = _full(back)
    for _ in range(passages):
        there.put(packet)
        clock.wait(bells[1], full)
        back.take()
    taken_ns = perf_counter_ns() - begin
    thread.join()
    return taken_ns / passages / 2000


def _full(box: Mailbox) -> Callable[[], bool]:
    return lambda: box.full


def _queue_us(passages: int) -> float:
    there, back = queue.Queue[Packet[int]](1), queue.Queue[Packet[int]](1)
    packet = Packet(1, 0, 0)

    def answer() -> None:
        for _ in range(passages):
            back.put(there.get())

    thread = threading.Thread(target=answer)
    thread.start()
    begin = perf_counter_ns()
    for _ in range(passages):
        there.put(packet)
        back.get()
    taken_ns = perf_counter_ns() - begin
    thread.join()
    return taken_ns / passages / 2000


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
