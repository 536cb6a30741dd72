from __future__ import annotations

import random
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from vivant.graph.errors import EndOfStream, VivantError
from vivant.graph.graph import Graph, Link, NodeSpec
from vivant.graph.node import Emission, Lane, Node, NodeContext, Outcome, Pace, Source
from vivant.graph.packet import Packet, Tick
from vivant.graph.params import Cost, NodeParams, param
from vivant.graph.port import NoInputs, NoOutputs, latest, output, tick, trigger
from vivant.runtime.clock import Doorbell, VirtualClock
from vivant.runtime.edits import Edit
from vivant.runtime.frame_pacer import GRACE_NS, SOONEST_NS
from vivant.runtime.live import LiveEngine
from vivant.runtime.live_status import LiveStatus
from vivant.runtime.report import RunResult
from vivant.runtime.services import Services

BuildGraph = Callable[..., Graph]
MS = 1_000_000
STEP = 1_000_000_000 // 60
MAIN = threading.get_ident()


class World:
    """The clock of a test, and what its nodes did: moment, node, what."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.events: list[tuple[int, str, str]] = []
        self.shown: list[tuple[int, str]] = []
        self.threads: dict[str, set[int]] = {}
        self.bad_opens: set[tuple[str, int]] = set()
        self.one_camera = True
        self.open_now: dict[tuple[str, int], int] = {}

    def see(self, name: str, what: str) -> None:
        self.events.append((self.clock.now_ns(), name, what))
        self.threads.setdefault(f"{name} {what.split()[0]}", set()).add(threading.get_ident())

    def work(self, duration_ns: int) -> None:
        if duration_ns:
            self.clock.wait(Doorbell(), lambda: False, self.clock.now_ns() + duration_ns)

    def of(self, *names: str, since_ms: int = 0) -> list[str]:
        """What these nodes did."""
        return [f"{name} {what}" for t, name, what in self.events if name in names and t >= since_ms * MS]

    def gaps(self) -> list[int]:
        """Moments after which nothing was shown for longer than the render lane ever waits."""
        times = [t for t, _ in self.shown]
        return [a for a, b in pairwise(times) if b - a > STEP + SOONEST_NS + GRACE_NS]


class Params(NodeParams):
    name: str = param("", cost=Cost.REOPEN)
    world: Any = param(None, cost=Cost.REOPEN)
    live: int = param(0)
    file: int = param(0, cost=Cost.REOPEN)
    opens_for_ns: int = param(0, cost=Cost.REOPEN)
    takes_ns: int = param(0, cost=Cost.REOPEN)
    count: int = param(1_000_000, cost=Cost.REOPEN)
    reads: str = param("", cost=Cost.REOPEN)


@dataclass(frozen=True)
class Text:
    text: str = output("A text.")


@dataclass(frozen=True)
class OneText:
    text: Packet[str] = trigger("A text.")


@dataclass(frozen=True)
class DrawInputs:
    tick: Packet[Tick] = tick()
    motion: Packet[str] = latest("From the driver.")
    puppet: Packet[str] = latest("The still part.")


class Acting:
    """Tells what happens to it, and fails where it is asked to."""

    params: Params
    calls = 0

    def open(self, context: NodeContext) -> None:
        world, name = self.params.world, self.params.name
        world.work(self.params.opens_for_ns)
        key = (name, self.params.file)
        if key in world.bad_opens:
            world.see(name, f"cannot open {self.params.file}")
            raise VivantError(f"no file {self.params.file}", where=name)
        world.open_now[key] = world.open_now.get(key, 0) + 1
        self.connected = context.connected
        world.see(name, f"open {self.params.file}")

    def update(self, params: Params) -> None:
        if params.live < 0:
            raise VivantError("below zero", where=self.params.name)
        self.params.world.see(self.params.name, f"update {params.live}")
        self.params = params

    def reconnect(self, connected: frozenset[str]) -> None:
        self.params.world.see(self.params.name, f"connected {sorted(connected)}")

    def files(self) -> list[Path]:
        return [Path(self.params.reads)] if self.params.reads else []

    def reload(self, changed: frozenset[Path]) -> None:
        if self.params.world.clock.now_ns() < 300 * MS:
            raise VivantError("does not compile", where="a.frag:3")
        self.params.world.see(self.params.name, f"reload {sorted(map(str, changed))}")

    def close(self, outcome: Outcome) -> None:
        self.params.world.see(self.params.name, f"close {self.params.file} {outcome.value}")
        self.params.world.open_now[(self.params.name, self.params.file)] -= 1

    def mark(self) -> str:
        """Say who made a text: file and parameter, and the number of the call of this instance."""
        self.calls += 1
        self.params.world.work(self.params.takes_ns)
        return f"{self.params.name}{self.params.file}/{self.params.live}"


class Clip(Acting, Source[Params, Text], type="reload.clip", pace=Pace.MEDIA):
    """Emits at 25 Hz."""

    def process(self, inputs: NoInputs) -> Emission[Text]:
        mark = self.mark()
        if self.calls > self.params.count:
            raise EndOfStream
        return Emission(Text(f"{mark}#{self.calls}"), (self.calls - 1) * 40 * MS)


class Other(Clip, type="reload.other", pace=Pace.MEDIA):
    """Another kind of clip."""


class Camera(Acting, Source[Params, Text], type="reload.camera", pace=Pace.CAPTURE, exclusive=True):
    """Has a picture every 40 ms, for one reader at a time."""

    def open(self, context: NodeContext) -> None:
        world = self.params.world
        if world.one_camera and sum(n for (name, _), n in world.open_now.items() if name == self.params.name):
            raise VivantError("the camera is busy")
        super().open(context)

    def process(self, inputs: NoInputs) -> Text:
        self.params.world.work(40 * MS)
        return Text(f"{self.mark()}#{self.calls}")


class Blocked(Camera, type="reload.blocked", pace=Pace.CAPTURE, exclusive=True):
    """Never comes back from its fourth picture, until the test is over."""

    def process(self, inputs: NoInputs) -> Text:
        if self.calls == 3 and self.params.file == 0:
            self.params.world.clock.wait(Doorbell(), lambda: False, 60_000 * MS)
        return super().process(inputs)


class Picture(Acting, Source[Params, Text], type="reload.picture", pace=Pace.ONCE):
    """A still picture."""

    def process(self, inputs: NoInputs) -> Text:
        return Text(self.mark())


class Step(Acting, Node[Params, OneText, Text], type="reload.step"):
    """Adds its mark."""

    def process(self, inputs: OneText) -> Text:
        if inputs.text.value.startswith("picture13"):
            raise VivantError("no face in the picture", where=self.params.name)
        return Text(f"{inputs.text.value}>{self.mark()}")


class Draw(Acting, Node[Params, DrawInputs, Text], type="reload.draw", lane=Lane.RENDER):
    """Draws with every tick."""

    def process(self, inputs: DrawInputs) -> Text:
        return Text(f"{inputs.motion.value}|{inputs.puppet.value}|{self.mark()}")


class Filter(Acting, Node[Params, OneText, Text], type="reload.filter", lane=Lane.RENDER):
    """Changes what was drawn."""

    def process(self, inputs: OneText) -> Text:
        return Text(f"{inputs.text.value}>{self.mark()}")


class Show(Acting, Node[Params, OneText, NoOutputs], type="reload.show", lane=Lane.RENDER, exclusive=True):
    """The window."""

    def process(self, inputs: OneText) -> None:
        self.params.world.shown.append((self.params.world.clock.now_ns(), inputs.text.value))


class Saved:
    """Edits by the moment in ms at which they are saved."""

    def __init__(self, world: World, edits: Mapping[int, Edit]) -> None:
        self.asked_for: list[frozenset[Path]] = []
        self._world = world
        self._left = sorted(edits.items())

    def look(self, files: frozenset[Path]) -> Edit | None:
        self.asked_for.append(files)
        if self._left and self._left[0][0] * MS <= self._world.clock.now_ns():
            return self._left.pop(0)[1]
        return None


class Told:
    def __init__(self, world: World) -> None:
        self.lines: list[tuple[int, str]] = []
        self._clock = world.clock

    def applied(self, summary: str) -> None:
        assert threading.get_ident() == MAIN
        self.lines.append((self._clock.now_ns() // MS, summary))

    def refused(self, fault: VivantError) -> None:
        assert threading.get_ident() == MAIN
        self.lines.append((self._clock.now_ns() // MS, f"refused: {fault.what} ({fault.where})"))

    @property
    def texts(self) -> list[str]:
        return [text for _, text in self.lines]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def told(world: World) -> Told:
    return Told(world)


def show(build_graph: BuildGraph, world: World, source: Any = Clip, **changes: Mapping[str, object]) -> Graph:
    def params(name: str) -> dict[str, object]:
        return {"name": name, "world": world, **changes.get(name, {})}

    return build_graph(
        driver=(source, params("driver"), {}),
        track=(Step, params("track"), {"text": "driver.text"}),
        picture=(Picture, params("picture"), {}),
        face=(Step, params("face"), {"text": "picture.text"}),
        puppet=(Step, params("puppet"), {"text": "face.text"}),
        draw=(Draw, params("draw"), {"motion": "track.text", "puppet": "puppet.text"}),
        show=(Show, params("show"), {"text": "draw.text"}),
    )


def with_params(graph: Graph, node_id: str, **params: object) -> Graph:
    nodes = tuple(
        replace(spec, params=spec.params.model_copy(update=params)) if spec.id == node_id else spec
        for spec in graph.nodes
    )
    return replace(graph, nodes=nodes)


def with_link(graph: Graph, node_id: str, name: str, link: str) -> Graph:
    nodes = tuple(
        replace(spec, links=MappingProxyType({**spec.links, name: Link(*link.split("."))}))
        if spec.id == node_id
        else spec
        for spec in graph.nodes
    )
    return replace(graph, nodes=nodes)


def with_node(graph: Graph, world: World, node_id: str, node_class: Any, after: str, **params: Any) -> Graph:
    """Put a node between `after` and all that reads its text."""
    made = NodeSpec(node_id, node_class, Params(name=node_id, world=world, **params), {"text": Link(after, "text")})
    nodes: list[NodeSpec] = []
    for spec in graph.nodes:
        moved = {n: Link(node_id, "text") if link == Link(after, "text") else link for n, link in spec.links.items()}
        nodes.append(replace(spec, links=MappingProxyType(moved)))
        if spec.id == after:
            nodes.append(made)
    return replace(graph, nodes=tuple(nodes))


@pytest.fixture
def run(services: Services, world: World, told: Told) -> Callable[..., RunResult]:
    def run(graph: Graph, edits: Mapping[int, Edit], *, duration_s: float = 1.0) -> RunResult:
        engine = LiveEngine(
            graph, services, clock=world.clock, duration_s=duration_s,
            edits=Saved(world, edits), reload_listener=told,
        )  # fmt: skip
        result = engine.run(threading.Event())
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("vivant")]
        assert all(count == 0 for count in world.open_now.values())
        return result

    return run


Run = Callable[..., RunResult]


def last(world: World) -> str:
    """What was shown last, without the number of the driver's packet."""
    return re.sub(r"#\d+", "", world.shown[-1][1])


