from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
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
from vivant.runtime.offline import OfflineEngine
from vivant.runtime.services import Services

BuildGraph = Callable[..., Graph]
MS = 1_000_000


class Log:
    """What the nodes of one test did, in order; passed to them as a parameter."""

    def __init__(self) -> None:
        self.seen: dict[str, list[Any]] = {}
        self.closed: list[tuple[str, Outcome]] = []
        self.threads: dict[str, set[int]] = {}

    def see(self, name: str, value: object) -> None:
        self.seen.setdefault(name, []).append(value)
        self.threads.setdefault(name, set()).add(threading.get_ident())


class Logging(NodeParams):
    name: str = param("")
    log: Any = param(None)
    fail_at: int = param(-1)


class ClipParams(Logging):
    count: int = param(4)
    step_ns: int = param(40 * MS)
    stop_at: int = param(-1)
    stop: Any = param(None)


@dataclass(frozen=True)
class Number:
    number: int = output("A number.")


@dataclass(frozen=True)
class OneNumber:
    number: Packet[int] = trigger("A number.")


class Clip(Source[ClipParams, Number], type="test.clip", pace=Pace.MEDIA):
    """Counts at a rate."""

    def open(self, context: NodeContext) -> None:
        self.index = 0

    def length(self) -> int | None:
        return self.params.count

    def process(self, inputs: NoInputs) -> Emission[Number]:
        index, self.index = self.index, self.index + 1
        if index == self.params.stop_at:
            self.params.stop.set()
        if index == self.params.fail_at:
            raise VivantError("the file breaks off", remedy="use another one")
        if index >= self.params.count:
            raise EndOfStream
        self.params.log.see(self.params.name, index)
        return Emission(Number(index), index * self.params.step_ns)

    def close(self, outcome: Outcome) -> None:
        self.params.log.closed.append((self.params.name, outcome))


class Still(Source[Logging, Number], type="test.still", pace=Pace.ONCE):
    """Says 1000, once."""

    def process(self, inputs: NoInputs) -> Number:
        self.params.log.see(self.params.name, 1000)
        return Number(1000)

    def close(self, outcome: Outcome) -> None:
        self.params.log.closed.append((self.params.name, outcome))


class Camera(Source[Logging, Number], type="test.camera", pace=Pace.CAPTURE):
    """Never opened here."""

    def process(self, inputs: NoInputs) -> Number:
        raise AssertionError


@dataclass(frozen=True)
class TwoNumbers:
    number: Packet[int] = trigger("A number.")
    other: Packet[int] = latest("Another one.")


class Adding:
    params: Logging

    def process(self, inputs: TwoNumbers) -> Number:
        total = inputs.number.value + inputs.other.value
        self.params.log.see(self.params.name, (total, inputs.number.t_ns, inputs.number.seq))
        if inputs.number.seq == self.params.fail_at:
            raise ZeroDivisionError("by zero")
        return Number(total)

    def close(self, outcome: Outcome) -> None:
        self.params.log.closed.append((self.params.name, outcome))


class Sum(Adding, Node[Logging, TwoNumbers, Number], type="test.sum"):
    """Adds two numbers."""


class Draw(Adding, Node[Logging, TwoNumbers, Number], type="test.draw", lane=Lane.RENDER):
    """Adds two numbers on the main thread."""


class Late(Node[Logging, OneNumber, Number], type="test.late", lane=Lane.RENDER):
    """Answers one frame late, like a read-back from the GPU."""

    waiting: Packet[int] | None = None

    def process(self, inputs: OneNumber) -> Emission[Number] | None:
        earlier, self.waiting = self.waiting, inputs.number
        return self._emission(earlier) if earlier else None

    def drain(self) -> Iterable[Emission[Number]]:
        return [self._emission(self.waiting)] if self.waiting else []

    def _emission(self, packet: Packet[int]) -> Emission[Number]:
        return Emission(Number(packet.value), packet.t_ns, packet.seq)


class AheadParams(Logging):
    lag: int = param(2)


