from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from vivant.graph.errors import EndOfStream, VivantError
from vivant.graph.graph import Graph
from vivant.graph.node import Emission, Lane, Node, NodeContext, Outcome, Pace, Source
from vivant.graph.packet import Packet, Tick
from vivant.graph.params import NodeParams, param
from vivant.graph.port import NoInputs, NoOutputs, latest, output, tick, trigger
from vivant.runtime.clock import Doorbell, VirtualClock
from vivant.runtime.live import PREPARED_NS, LiveEngine
from vivant.runtime.services import Services

BuildGraph = Callable[..., Graph]
MS = 1_000_000
STEP = 1_000_000_000 // 60


class World:
    """The clock of a test, and what its nodes saw, with the moment."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.seen: dict[str, list[Any]] = {}
        self.closed: list[tuple[str, Outcome]] = []
        self.threads: dict[str, set[int]] = {}

    def see(self, name: str, *values: object) -> None:
        self.seen.setdefault(name, []).append((self.clock.now_ns(), *values))
        self.threads.setdefault(name, set()).add(threading.get_ident())

    def work(self, duration_ns: int) -> None:
        """Take time, as a network or a device would."""
        if duration_ns:
            self.clock.wait(Doorbell(), lambda: False, self.clock.now_ns() + duration_ns)


class InWorld(NodeParams):
    name: str = param("")
    world: Any = param(None)
    takes_ns: int = param(0)
    slow_at: dict[int, int] = param({})
    fail_at: tuple[int, ...] = param(())
    count: int = param(1_000_000)
    step_ns: int = param(40 * MS)
    stop_at: int = param(-1)
    stop: Any = param(None)


@dataclass(frozen=True)
class Number:
    number: int = output("A number.")


@dataclass(frozen=True)
class OneNumber:
    number: Packet[int] = trigger("A number.")


@dataclass(frozen=True)
class TwoNumbers:
    number: Packet[int] = trigger("A number.")
    other: Packet[int] = latest("Another one.")


@dataclass(frozen=True)
class TickInputs:
    tick: Packet[Tick] = tick()
    number: Packet[int] | None = latest("From a driver.")


class Acting:
    params: InWorld
    calls = 0

    def count(self) -> int:
        """Take the time this call takes, fail when it should, and return the number of the call."""
        call, self.calls = self.calls, self.calls + 1
        self.params.world.work(self.params.slow_at.get(call, self.params.takes_ns))
        if call in self.params.fail_at:
            raise OSError(f"call {call}")
        return call

    def close(self, outcome: Outcome) -> None:
        self.params.world.closed.append((self.params.name, outcome))


class Clip(Acting, Source[InWorld, Number], type="live.clip", pace=Pace.MEDIA):
    """Counts, at times of its own."""

    def process(self, inputs: NoInputs) -> Emission[Number]:
        index = self.count()
        if index >= self.params.count:
            raise EndOfStream
        return Emission(Number(index), index * self.params.step_ns)


class Camera(Acting, Source[InWorld, Number], type="live.camera", pace=Pace.CAPTURE):
    """Has a picture every so often; says the number of times it was opened."""

    def open(self, context: NodeContext) -> None:
        self.params.world.see(self.params.name + " opened")
        # a camera opened again counts on: only its first connection breaks
        self.calls = 100 * (len(self.params.world.seen[self.params.name + " opened"]) - 1)

    def process(self, inputs: NoInputs) -> Number | None:
        index = self.count()
        if index == self.params.stop_at:
            self.params.stop.set()
        return None if index % 100 == 1 else Number(index)


class Still(Acting, Source[InWorld, Number], type="live.still", pace=Pace.ONCE):
    """Says 1000, once."""

    def process(self, inputs: NoInputs) -> Number:
        return Number(1000 + self.count())


class Track(Acting, Node[InWorld, OneNumber, Number], type="live.track"):
    """Passes on what it gets."""

    def process(self, inputs: OneNumber) -> Number:
        self.count()
        p = inputs.number
        self.params.world.see(self.params.name, p.value, p.gap)
        return Number(p.value)


class Draw(Acting, Node[InWorld, TwoNumbers, Number], type="live.draw", lane=Lane.RENDER):
    """Adds two numbers on the main thread."""

    def process(self, inputs: TwoNumbers) -> Number:
        self.count()
        p = inputs.number
        self.params.world.see(self.params.name, p.value + inputs.other.value, p.t_ns, p.gap)
        return Number(p.value)


class Smooth(Acting, Node[InWorld, TickInputs, Number], type="live.smooth", lane=Lane.RENDER):
    """Runs with every step."""

    def process(self, inputs: TickInputs) -> Number:
        value = inputs.number.value if inputs.number else -1
        self.params.world.see(self.params.name, value, inputs.tick.value.dt_ns)
        return Number(value)


class Tinker(Acting, Node[InWorld, TickInputs, Number], type="live.tinker", lane=Lane.RENDER):
    """Uses time that is to spare."""

    def process(self, inputs: TickInputs) -> Number:
        self.params.world.see(self.params.name + " stepped")
        return Number(0)

    def spare(self) -> bool:
        call = self.count()
        self.params.world.see(self.params.name, call)
        if call == self.params.stop_at:
            self.params.stop.set()
        return call + 1 < self.params.count


class Screen(Acting, Node[InWorld, OneNumber, NoOutputs], type="live.screen", lane=Lane.RENDER, shows=True):
    """A window."""

    def process(self, inputs: OneNumber) -> None:
        self.count()
        self.params.world.see(self.params.name, inputs.number.value, inputs.number.seq)


class Write(Acting, Node[InWorld, OneNumber, NoOutputs], type="live.write"):
    """An encoder."""

    def process(self, inputs: OneNumber) -> None:
        self.count()
        self.params.world.see(self.params.name, inputs.number.value, inputs.number.gap)


@pytest.fixture
def world() -> World:
    return World()


def puppet(build_graph: BuildGraph, world: World, source: Any = Clip, **changes: Mapping[str, object]) -> Graph:
    def params(name: str) -> dict[str, object]:
        return {"name": name, "world": world, **changes.get(name, {})}

    return build_graph(
        driver=(source, params("driver"), {}),
        picture=(Still, params("picture"), {}),
        still_track=(Track, params("still_track"), {"number": "picture.number"}),
        track=(Track, params("track"), {"number": "driver.number"}),
        draw=(Draw, params("draw"), {"number": "track.number", "other": "still_track.number"}),
        screen=(Screen, params("screen"), {"number": "draw.number"}),
    )


def times(world: World, name: str) -> list[int]:
    return [t_ns for t_ns, *_ in world.seen[name]]


def test_media_is_drawn_as_soon_as_the_tracker_has_it(
    build_graph: BuildGraph, services: Services, world: World
) -> None:
    graph = puppet(build_graph, world, driver={"count": 8}, track={"takes_ns": 10 * MS})
    result = LiveEngine(graph, services, clock=world.clock).run(threading.Event())
    assert world.seen["track"] == [((40 * n + 10) * MS, n, False) for n in range(8)]
    drawn = [(t, number, t_ns) for t, number, t_ns, _ in world.seen["draw"]]
    assert [values for _, *values in drawn] == [[1000 + n, 40 * n * MS] for n in range(8)]
    late = [t - (40 * n + 10) * MS for n, (t, *_) in enumerate(drawn)]
    # a frame had just begun when the second came; from the fifth on it is known when to expect one
    assert late[0] == 0
    assert max(late) <= STEP // 2
    assert late[4:] == [0, 0, 0, 0]
    assert [values for _, *values in world.seen["screen"]] == [[n, n] for n in range(8)]
    assert (result.outcome, result.frames) == (Outcome.DONE, 8)
    assert result.report()["latency_ms"]["p50"] == 10.0
    assert result.nodes["track"].as_json()["ms_p50"] == 10.0


def test_the_still_part_is_made_before_the_first_step(
    build_graph: BuildGraph, services: Services, world: World
) -> None:
    graph = puppet(build_graph, world, driver={"count": 1}, still_track={"takes_ns": 3_000 * MS})
    result = LiveEngine(graph, services, clock=world.clock).run(threading.Event())
    assert world.seen["still_track"] == [(3_000 * MS, 1000, False)]
    assert times(world, "track") == [3_000 * MS]
    assert result.frames == 1
    assert result.nodes["still_track"].statistics.count == 1


def test_a_slow_tracker_gets_the_newest_frame_and_drops_are_counted(
    build_graph: BuildGraph, services: Services, world: World
) -> None:
    graph = puppet(build_graph, world, driver={"count": 9}, track={"takes_ns": 100 * MS})
    result = LiveEngine(graph, services, clock=world.clock).run(threading.Event())
    assert [values for _, *values in world.seen["track"]] == [
        [0, False],
        [2, True],
        [5, True],
        [7, True],
        [8, False],
    ]
    assert result.nodes["track"].statistics.dropped == 4
    assert result.frames == 5


def test_a_node_woken_by_a_picture_waits_for_what_moves(
    build_graph: BuildGraph, services: Services, world: World
) -> None:
    class Both(Acting, Node[InWorld, TwoNumbers, Number], type="live.both"):
        """Adds two numbers, in a thread."""

        def process(self, inputs: TwoNumbers) -> Number:
            world.see("both", inputs.number.value + inputs.other.value)
            return Number(0)

    graph = puppet(build_graph, world, driver={"count": 3}, track={"takes_ns": 10 * MS})
    both = build_graph(both=(Both, {"world": world}, {"number": "picture.number", "other": "track.number"}))
    LiveEngine(replace(graph, nodes=graph.nodes + both.nodes), services, clock=world.clock).run(threading.Event())
    assert world.seen["both"] == [(10 * MS, 1000)]


def test_late_media_is_skipped_and_never_caught_up(build_graph: BuildGraph, services: Services, world: World) -> None:
    """The file stalls until 210 ms before emission 2: 2 to 4 are past by then, 5 is still worth showing."""
    graph = puppet(build_graph, world, driver={"count": 7, "slow_at": {2: 170 * MS}})
    result = LiveEngine(graph, services, clock=world.clock).run(threading.Event())
    assert world.seen["track"] == [
        (0, 0, False),
        (40 * MS, 1, False),
        (210 * MS, 5, True),
        (240 * MS, 6, False),
    ]
    assert result.nodes["driver"].statistics.dropped == 3


def test_media_that_cannot_keep_up_is_slowed_down_rather_than_skipped_for_ever(
    build_graph: BuildGraph, services: Services, world: World
) -> None:
    graph = puppet(build_graph, world, driver={"count": 12, "takes_ns": 60 * MS})
    LiveEngine(graph, services, clock=world.clock).run(threading.Event())
    # each takes 60 ms and stands for 40: when skipping 3 and 7 has not helped, time is put off
    assert [value for _, value, _ in world.seen["track"]] == [0, 1, 2, 4, 5, 6, 8, 9, 10]


def test_ticks_come_at_the_rate_of_the_display_and_with_each_arrival(
    build_graph: BuildGraph, services: Services, world: World
) -> None:
    def params(name: str) -> dict[str, object]:
        return {"name": name, "world": world}

    graph = build_graph(
        driver=(Clip, params("driver"), {}),
        smooth=(Smooth, params("smooth"), {"number": "driver.number"}),
        screen=(Screen, params("screen"), {"number": "smooth.number"}),
    )
    result = LiveEngine(graph, services, clock=world.clock, duration_s=0.4).run(threading.Event())
    moments = [t for t, *_ in world.seen["smooth"]]
    assert moments[0] == 0
    gaps = [b - a for a, b in itertools.pairwise(moments)]
    assert all(STEP // 2 <= gap <= STEP + STEP // 2 for gap in gaps)
    # what comes every 40 ms is drawn the moment it comes, once that is known, and once more in between
    assert world.seen["smooth"][-6:] == [
        (280 * MS, 7, 280 * MS - moments[-7]),
        (280 * MS + STEP, 7, STEP),
        (320 * MS, 8, 40 * MS - STEP),
        (320 * MS + STEP, 8, STEP),
        (360 * MS, 9, 40 * MS - STEP),
        (360 * MS + STEP, 9, STEP),
    ]
    assert result.duration_ns == 400 * MS
    assert result.frames == len(moments)


def test_a_camera_is_stamped_and_the_run_ends_with_stop(
    build_graph: BuildGraph, services: Services, world: World
) -> None:
    stop = threading.Event()
    graph = puppet(build_graph, world, Camera, driver={"takes_ns": 33 * MS, "stop": stop, "stop_at": 5})
    result = LiveEngine(graph, services, clock=world.clock).run(stop)
    # call 1 brought nothing: the camera is asked again
    assert world.seen["track"][:3] == [(33 * MS, 0, False), (99 * MS, 2, False), (132 * MS, 3, False)]
    assert world.seen["draw"][0] == (33 * MS, 1000, 33 * MS, False)
    assert result.outcome is Outcome.INTERRUPTED
    assert {outcome for _, outcome in world.closed} == {Outcome.INTERRUPTED}


def test_nodes_are_closed_in_reverse_and_threads_are_gone(
    build_graph: BuildGraph, services: Services, world: World
) -> None:
    LiveEngine(puppet(build_graph, world, driver={"count": 2}), services, clock=world.clock).run(threading.Event())
    order = ["screen", "draw", "track", "still_track", "picture", "driver"]
    assert world.closed == [(name, Outcome.DONE) for name in order]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("vivant")]


def test_each_blocking_node_has_its_thread_and_the_render_lane_the_callers(
    build_graph: BuildGraph, services: Services, world: World
) -> None:
    LiveEngine(puppet(build_graph, world, driver={"count": 3}), services, clock=world.clock).run(threading.Event())
    assert world.threads["draw"] == world.threads["screen"] == {threading.get_ident()}
    assert len(world.threads["track"]) == 1
    assert threading.get_ident() not in world.threads["track"]


def test_a_failing_node_holds_and_is_tried_again_with_longer_pauses(
    build_graph: BuildGraph, services: Services, world: World, notices: list[str], tmp_path: Path
) -> None:
    graph = puppet(build_graph, world, driver={"count": 200}, track={"fail_at": (1, 2, 3)})
    result = LiveEngine(graph, services, clock=world.clock).run(threading.Event())
    # failures at 40, 540 and 1540 ms; pauses of 0.5, 1 and 2 s
    assert times(world, "track")[:3] == [0, 3540 * MS, 3560 * MS]
    assert result.nodes["track"].as_json()["faults"] == 3
    assert result.outcome is Outcome.DONE
    assert [n for n in notices if n.startswith("track: the node track failed: OSError: call 1;")]
    assert "Traceback" in (tmp_path / "log" / "vivant-faults.log").read_text()


def test_the_same_fault_is_told_once_and_then_counted(
    build_graph: BuildGraph, services: Services, world: World, notices: list[str]
) -> None:
    class Broken(Track, type="live.broken"):
        """Works once."""

        def process(self, inputs: OneNumber) -> Number:
            if self.calls:
                raise VivantError("the network is gone")
            return super().process(inputs)

    graph = puppet(build_graph, world, driver={"count": 500})
    specs = tuple(replace(s, node_class=Broken) if s.id == "track" else s for s in graph.nodes)
    result = LiveEngine(replace(graph, nodes=specs), services, clock=world.clock, duration_s=16).run(threading.Event())
    # at 0.04, 0.54, 1.54, 3.54 and 7.54 s: the longest pause is 8 s
    assert result.nodes["track"].as_json()["faults"] == 6
    assert result.nodes["track"].as_json()["state"] == "holding"
    assert notices == [
        "track: the network is gone; its last output is held and it is tried again",
        "track failed 6 times: the network is gone",
    ]


def test_a_camera_that_breaks_is_opened_again(
    build_graph: BuildGraph, services: Services, world: World, notices: list[str]
) -> None:
    graph = puppet(build_graph, world, Camera, driver={"takes_ns": 30 * MS, "fail_at": (3,)})
    LiveEngine(graph, services, clock=world.clock, duration_s=0.79).run(threading.Event())
    assert times(world, "driver opened") == [0, 620 * MS]
    assert [value for _, value, _ in world.seen["track"]] == [0, 2, 100, 102, 103, 104]
    assert world.closed[0] == ("driver", Outcome.FAILED)
    assert len(notices) == 2
    assert notices[1] == "driver works again"


def test_a_fault_in_drawing_degrades_too(build_graph: BuildGraph, services: Services, world: World) -> None:
    graph = puppet(build_graph, world, driver={"count": 30}, draw={"fail_at": (2,)})
    result = LiveEngine(graph, services, clock=world.clock).run(threading.Event())
    drawn = [value - 1000 for _, value, *_ in world.seen["draw"]]
    assert drawn[:2] == [0, 1]
    assert drawn[2] >= 14
    assert result.nodes["draw"].statistics.dropped == drawn[2] - 3


@pytest.mark.parametrize("node", ["driver", "still_track", "track", "draw"])
def test_a_fault_before_the_first_frame_ends_the_run(
    build_graph: BuildGraph, services: Services, world: World, node: str
) -> None:
    graph = puppet(build_graph, world, **{node: {"fail_at": (0,)}})
    with pytest.raises(VivantError) as raised:
        LiveEngine(graph, services, clock=world.clock).run(threading.Event())
    assert raised.value.what == f"the node {node} failed: OSError: call 0"
    assert {outcome for _, outcome in world.closed} == {Outcome.FAILED}
    assert len(world.closed) == 6


def test_a_file_that_breaks_off_ends_the_run_and_keeps_what_was_written(
    build_graph: BuildGraph, services: Services, world: World
) -> None:
    graph = puppet(build_graph, world, driver={"fail_at": (3,)})
    with pytest.raises(VivantError, match="call 3"):
        LiveEngine(graph, services, clock=world.clock).run(threading.Event())
    assert [value for _, value, _ in world.seen["track"]] == [0, 1, 2]
    assert {outcome for _, outcome in world.closed} == {Outcome.INTERRUPTED}


def test_headless_leaves_the_window_out_and_measures_at_the_last_drawing(
    build_graph: BuildGraph, services: Services, world: World
) -> None:
    graph = puppet(build_graph, world, driver={"count": 3})
    result = LiveEngine(graph, services, clock=world.clock, headless=True).run(threading.Event())
    assert "screen" not in result.nodes
    assert result.frames == 3
    assert result.latency.percentile(50) is not None


def test_an_encoder_gets_the_newest_picture_and_the_last_one(
    build_graph: BuildGraph, services: Services, world: World
) -> None:
    graph = puppet(build_graph, world, driver={"count": 5})
    encoder = build_graph(
        write=(Write, {"name": "write", "world": world, "takes_ns": 90 * MS}, {"number": "draw.number"})
    )
    result = LiveEngine(replace(graph, nodes=graph.nodes + encoder.nodes), services, clock=world.clock).run(
        threading.Event()
    )
    assert [values for _, *values in world.seen["write"]] == [[0, False], [2, True], [4, True]]
    assert result.nodes["write"].statistics.dropped == 2


def test_a_worker_that_hangs_is_named_and_not_closed(
    build_graph: BuildGraph, services: Services, world: World, notices: list[str]
) -> None:
    released = list[str]()

    class Hangs(Track, type="live.hangs"):
        """Never comes back from its second frame, until the test is over."""

        def process(self, inputs: OneNumber) -> Number:
            if self.calls:
                world.clock.wait(Doorbell(), lambda: bool(released), 60_000 * MS)
            return super().process(inputs)

    graph = puppet(build_graph, world, driver={"count": 50})
    specs = tuple(replace(s, node_class=Hangs) if s.id == "track" else s for s in graph.nodes)
    result = LiveEngine(replace(graph, nodes=specs), services, clock=world.clock, duration_s=1).run(threading.Event())
    assert result.hung == ("track",)
    assert result.duration_ns == 2_000 * MS
    assert notices == ["track did not stop in time and is left behind"]
    assert "track" not in [name for name, _ in world.closed]
    released.append("now")


class Context:
    """Stands for ``moderngl.Context``."""

    collected = 0

    def gc(self) -> None:
        self.collected += 1


class Window:
    """Stands for the OpenGL context with a window, which the user closes after some looks."""

    renderer = "a drawn window"

    def __init__(self, clock: VirtualClock, closes_after: int = 10**9) -> None:
        self.context = Context()
        self.window = object()
        self.polls = list[int]()
        self._clock = clock
        self._closes_after = closes_after

    def should_close(self) -> bool:
        return len(self.polls) >= self._closes_after

    def poll(self) -> None:
        self.polls.append(self._clock.now_ns())

    def collect_garbage(self) -> None:
        self.context.collected += 1


def test_closing_the_window_ends_the_run(build_graph: BuildGraph, services: Services, world: World) -> None:
    gl = Window(world.clock, closes_after=4)
    graph = puppet(build_graph, world, driver={"count": 1, "slow_at": {1: 60 * MS}})
    result = LiveEngine(graph, replace(services, gl=gl), clock=world.clock).run(threading.Event())
    begin = STEP // 2  # when what was there at 0 is drawn
    assert gl.polls == [0, begin, begin + STEP, begin + 2 * STEP]
    assert gl.context.collected == 3
    assert (result.outcome, result.renderer) == (Outcome.DONE, "a drawn window")


def test_the_window_is_attended_to_while_a_model_loads(
    build_graph: BuildGraph, services: Services, world: World
) -> None:
    gl = Window(world.clock)
    graph = puppet(build_graph, world, driver={"count": 1}, still_track={"takes_ns": 220 * MS})
    LiveEngine(graph, replace(services, gl=gl), clock=world.clock).run(threading.Event())
    assert gl.polls[:4] == [50 * MS, 100 * MS, 150 * MS, 200 * MS]


def test_a_display_that_blocks_sets_the_pace(build_graph: BuildGraph, services: Services, world: World) -> None:
    gl = Window(world.clock)
    graph = puppet(build_graph, world, driver={"step_ns": 5 * MS}, screen={"takes_ns": 20 * MS})
    LiveEngine(graph, replace(services, gl=gl), clock=world.clock, duration_s=0.1).run(threading.Event())
    first = times(world, "screen")[0]
    assert times(world, "screen") == [first + step * 20 * MS for step in range(len(times(world, "screen")))]
    assert len(times(world, "screen")) >= 4


def test_two_runs_are_the_same(build_graph: BuildGraph, services: Services) -> None:
    runs = []
    for _ in range(2):
        world = World()
        graph = puppet(build_graph, world, driver={"step_ns": 7 * MS, "count": 300}, track={"takes_ns": 11 * MS})
        LiveEngine(graph, services, clock=world.clock).run(threading.Event())
        runs.append(world.seen)
    assert len(runs[0]["draw"]) > 80
    assert runs[0] == runs[1]


def tinkering(build_graph: BuildGraph, world: World, *, draws_ns: int = 0, **tinker: object) -> Graph:
    def params(name: str, **more: object) -> dict[str, object]:
        return {"name": name, "world": world, **more}

    return build_graph(
        driver=(Clip, params("driver", count=50), {}),
        picture=(Still, params("picture"), {}),
        track=(Track, params("track"), {"number": "driver.number"}),
        tinker=(Tinker, params("tinker", **{"count": 0, **tinker}), {"number": "track.number"}),
        draw=(Draw, params("draw", takes_ns=draws_ns), {"number": "track.number", "other": "picture.number"}),
    )


def test_time_to_spare_is_given_after_each_step(build_graph: BuildGraph, services: Services, world: World) -> None:
    graph = tinkering(build_graph, world, takes_ns=5 * MS)
    LiveEngine(graph, services, clock=world.clock).run(threading.Event())
    steps, spares = times(world, "tinker stepped"), times(world, "tinker")
    assert len(spares) == pytest.approx(len(steps), abs=2)
    drawn = times(world, "draw")
    # it takes 5 ms, in which a frame may come: none waits longer than that and half a step
    assert all(late <= STEP // 2 + 5 * MS for late in (t - 40 * n * MS for n, t in enumerate(drawn)))


def test_where_something_always_waits_time_is_spared_now_and_then(
    build_graph: BuildGraph, services: Services, world: World
) -> None:
    graph = tinkering(build_graph, world, draws_ns=90 * MS)
    LiveEngine(graph, services, clock=world.clock).run(threading.Event())
    steps, spares = times(world, "tinker stepped"), times(world, "tinker")
    assert 0 < len(spares) <= len(steps) // 5


def test_a_fault_in_spare_time_ends_nothing(build_graph: BuildGraph, services: Services, world: World) -> None:
    graph = tinkering(build_graph, world, fail_at=(0,))
    result = LiveEngine(graph, services, clock=world.clock).run(threading.Event())
    assert result.outcome is Outcome.DONE and len(world.seen["draw"]) == 50
    assert result.nodes["tinker"].statistics.faults == 1
    assert len(times(world, "tinker")) > 10


def test_before_anything_moves_a_node_works_until_it_is_done(
    build_graph: BuildGraph, services: Services, world: World
) -> None:
    graph = tinkering(build_graph, world, takes_ns=20 * MS, count=30)
    result = LiveEngine(graph, services, clock=world.clock, duration_s=1.0).run(threading.Event())
    assert [t for t, _ in world.seen["tinker"]][:30] == [20 * (n + 1) * MS for n in range(30)]
    tracked = times(world, "track")
    assert tracked[0] >= 600 * MS
    assert tracked[-1] >= 1_500 * MS and result.duration_ns == pytest.approx(1_000 * MS, abs=25 * MS)


def test_what_takes_too_long_goes_on_in_time_to_spare(
    build_graph: BuildGraph, services: Services, world: World
) -> None:
    graph = tinkering(build_graph, world, takes_ns=20 * MS, count=1_000_000)
    LiveEngine(graph, services, clock=world.clock).run(threading.Event())
    assert 0 <= times(world, "track")[0] - PREPARED_NS <= 20 * MS
    assert times(world, "tinker")[-1] > times(world, "track")[0] + 1_000 * MS


def test_the_end_is_not_kept_waiting_by_preparations(build_graph: BuildGraph, services: Services, world: World) -> None:
    stop = threading.Event()
    graph = tinkering(build_graph, world, takes_ns=20 * MS, count=1_000_000, stop=stop, stop_at=3)
    result = LiveEngine(graph, services, clock=world.clock).run(stop)
    # one more at the end of the step
    assert result.outcome is Outcome.INTERRUPTED and len(times(world, "tinker")) <= 5