def test_without_edits_nothing_is_touched(build_graph: BuildGraph, world: World, told: Told, run: Run) -> None:
    graph = show(build_graph, world)
    run(graph, {100: Edit(graph=graph)})
    assert told.texts == ["nothing changed"]
    assert [e for e in world.of("driver", "track", "draw", "show", "puppet") if "open" in e] == [
        "driver open 0", "track open 0", "puppet open 0", "draw open 0", "show open 0"
    ]  # fmt: skip
    assert world.gaps() == []


def test_live_parameters_go_to_the_node_on_its_own_thread(
    build_graph: BuildGraph, world: World, told: Told, run: Run
) -> None:
    graph = show(build_graph, world)
    wanted = with_params(with_params(graph, "track", live=7), "draw", live=5)
    run(graph, {200: Edit(graph=wanted)})
    assert world.of("track", "draw", "driver", since_ms=1)[:2] == ["draw update 5", "track update 7"]
    assert told.texts == ["changed: draw", "changed: track"]
    assert world.threads["draw update"] == {MAIN}
    assert MAIN not in world.threads["track update"]
    assert len(world.threads["track update"]) == 1
    # within two steps of the look that found it, and not one step left out
    first = next(t for t, text in world.shown if text.endswith("draw0/5"))
    assert first <= 200 * MS + 2 * STEP
    assert world.gaps() == []
    assert last(world) == "driver0/0>track0/7|picture0/0>face0/0>puppet0/0|draw0/5"
    assert "close" not in " ".join(world.of("track", "draw", since_ms=0)[:-2])