class Ahead(Node[AheadParams, OneNumber, Number], type="test.ahead"):
    """Answers with a number and the latest that it knew of by then."""

    @classmethod
    def lag(cls, params: AheadParams) -> int:
        return params.lag

    def open(self, context: NodeContext) -> None:
        self.context = context
        self.waiting: list[Packet[int]] = []

    def process(self, inputs: OneNumber) -> Emission[Number] | None:
        self.waiting.append(inputs.number)
        self.params.log.see(self.params.name, (inputs.number.value, self.context.now_ns() // MS))
        return self._answer() if len(self.waiting) > self.params.lag else None

    def drain(self) -> Iterable[Emission[Number]]:
        while self.waiting:
            yield self._answer()

    def _answer(self) -> Emission[Number]:
        known = self.waiting[-1].value
        packet = self.waiting.pop(0)
        return Emission(Number(10 * packet.value + known), packet.t_ns, packet.seq)


@dataclass(frozen=True)
class TickInputs:
    tick: Packet[Tick] = tick()
    still: Packet[int] | None = latest("From a picture.")
    number: Packet[int] | None = latest("From a driver.")


class Smooth(Node[Logging, TickInputs, Number], type="test.smooth", lane=Lane.RENDER):
    """Runs with every step."""

    def process(self, inputs: TickInputs) -> Number:
        number = inputs.number.value if inputs.number else -1
        moment = inputs.tick.value
        self.params.log.see(self.params.name, (number, moment.now_ns // MS, moment.dt_ns // MS))
        return Number(number)


class Write(Node[Logging, OneNumber, NoOutputs], type="test.write"):
    """Keeps what it gets."""

    def process(self, inputs: OneNumber) -> None:
        p = inputs.number
        self.params.log.see(self.params.name, (p.value, p.t_ns // MS, p.seq, p.gap))
        if p.seq == self.params.fail_at:
            raise VivantError("no space left")

    def close(self, outcome: Outcome) -> None:
        self.params.log.closed.append((self.params.name, outcome))
        if self.params.fail_at == -2:
            raise VivantError("the file cannot be finished")


class Screen(Node[Logging, OneNumber, NoOutputs], type="test.screen", lane=Lane.RENDER, shows=True):
    """Needs a display."""

    def open(self, context: NodeContext) -> None:
        raise AssertionError("there is no display")

    def process(self, inputs: OneNumber) -> None: ...


@pytest.fixture
def log() -> Log:
    return Log()


def puppet(build_graph: BuildGraph, log: Log, **changes: Mapping[str, object]) -> Graph:
    """A graph of the shape of the portrait presets: driver, tracker, picture, drawing, encoder, window."""

    def with_log(name: str) -> dict[str, object]:
        return {"name": name, "log": log, **changes.get(name, {})}

    return build_graph(
        driver=(Clip, with_log("driver"), {}),
        picture=(Still, with_log("picture"), {}),
        track=(Sum, with_log("track"), {"number": "driver.number", "other": "picture.number"}),
        draw=(Draw, with_log("draw"), {"number": "track.number", "other": "picture.number"}),
        read=(Late, with_log("read"), {"number": "draw.number"}),
        screen=(Screen, with_log("screen"), {"number": "draw.number"}),
        write=(Write, with_log("write"), {"number": "read.number"}),
    )


def test_one_output_per_driver_frame_in_order_late_ones_included(
    build_graph: BuildGraph, services: Services, log: Log
) -> None:
    steps: list[tuple[int, int | None]] = []
    engine = OfflineEngine(puppet(build_graph, log), services, progress=lambda done, total: steps.append((done, total)))
    result = engine.run(threading.Event())
    assert log.seen["write"] == [
        (2000, 0, 0, False),
        (2001, 40, 1, False),
        (2002, 80, 2, False),
        (2003, 120, 3, False),
    ]
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert (result.outcome, result.frames) == (Outcome.DONE, 4)
    assert log.seen["picture"] == [1000]
    assert "screen" not in result.nodes
    assert result.nodes["write"].statistics.count == 4
    assert result.nodes["write"].statistics.dropped == 0


def test_two_runs_are_the_same(build_graph: BuildGraph, services: Services) -> None:
    runs = []
    for _ in range(2):
        log = Log()
        OfflineEngine(puppet(build_graph, log, driver={"count": 60}), services).run(threading.Event())
        runs.append(log.seen)
    assert len(runs[0]["write"]) == 60
    assert runs[0] == runs[1]


def test_a_thread_for_each_stage_and_the_render_lane_on_the_callers(
    build_graph: BuildGraph, services: Services, log: Log
) -> None:
    OfflineEngine(puppet(build_graph, log, driver={"count": 9}), services).run(threading.Event())
    assert log.threads["draw"] == {threading.get_ident()}
    stages = ("driver", "track", "draw", "write")
    assert len(set().union(*(log.threads[stage] for stage in stages))) == 4 == sum(len(log.threads[s]) for s in stages)


def test_tracking_of_the_next_frame_overlaps_drawing(build_graph: BuildGraph, services: Services, log: Log) -> None:
    """Drawing frame 0 waits until the tracker has frame 1: that ends only when the two overlap."""
    tracked = threading.Event()

    class Tell(Sum, type="test.tell"):
        """Says when it has frame 1."""

        def process(self, inputs: TwoNumbers) -> Number:
            if inputs.number.seq == 1:
                tracked.set()
            return super().process(inputs)

    class Waits(Draw, type="test.waits", lane=Lane.RENDER):
        """Waits for the tracker."""

        def process(self, inputs: TwoNumbers) -> Number:
            assert tracked.wait(30)
            return super().process(inputs)

    nodes = {name: {"name": name, "log": log} for name in ("driver", "picture", "track", "draw")}
    graph = build_graph(
        driver=(Clip, nodes["driver"], {}),
        picture=(Still, nodes["picture"], {}),
        track=(Tell, nodes["track"], {"number": "driver.number", "other": "picture.number"}),
        draw=(Waits, nodes["draw"], {"number": "track.number", "other": "picture.number"}),
    )
    assert OfflineEngine(graph, services).run(threading.Event()).frames == 4


def test_closes_in_reverse_order_with_the_outcome(build_graph: BuildGraph, services: Services, log: Log) -> None:
    OfflineEngine(puppet(build_graph, log), services).run(threading.Event())
    assert log.closed == [(name, Outcome.DONE) for name in ("write", "draw", "track", "picture", "driver")]


def test_stop_finishes_what_was_begun(build_graph: BuildGraph, services: Services, log: Log) -> None:
    stop = threading.Event()
    graph = puppet(build_graph, log, driver={"count": 1000, "stop_at": 3, "stop": stop})
    result = OfflineEngine(graph, services).run(stop)
    assert [value for value, *_ in log.seen["write"]] == [2000, 2001, 2002, 2003]
    assert result.outcome is Outcome.INTERRUPTED
    assert {outcome for _, outcome in log.closed} == {Outcome.INTERRUPTED}


def test_an_interrupt_between_keeps_what_was_written(build_graph: BuildGraph, services: Services, log: Log) -> None:
    def interrupt(done: int, total: int | None) -> None:
        if done == 3:
            raise KeyboardInterrupt

    engine = OfflineEngine(puppet(build_graph, log, driver={"count": 1000}), services, progress=interrupt)
    with pytest.raises(KeyboardInterrupt):
        engine.run(threading.Event())
    assert {outcome for _, outcome in log.closed} == {Outcome.INTERRUPTED}
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("vivant")]


def test_stop_before_the_start_opens_nothing(build_graph: BuildGraph, services: Services, log: Log) -> None:
    stop = threading.Event()
    stop.set()
    result = OfflineEngine(puppet(build_graph, log), services).run(stop)
    assert (result.outcome, result.frames, log.seen, log.closed) == (Outcome.INTERRUPTED, 0, {}, [])


@pytest.mark.parametrize("node", ["track", "draw"])
def test_a_fault_in_a_nodes_code_is_fatal_and_told_without_traceback(
    build_graph: BuildGraph, services: Services, log: Log, tmp_path: Path, node: str
) -> None:
    with pytest.raises(VivantError) as raised:
        OfflineEngine(puppet(build_graph, log, **{node: {"fail_at": 2}}), services).run(threading.Event())
    error = raised.value
    assert error.what == f"the node {node} failed: ZeroDivisionError: by zero"
    assert error.where == f"node {node}"
    file = tmp_path / "log" / "vivant-faults.log"
    assert str(file) in error.remedy
    assert "Traceback" in file.read_text()
    assert "in process" in file.read_text()
    assert [name for name, _ in log.closed] == ["write", "draw", "track", "picture", "driver"]
    assert {outcome for _, outcome in log.closed} == {Outcome.FAILED}


@pytest.mark.parametrize(("node", "what"), [("driver", "the file breaks off"), ("write", "no space left")])
def test_an_error_for_the_user_passes_with_its_node(
    build_graph: BuildGraph, services: Services, log: Log, node: str, what: str
) -> None:
    changes: dict[str, dict[str, object]] = {"driver": {"count": 500}}
    changes.setdefault(node, {})["fail_at"] = 2
    graph = puppet(build_graph, log, **changes)
    with pytest.raises(VivantError) as raised:
        OfflineEngine(graph, services).run(threading.Event())
    assert (raised.value.what, raised.value.where) == (what, f"node {node}")
    assert {outcome for _, outcome in log.closed} == {Outcome.FAILED}
    assert not [t for t in threading.enumerate() if t.name.startswith("vivant")]


def test_a_fault_in_closing_is_told_and_the_others_are_closed(
    build_graph: BuildGraph, services: Services, log: Log
) -> None:
    graph = puppet(build_graph, log, write={"fail_at": -2})
    with pytest.raises(VivantError, match="cannot be finished"):
        OfflineEngine(graph, services).run(threading.Event())
    assert [name for name, _ in log.closed] == ["write", "draw", "track", "picture", "driver"]


def test_a_camera_is_refused(build_graph: BuildGraph, services: Services, log: Log) -> None:
    graph = build_graph(driver=(Camera, {"log": log}, {}), write=(Write, {"log": log}, {"number": "driver.number"}))
    with pytest.raises(VivantError) as raised:
        OfflineEngine(graph, services).run(threading.Event())
    assert "driver is a live source (test.camera)" in raised.value.what
    assert raised.value.exit_status == 2


def test_still_pictures_alone_make_one_step(build_graph: BuildGraph, services: Services, log: Log) -> None:
    graph = build_graph(
        picture=(Still, {"name": "picture", "log": log}, {}),
        smooth=(Smooth, {"name": "smooth", "log": log}, {"still": "picture.number"}),
        write=(Write, {"name": "write", "log": log}, {"number": "smooth.number"}),
    )
    assert OfflineEngine(graph, services).run(threading.Event()).frames == 1
    assert log.seen["smooth"] == [(-1, 0, 0)]


def test_other_media_are_sampled_at_the_drivers_times(build_graph: BuildGraph, services: Services, log: Log) -> None:
    graph = build_graph(
        slow=(Clip, {"name": "slow", "log": log, "count": 2, "step_ns": 60 * MS}, {}),
        fast=(Clip, {"name": "fast", "log": log, "count": 99, "step_ns": 15 * MS}, {}),
        driver=(Clip, {"name": "driver", "log": log, "count": 4, "step_ns": 40 * MS}, {}),
        sum=(Sum, {"name": "sum", "log": log}, {"number": "driver.number", "other": "slow.number"}),
        write=(Write, {"name": "write", "log": log}, {"number": "fast.number"}),
    )
    result = OfflineEngine(graph, services).run(threading.Event())
    assert result.frames == 4
    assert [total for total, *_ in log.seen["sum"]] == [0, 1, 3, 4]  # slow: 0, 0, 1, 1
    assert log.seen["write"] == [(0, 0, 0, False), (2, 30, 2, True), (5, 75, 5, True), (8, 120, 8, True)]
    assert result.nodes["fast"].statistics.dropped == 5


def test_ticks_carry_the_time_of_what_moves_and_never_exceed_the_steps(
    build_graph: BuildGraph, services: Services, log: Log
) -> None:
    graph = build_graph(
        picture=(Still, {"name": "picture", "log": log}, {}),
        driver=(Clip, {"name": "driver", "log": log}, {}),
        smooth=(
            Smooth,
            {"name": "smooth", "log": log},
            {"still": "picture.number", "number": "driver.number"},
        ),
        write=(Write, {"name": "write", "log": log}, {"number": "smooth.number"}),
    )
    OfflineEngine(graph, services).run(threading.Event())
    assert log.seen["smooth"] == [(0, 0, 0), (1, 40, 40), (2, 80, 40), (3, 120, 40)]
    assert [t for _, t, _, _ in log.seen["write"]] == [0, 40, 80, 120]
    assert [seq for _, _, seq, _ in log.seen["write"]] == [0, 1, 2, 3]


@dataclass(frozen=True)
class NeedyTickInputs:
    number: Packet[int] = latest("From a driver.")
    tick: Packet[Tick] = tick()


class Needy(Node[Logging, NeedyTickInputs, Number], type="test.needy", lane=Lane.RENDER):
    """Runs with every step, once it has a number."""

    def process(self, inputs: NeedyTickInputs) -> Number:
        self.params.log.see(self.params.name, inputs.number.value)
        return Number(inputs.number.value)


class LateTracker(Late, Node[Logging, OneNumber, Number], type="test.late_tracker"):
    """Answers one frame late, in the thread ahead."""


def test_a_tracker_that_answers_late_costs_no_frame_and_adds_none(
    build_graph: BuildGraph, services: Services, log: Log
) -> None:
    def params(name: str) -> dict[str, object]:
        return {"name": name, "log": log}

    graph = build_graph(
        driver=(Clip, params("driver"), {}),
        track=(LateTracker, params("track"), {"number": "driver.number"}),
        needy=(Needy, params("needy"), {"number": "track.number"}),
        smooth=(Smooth, params("smooth"), {"number": "track.number"}),
        needy_out=(Write, params("needy_out"), {"number": "needy.number"}),
        smooth_out=(Write, params("smooth_out"), {"number": "smooth.number"}),
    )
    OfflineEngine(graph, services).run(threading.Event())
    # what needs the tracker starts a step later and makes up for it at the end
    assert log.seen["needy"] == [0, 1, 2, 3]
    assert [number for number, _, _ in log.seen["smooth"]] == [-1, 0, 1, 2]
    assert len(log.seen["needy_out"]) == len(log.seen["smooth_out"]) == 4


def test_durations_are_measured_with_the_clock_given(build_graph: BuildGraph, services: Services, log: Log) -> None:
    clock = VirtualClock()

    class Slow(Draw, type="test.slow", lane=Lane.RENDER):
        """Takes 7 ms."""

        def process(self, inputs: TwoNumbers) -> Number:
            clock.advance_to(clock.now_ns() + 7 * MS)
            return super().process(inputs)

    graph = build_graph(
        driver=(Clip, {"name": "driver", "log": log}, {}),
        draw=(Slow, {"name": "draw", "log": log}, {"number": "driver.number", "other": "driver.number"}),
    )
    result = OfflineEngine(graph, services, clock=clock).run(threading.Event())
    assert result.duration_ns == 28 * MS
    report = result.report()
    assert (report["frames"], report["fps"], report["duration_s"]) == (4, 142.857, 0.028)
    assert report["nodes"]["draw"]["ms_p50"] == 7.0
    assert report["latency_ms"] == {"p50": None, "p95": None, "p99": None}


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_what_a_node_knows_by_looking_ahead_is_there_when_its_frame_is_drawn(
    build_graph: BuildGraph, services: Services, log: Log, count: int
) -> None:
    named = {name: {"name": name, "log": log} for name in ("track", "smooth", "beside", "write")}
    steps: list[int] = []
    graph = build_graph(
        driver=(Clip, {"name": "driver", "log": log, "count": count}, {}),
        first=(Ahead, {"name": "first", "log": log, "lag": 2}, {"number": "driver.number"}),
        second=(Ahead, {"name": "second", "log": log, "lag": 1}, {"number": "first.number"}),
        track=(Sum, named["track"], {"number": "second.number", "other": "driver.number"}),
        smooth=(Smooth, named["smooth"], {"number": "track.number"}),
        beside=(Smooth, named["beside"], {"number": "driver.number"}),
        write=(Write, named["write"], {"number": "smooth.number"}),
    )
    result = OfflineEngine(graph, services, progress=lambda done, total: steps.append(done)).run(threading.Event())
    last = count - 1
    first = [10 * n + min(n + 2, last) for n in range(count)]
    second = [10 * first[n] + first[min(n + 1, last)] for n in range(count)]
    total = [second[n] + n for n in range(count)]
    assert log.seen.get("track", []) == [(total[n], 40 * n * MS, n) for n in range(count)]
    assert log.seen.get("smooth", []) == [(total[n], 40 * n, 40 * bool(n)) for n in range(count)]
    assert log.seen.get("beside", []) == [(n, 40 * n, 40 * bool(n)) for n in range(count)]
    assert log.seen.get("write", []) == [(total[n], 40 * n, n, False) for n in range(count)]
    # each sees the time of what it is given, not of what was read ahead
    assert log.seen.get("second", []) == [(first[n], 40 * n) for n in range(count)]
    assert (steps, result.frames) == (list(range(1, count + 1)), count)


def test_what_was_looked_ahead_for_is_drawn_after_a_stop(build_graph: BuildGraph, services: Services, log: Log) -> None:
    stop = threading.Event()
    graph = build_graph(
        driver=(Clip, {"name": "driver", "log": log, "count": 1000, "stop_at": 5, "stop": stop}, {}),
        first=(Ahead, {"name": "first", "log": log, "lag": 3}, {"number": "driver.number"}),
        write=(Write, {"name": "write", "log": log}, {"number": "first.number"}),
    )
    assert OfflineEngine(graph, services).run(stop).outcome is Outcome.INTERRUPTED
    assert [seq for *_, seq, _ in log.seen["write"]] == list(range(6))


class Follow(Smooth, Node[Logging, TickInputs, Number], type="test.follow", lane=Lane.RENDER, draws=False):
    """Runs with every step, and draws nothing."""


class Ponder(Smooth, Node[Logging, TickInputs, Number], type="test.ponder", lane=Lane.RENDER, settles=True):
    """Looks at what stands still, for as long as it takes."""

    def process(self, inputs: TickInputs) -> Number:
        super().process(inputs)
        return Number(inputs.still.value + 1 if inputs.still else 0)


def test_what_runs_with_every_step_and_does_not_draw_does_not_wait_for_what_does(
    build_graph: BuildGraph, services: Services, log: Log
) -> None:
    graph = build_graph(
        driver=(Clip, {"name": "driver", "log": log}, {}),
        ahead=(Ahead, {"name": "ahead", "log": log}, {"number": "driver.number"}),
        follow=(Follow, {"name": "follow", "log": log}, {"number": "ahead.number"}),
        smooth=(Smooth, {"name": "smooth", "log": log}, {"number": "follow.number"}),
    )
    OfflineEngine(graph, services).run(threading.Event())
    # each step with the answer that belongs to it, though that came two frames later
    assert log.seen["follow"] == [(2, 0, 0), (13, 40, 40), (23, 80, 40), (33, 120, 40)]
    assert [number for number, _, _ in log.seen["smooth"]] == [2, 13, 23, 33]
    assert log.threads["follow"] == log.threads["ahead"] != log.threads["smooth"] == {threading.get_ident()}


def test_what_settles_is_asked_once_where_nothing_that_moves_feeds_it(
    build_graph: BuildGraph, services: Services, log: Log
) -> None:
    graph = build_graph(
        driver=(Clip, {"name": "driver", "log": log}, {}),
        still=(Still, {"name": "still", "log": log}, {}),
        ponder=(Ponder, {"name": "ponder", "log": log}, {"still": "still.number"}),
        moved=(Ponder, {"name": "moved", "log": log}, {"still": "still.number", "number": "driver.number"}),
        sum=(Sum, {"name": "sum", "log": log}, {"number": "driver.number", "other": "ponder.number"}),
    )
    OfflineEngine(graph, services).run(threading.Event())
    assert log.seen["ponder"] == [(-1, 0, 0)]
    assert len(log.seen["moved"]) == 4
    assert [total for total, _, _ in log.seen["sum"]] == [1001, 1002, 1003, 1004]
    # before the first step, on the thread that draws; what reads it is not kept there
    assert log.threads["ponder"] == {threading.get_ident()}
    assert threading.get_ident() not in log.threads["sum"]


class Expectant(Adding, Node[Logging, TwoNumbers, Number], type="test.expectant", lane=Lane.RENDER):
    """Makes ready with what it knows before the first frame."""

    def expect(self, known: Mapping[str, Packet[Any]]) -> None:
        self.params.log.see("expected", {name: packet.value for name, packet in known.items()})
        if self.params.name == "broken":
            raise ValueError("cannot make ready")


def test_a_node_expects_the_first_frame_with_what_is_known_before_it(
    build_graph: BuildGraph, services: Services, log: Log
) -> None:
    graph = build_graph(
        driver=(Clip, {"name": "driver", "log": log}, {}),
        still=(Still, {"name": "still", "log": log}, {}),
        sum=(Expectant, {"name": "sum", "log": log}, {"number": "driver.number", "other": "still.number"}),
    )
    OfflineEngine(graph, services).run(threading.Event())
    assert log.seen["expected"] == [{"other": 1000}]
    assert log.threads["expected"] == {threading.get_ident()}  # where it draws
    assert len(log.seen["sum"]) == 4


def test_a_node_that_cannot_make_ready_ends_the_run_and_is_named(
    build_graph: BuildGraph, services: Services, log: Log
) -> None:
    graph = build_graph(
        driver=(Clip, {"name": "driver", "log": log}, {}),
        still=(Still, {"name": "still", "log": log}, {}),
        broken=(Expectant, {"name": "broken", "log": log}, {"number": "driver.number", "other": "still.number"}),
    )
    with pytest.raises(VivantError, match="the node broken failed: ValueError: cannot make ready"):
        OfflineEngine(graph, services).run(threading.Event())
    assert "broken" not in log.seen