def test_another_picture_is_made_beside_the_running_show(
    build_graph: BuildGraph, world: World, told: Told, run: Run
) -> None:
    graph = show(build_graph, world, face={"takes_ns": 300 * MS}, puppet={"takes_ns": 200 * MS})
    run(graph, {600: Edit(graph=with_params(graph, "picture", file=2))}, duration_s=2)
    assert world.of("picture", "face", "puppet", since_ms=501)[:2] == ["picture open 2", "picture close 0 done"]
    assert not [e for e in world.of("driver", "track", "draw", "show") if "close" in e][:-4]
    changed = next(t for t, text in world.shown if "picture2" in text)
    assert 600 * MS + 500 * MS <= changed <= 600 * MS + 500 * MS + 50 * MS + 2 * STEP
    before = [text for t, text in world.shown if t < changed]
    # the old one is drawn until then, driven by every packet that comes
    assert {text.split("|")[1] for text in before} == {"picture0/0>face0/0>puppet0/0"}
    assert len({text.split("|")[0] for text in before}) >= 15
    assert last(world).endswith("|picture2/0>face0/0>puppet0/0|draw0/0")
    assert world.gaps() == []
    assert told.texts == ["reopened: picture; made again: face, puppet"]


def test_a_picture_that_cannot_be_used_changes_nothing_and_leaves_no_trace(
    build_graph: BuildGraph, world: World, told: Told, run: Run
) -> None:
    graph = show(build_graph, world)
    world.bad_opens.add(("picture", 5))
    run(
        graph,
        {
            100: Edit(graph=with_params(graph, "picture", file=5)),
            200: Edit(graph=with_params(graph, "picture", file=13)),  # opens, but there is no face in it
            300: Edit(graph=with_params(graph, "puppet", live=4)),  # made of the picture that is shown
            400: Edit(graph=with_params(graph, "picture", file=6)),
        },
    )
    assert told.texts == [
        "refused: no file 5 (picture)",
        "refused: no face in the picture (face)",
        "changed: puppet",
        "reopened: picture; changed: puppet; made again: face".replace(
            "reopened: picture; changed: puppet", "changed: puppet; reopened: picture"
        ),
    ]
    assert world.of("picture", "puppet", since_ms=1)[:7] == [
        "picture cannot open 5",
        "picture open 13",
        "picture close 13 failed",
        "puppet update 4",
        "picture open 6",
        "puppet update 0",
        "picture close 0 done",
    ]
    pictures = list(dict.fromkeys(text.split("|")[1] for _, text in world.shown))
    assert pictures == [
        "picture0/0>face0/0>puppet0/0",
        "picture0/0>face0/0>puppet0/4",
        "picture6/0>face0/0>puppet0/0",
    ]
    assert world.gaps() == []


def test_a_parameter_of_the_still_part_is_taken_back_when_what_comes_of_it_fails(
    build_graph: BuildGraph, world: World, told: Told, run: Run
) -> None:
    graph = show(build_graph, world)
    wanted = with_params(with_params(graph, "picture", file=13), "picture", live=3)
    both = with_params(with_params(graph, "face", live=-1), "puppet", live=9)
    run(graph, {100: Edit(graph=both), 200: Edit(graph=wanted), 300: Edit(graph=with_params(graph, "face", live=1))})
    assert told.texts == [
        "refused: below zero (face)",
        "refused: no face in the picture (face)",
        "changed: face; made again: puppet",
    ]
    assert last(world).endswith("|picture0/0>face0/1>puppet0/0|draw0/0")


def test_a_slow_node_is_opened_while_its_predecessor_works_on(
    build_graph: BuildGraph, world: World, told: Told, run: Run
) -> None:
    graph = show(build_graph, world)
    run(graph, {100: Edit(graph=with_params(graph, "track", file=1, opens_for_ns=400 * MS))})
    assert world.of("track", since_ms=1)[:2] == ["track open 1", "track close 0 done"]
    numbers = list(dict.fromkeys(int(text.split("#")[1].split(">")[0]) for _, text in world.shown))
    assert numbers == list(range(1, numbers[-1] + 1))
    by = {number: next(t for _, t in world.shown if f"#{number}>" in t).split(">")[1][:6] for number in numbers}
    assert by[numbers[10]] == "track0"
    assert by[numbers[-1]] == "track1"
    assert world.of("driver", since_ms=1) == ["driver close 0 done"]
    assert world.gaps() == []


def test_a_camera_is_closed_before_it_is_opened_otherwise(
    build_graph: BuildGraph, world: World, told: Told, run: Run
) -> None:
    graph = show(build_graph, world, Camera)
    run(graph, {200: Edit(graph=with_params(graph, "driver", file=1, opens_for_ns=100 * MS))})
    assert world.of("driver", "track", "draw", since_ms=1)[:2] == ["driver close 0 done", "driver open 1"]
    assert last(world).startswith("driver1/0>")
    assert world.gaps() == []
    assert told.texts == ["reopened: driver"]


def test_a_camera_that_does_not_open_brings_the_old_one_back(
    build_graph: BuildGraph, world: World, told: Told, run: Run
) -> None:
    graph = show(build_graph, world, Camera)
    world.bad_opens.add(("driver", 1))
    wanted = with_params(with_params(graph, "driver", file=1), "picture", file=2)
    run(graph, {200: Edit(graph=wanted), 500: Edit(graph=with_params(graph, "driver", file=2))})
    assert world.of("driver", "picture", since_ms=1)[:7] == [
        "picture open 2",
        "driver close 0 done",
        "driver cannot open 1",
        "picture close 2 failed",
        "driver open 0",
        "driver close 0 done",
        "driver open 2",
    ]
    assert told.texts == ["refused: no file 1 (driver)", "reopened: driver"]
    assert {text.split("|")[1] for _, text in world.shown} == {"picture0/0>face0/0>puppet0/0"}
    assert any("driver0/0#1>" in text for t, text in world.shown if 300 * MS < t < 500 * MS)
    assert world.gaps() == []


def test_a_window_that_does_not_open_otherwise_goes_on_without_a_missing_frame(
    build_graph: BuildGraph, world: World, told: Told, run: Run
) -> None:
    graph = show(build_graph, world)
    world.bad_opens.add(("show", 1))
    edits = {
        100: Edit(graph=with_params(with_params(graph, "show", file=1), "track", file=1)),
        300: Edit(graph=with_params(graph, "show", file=2)),
    }
    run(graph, edits)
    assert world.of("show", "track", since_ms=1)[:7] == [
        "track open 1",
        "show close 0 done",
        "show cannot open 1",
        "show open 0",
        "track close 1 failed",
        "show close 0 done",
        "show open 2",
    ]
    assert world.gaps() == []
    assert told.texts == ["refused: no file 1 (show)", "reopened: show"]


def test_a_drawing_node_is_opened_on_the_main_thread_and_draws_at_once(
    build_graph: BuildGraph, world: World, told: Told, run: Run
) -> None:
    graph = show(build_graph, world)
    run(graph, {100: Edit(graph=with_params(graph, "draw", file=1))})
    assert world.of("draw", since_ms=1)[:2] == ["draw open 1", "draw close 0 done"]
    assert world.threads["draw open"] == world.threads["draw close"] == {MAIN}
    assert told.lines == [(100, "reopened: draw")]  # all that the main thread does for it is done between two frames
    assert world.gaps() == []
    assert last(world).endswith("draw1/0")


def test_nodes_put_in_and_taken_out_leave_the_others_alone(
    build_graph: BuildGraph, world: World, told: Told, run: Run
) -> None:
    graph = show(build_graph, world)
    more = with_node(graph, world, "tint", Filter, "draw")
    most = with_node(more, world, "calm", Step, "track", opens_for_ns=50 * MS)
    run(graph, {100: Edit(graph=more), 300: Edit(graph=most), 600: Edit(graph=graph)})
    assert world.of("driver", "track", "draw", "show", "puppet", since_ms=1)[:-5] == []
    assert world.of("tint", "calm") == [
        "tint open 0", "calm open 0", "tint close 0 done", "calm close 0 done"
    ]  # fmt: skip
    shapes = [text.replace("/0", "").split("#")[0] + text[text.index(">") :] for _, text in world.shown]
    assert [shape for shape, _ in groupby(shapes)] == [
        "driver0>track0/0|picture0/0>face0/0>puppet0/0|draw0/0",
        "driver0>track0/0|picture0/0>face0/0>puppet0/0|draw0/0>tint0/0",
        "driver0>track0/0>calm0/0|picture0/0>face0/0>puppet0/0|draw0/0>tint0/0",
        # what was taken out last is held until something else comes
        "driver0>track0/0>calm0/0|picture0/0>face0/0>puppet0/0|draw0/0",
        "driver0>track0/0|picture0/0>face0/0>puppet0/0|draw0/0",
    ]
    assert world.gaps() == []
    assert told.texts[0] == "changed: show; added: tint"
    assert told.texts[2] == "changed: draw, show; removed: calm, tint"


def test_another_type_takes_a_nodes_place(build_graph: BuildGraph, world: World, told: Told, run: Run) -> None:
    graph = show(build_graph, world)
    nodes = tuple(replace(s, node_class=Other) if s.id == "driver" else s for s in graph.nodes)
    result = run(graph, {200: Edit(graph=replace(graph, nodes=nodes))})
    assert told.texts == ["reopened: driver"]
    assert result.nodes["driver"].type == "reload.other"
    assert world.gaps() == []


def test_a_node_that_refuses_a_parameter_keeps_the_old_one_and_is_asked_again_at_the_next_edit(
    build_graph: BuildGraph, world: World, told: Told, run: Run
) -> None:
    graph = show(build_graph, world)
    wrong = with_params(with_params(with_params(graph, "track", live=-1), "draw", live=-1), "driver", live=2)
    run(graph, {100: Edit(graph=wrong), 300: Edit(graph=with_params(wrong, "draw", live=3))})
    assert told.texts[:3] == ["refused: below zero (draw)", "changed: driver", "refused: below zero (track)"]
    assert sorted(told.texts[3:]) == ["changed: draw", "refused: below zero (track)"]
    assert world.gaps() == []
    assert world.shown[-1][1].startswith("driver0/2#")
    assert last(world).endswith("draw0/3")


def test_a_parameter_set_while_the_picture_is_made_anew_stays(
    build_graph: BuildGraph, world: World, told: Told, run: Run
) -> None:
    graph = show(build_graph, world, face={"takes_ns": 300 * MS})
    wanted = with_params(graph, "picture", file=2)
    run(graph, {500: Edit(graph=wanted), 600: Edit(graph=with_params(wanted, "draw", live=5))}, duration_s=1.5)
    at_once = next(t for t, text in world.shown if text.endswith("draw0/5"))
    assert at_once <= 600 * MS + 2 * STEP
    assert all(text.endswith("draw0/5") for t, text in world.shown if t >= at_once)
    assert told.texts == ["changed: draw", "reopened: picture; made again: face, puppet"]
    assert "picture2" in last(world)


def test_what_is_saved_last_wins(build_graph: BuildGraph, world: World, told: Told, run: Run) -> None:
    graph = show(build_graph, world, face={"takes_ns": 200 * MS})
    edits = {500 + 50 * n: Edit(graph=with_params(graph, "picture", file=n)) for n in range(1, 4)}
    run(graph, edits, duration_s=2)
    assert list(dict.fromkeys(text.split("|")[1].split(">")[0] for _, text in world.shown)) == [
        "picture0/0", "picture1/0", "picture3/0"
    ]  # fmt: skip


def test_a_fault_of_the_preset_is_told_and_changes_nothing(
    build_graph: BuildGraph, world: World, told: Told, run: Run
) -> None:
    graph = show(build_graph, world)
    run(graph, {100: Edit(fault=VivantError("no JSON", where="a.json:3")), 300: Edit(graph=graph)})
    assert told.texts == ["refused: no JSON (a.json:3)", "nothing changed"]
    assert len(world.events) == 14


def test_changed_files_go_to_the_nodes_that_read_them(
    build_graph: BuildGraph, world: World, told: Told, run: Run
) -> None:
    graph = show(build_graph, world, draw={"reads": "a.frag"}, track={"reads": "b.bin"}, picture={"reads": "p.png"})
    files = frozenset({Path("a.frag"), Path("other")})
    run(
        graph,
        {
            100: Edit(files=files),  # does not compile
            300: Edit(files=files),
            400: Edit(files=frozenset({Path("b.bin")})),
            500: Edit(files=frozenset({Path("p.png")})),
        },
    )
    assert world.of("draw", "track", "driver", since_ms=1)[:2] == ["draw reload ['a.frag']", "track reload ['b.bin']"]
    assert world.threads["draw reload"] == {MAIN}
    assert MAIN not in world.threads["track reload"]
    assert told.texts == [
        "refused: does not compile (a.frag:3)",
        "reloaded: draw (a.frag)",
        "reloaded: track (b.bin)",
        "reopened: picture; made again: face, puppet",
    ]
    assert world.of("picture", since_ms=1)[:2] == ["picture open 0", "picture close 0 done"]
    assert world.gaps() == []


def test_what_is_refused_is_among_the_runs_lines_until_it_is_mended(
    build_graph: BuildGraph, services: Services, world: World, told: Told
) -> None:
    graph = show(build_graph, world, draw={"reads": "a.frag"})
    world.bad_opens.add(("picture", 9))
    shader = frozenset({Path("a.frag")})
    edits = {
        100: Edit(files=shader),
        200: Edit(fault=VivantError("no JSON", where="a.json:3")),
        300: Edit(files=shader),  # mends one of two
        500: Edit(graph=with_params(graph, "track", live=-1)),  # another fault, in the place of the first
        700: Edit(graph=with_params(graph, "picture", file=9)),
        900: Edit(graph=graph),
    }
    seen: list[tuple[str, ...]] = []

    def watch(status: LiveStatus) -> None:
        now = tuple(line.split(": ", 1)[1] for line in status.lines() if line.startswith("refused"))
        if not seen or seen[-1] != now:
            seen.append(now)

    engine = LiveEngine(
        graph, replace(services, watch=watch), clock=world.clock, duration_s=1.2,
        edits=Saved(world, edits), reload_listener=told,
    )  # fmt: skip
    engine.run(threading.Event())
    fragment, preset = "a.frag:3: does not compile", "a.json:3: no JSON"
    wanted = [
        (),
        (fragment,),
        (fragment, preset),
        (preset,),
        (),
        ("track: below zero",),
        (),
        ("picture: no file 9",),
        (),
    ]
    assert [lines for lines in seen if lines] == [lines for lines in wanted if lines]
    assert seen[-1] == ()


def test_a_node_that_is_made_anew_has_read_its_files_anew(
    build_graph: BuildGraph, services: Services, world: World, told: Told
) -> None:
    graph = show(build_graph, world, draw={"reads": "a.frag"})
    edits = {100: Edit(files=frozenset({Path("a.frag")})), 400: Edit(graph=with_params(graph, "draw", file=1))}
    seen: dict[int, bool] = {}

    def watch(status: LiveStatus) -> None:
        seen[world.clock.now_ns() // MS] = "refused" in status.summary()

    engine = LiveEngine(
        graph, replace(services, watch=watch), clock=world.clock, duration_s=1,
        edits=Saved(world, edits), reload_listener=told,
    )  # fmt: skip
    engine.run(threading.Event())
    assert all(seen[t] for t in seen if 250 <= t < 400)
    assert not any(seen[t] for t in seen if t > 600)


def test_the_end_of_the_run_gives_up_what_is_being_prepared(
    build_graph: BuildGraph, world: World, told: Told, run: Run
) -> None:
    graph = show(build_graph, world, face={"takes_ns": 300 * MS})
    wanted = with_params(with_params(graph, "picture", file=2), "draw", file=2)
    run(graph, {800: Edit(graph=wanted)}, duration_s=0.75)
    assert told.texts == []
    assert "picture close 2 failed" in world.of("picture")
    assert "draw close 2 failed" in world.of("draw")


def test_a_camera_that_never_comes_back_is_left_and_another_is_opened(
    build_graph: BuildGraph, services: Services, world: World, told: Told, notices: list[str]
) -> None:
    graph = show(build_graph, world, Blocked)
    edits = Saved(world, {300: Edit(graph=with_params(graph, "driver", file=1))})
    engine = LiveEngine(graph, services, clock=world.clock, duration_s=3, edits=edits, reload_listener=told)
    world.one_camera = False
    result = engine.run(threading.Event())
    assert result.hung == ("driver",)
    assert notices == ["driver did not stop in time and is left behind"]
    assert world.of("driver", since_ms=1) == ["driver open 1", "driver close 1 done"]
    assert last(world).startswith("driver1/0>")
    assert world.gaps() == []


def test_a_reader_of_a_clip_that_ended_is_opened_anew_with_the_next_clip(
    build_graph: BuildGraph, world: World, told: Told, run: Run
) -> None:
    graph = show(build_graph, world, driver={"count": 3})
    other = build_graph(
        other=(Clip, {"name": "other", "world": world}, {}),
        listen=(Step, {"name": "listen", "world": world}, {"text": "other.text"}),
    )
    graph = replace(graph, nodes=graph.nodes + other.nodes)
    run(graph, {300: Edit(graph=with_params(graph, "driver", file=1, count=50))})
    assert told.texts == ["reopened: driver, track"]
    assert last(world).startswith("driver1/0>")
    assert world.of("other", "listen", since_ms=1)[:1] != ["other open 0"]
    assert world.gaps() == []


def test_a_worker_woken_by_the_still_part_gets_the_new_value(
    build_graph: BuildGraph, world: World, told: Told, run: Run
) -> None:
    @dataclass(frozen=True)
    class BothInputs:
        text: Packet[str] = trigger("The picture.")
        motion: Packet[str] = latest("What moves.")

    class Both(Acting, Node[Params, BothInputs, Text], type="reload.both"):
        """Runs once for each picture."""

        def process(self, inputs: BothInputs) -> Text:
            world.see("both", f"sees {inputs.text.value}")
            return Text(inputs.text.value)

    graph = show(build_graph, world)
    both = build_graph(both=(Both, {"name": "both", "world": world}, {"text": "picture.text", "motion": "track.text"}))
    graph = replace(graph, nodes=graph.nodes + both.nodes)
    run(graph, {200: Edit(graph=with_params(graph, "picture", file=2))})
    assert [e for e in world.of("both") if "sees" in e] == ["both sees picture0/0", "both sees picture2/0"]


def test_a_node_is_told_when_the_first_reader_of_an_output_comes_or_the_last_goes(
    build_graph: BuildGraph, world: World, told: Told, run: Run
) -> None:
    graph = show(build_graph, world)
    listen = build_graph(listen=(Step, {"name": "listen", "world": world}, {"text": "show2.text"}))
    show2 = NodeSpec("show2", Filter, Params(name="show2", world=world), {"text": Link("draw", "text")})
    alone = replace(graph, nodes=(*graph.nodes, show2))
    heard = replace(alone, nodes=alone.nodes + listen.nodes)
    run(graph, {100: Edit(graph=alone), 200: Edit(graph=heard), 300: Edit(graph=alone)})
    assert world.of("show2") == ["show2 open 0", "show2 connected ['text']", "show2 connected []", "show2 close 0 done"]
    assert world.gaps() == []


@pytest.mark.parametrize("seed", range(8))
def test_edits_in_any_order_end_at_the_last_good_one_and_touch_nothing_else(
    build_graph: BuildGraph, world: World, told: Told, run: Run, seed: int
) -> None:
    """Twelve edits a tenth of a second apart, half of them no good in one of five ways."""
    chance = random.Random(seed)
    graph = show(build_graph, world)
    world.bad_opens |= {(name, 13) for name in ("track", "draw", "show", "tint")}
    good, edits = graph, dict[int, Edit]()
    for moment in range(200, 1400, 100):
        kind = chance.choice(("live", "file", "in", "out", "bad live", "bad file", "no face", "bad in", "no JSON"))
        number = moment // 100
        wanted = good
        match kind:
            case "live":
                wanted = with_params(good, chance.choice(("track", "face", "draw")), live=number)
            case "file":
                wanted = with_params(good, chance.choice(("track", "picture", "draw", "show")), file=number + 20)
            case "in" if "tint" not in good:
                wanted = with_node(good, world, "tint", Filter, "draw")
            case "out" if "tint" in good:
                wanted = without(good, "tint", "draw")
            case "bad live":
                edits[moment] = Edit(graph=with_params(good, chance.choice(("track", "face", "draw")), live=-1))
                continue
            case "bad file":
                edits[moment] = Edit(graph=with_params(good, chance.choice(("track", "draw", "show")), file=13))
                continue
            case "no face":
                edits[moment] = Edit(graph=with_params(good, "picture", file=13))
                continue
            case "bad in" if "tint" not in good:
                edits[moment] = Edit(graph=with_node(good, world, "tint", Filter, "draw", file=13))
                continue
            case "no JSON":
                edits[moment] = Edit(fault=VivantError("no JSON"))
                continue
        good = wanted
        edits[moment] = Edit(graph=wanted)
    run(graph, edits, duration_s=2)

    def mark(node_id: str) -> str:
        params = good[node_id].params
        assert isinstance(params, Params)
        return f"{node_id}{params.file}/{params.live}"

    ending = f"|{mark('picture')}>{mark('face')}>{mark('puppet')}|{mark('draw')}"
    assert last(world) == f"driver0/0>{mark('track')}{ending}" + (f">{mark('tint')}" if "tint" in good else "")
    assert world.gaps() == []
    assert world.of("driver") == ["driver open 0", "driver close 0 done"]
    bad = sum(edit.fault is not None or "13" in text_of(edit) or "-1" in text_of(edit) for edit in edits.values())
    assert sum(text.startswith("refused") for text in told.texts) == bad


def text_of(edit: Edit) -> str:
    params = [spec.params for spec in edit.graph.nodes] if edit.graph else []
    return " ".join(f"{p.file} {p.live}" for p in params if isinstance(p, Params))


def without(graph: Graph, node_id: str, instead: str) -> Graph:
    nodes = []
    for spec in graph.nodes:
        links = {n: Link(instead, k.output) if k.node == node_id else k for n, k in spec.links.items()}
        nodes.append(replace(spec, links=MappingProxyType(links)))
    return replace(graph, nodes=tuple(spec for spec in nodes if spec.id != node_id))
