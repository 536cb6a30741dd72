"""The slow part of a reload: new nodes and a new still part, made beside the running graph."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from vivant.graph.diff import GraphDiff
from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph, NodeSpec
from vivant.graph.node import Outcome
from vivant.runtime.clock import Clock
from vivant.runtime.crew import Crew, Retired, in_render_lane
from vivant.runtime.main_thread import GivenUp, MainThread
from vivant.runtime.node_fault import NodeFault
from vivant.runtime.prelude import StillValues, run_still_part
from vivant.runtime.station import Station


class Preparation:
    """Makes all that a graph needs and the running one does not have. On a thread of its own (`run`).

    What fails is undone: the running graph goes on as it was.

    Attributes:
        target: The graph that is to run.
        diff: How it differs from the running one.
        error: What it failed with, or None.
        hung: Nodes whose thread did not come back when their place was to be taken.
    """

    def __init__(
        self,
        crew: Crew,
        target: Graph,
        diff: GraphDiff,
        make: Callable[[Graph, NodeSpec], Station],
        main: MainThread,
        clock: Clock,
        patience_ns: int,
    ) -> None:
        """Take a graph; the arguments are those of `Reload`."""
        self.target = target
        self.diff = diff
        self.error: BaseException | None = None
        self.hung: set[str] = set()
        self._crew = crew
        self._running = crew.graph
        self._make = make
        self._main = main
        self._clock = clock
        self._patience_ns = patience_ns
        self._given_up = False
        self._fresh: dict[str, Station] = {}
        self._values: StillValues = {}
        self._undo: list[Callable[[], None]] = []
        self._restored: dict[str, Station] = {}

    def run(self) -> None:
        """Open the new nodes and run the still part again; sets `error` when that does not work."""
        try:
            for spec in self.target.nodes:
                if spec.id in self.diff.replaced | self.diff.added:
                    self._open_beside(spec)
            self._make_still_part()
            for spec in self.target.nodes:
                if spec.id in self._fresh and self._exclusive(spec) and not in_render_lane(spec):
                    self._open_in_place(spec)
        except BaseException as error:
            self.error = error
            self.undo()

    def give_up(self) -> None:
        """Stop at the next node: the run ends."""
        self._given_up = True

    def swap(self) -> tuple[Retired, ...]:
        """Put the target in the place of the running graph, between two steps of the main thread.

        Returns:
            What is to be closed.

        Raises:
            NodeFault: A node that draws, and that cannot be opened beside its predecessor, cannot be opened
                at all. The predecessor runs again; `undo` does the rest.
        """
        self._exchange_drawn()
        running = self._crew.graph
        # parameters that nodes took over, or refused, since this was begun are theirs
        nodes = tuple(
            replace(spec, params=running[spec.id].params)
            if spec.id in running and spec.id not in self._fresh and spec.id not in self.target.still
            else spec
            for spec in self.target.nodes
        )
        return self._crew.swap(replace(self.target, nodes=nodes), self._fresh, self._values)

    def restore(self) -> tuple[Retired, ...]:
        """After a failure, put back to work what had to be closed for it; on the main thread."""
        return self._crew.swap(self._crew.graph, self._restored, self._crew.values) if self._restored else ()

    def undo(self) -> None:
        """Close what was opened and bring back what was touched."""
        for station in reversed(self._fresh.values()):
            with suppress(Exception):
                self._call(station, lambda station=station: station.close(Outcome.FAILED))  # type: ignore[misc]
        for undo in reversed(self._undo):
            with suppress(Exception):
                undo()
        if self._given_up:
            self._restored = {}
        for station in self._restored.values():
            self._reopen(station)

    def _open_beside(self, spec: NodeSpec) -> None:
        if self._given_up:
            raise GivenUp

        def make() -> None:
            station = self._fresh[spec.id] = self._make(self.target, spec)
            if not self._exclusive(spec):
                station.open()

        with NodeFault.of(spec.id):
            # what draws is given OpenGL, which only the main thread may take; in one call, as each waits for a frame
            self._on_thread_of(spec, make)

    def _make_still_part(self) -> None:
        crew, target, rerun = self._crew, self.target, self.diff.rerun
        stations = {spec.id: self._fresh.get(spec.id) or crew.stations[spec.id] for spec in target.nodes}
        for node_id in rerun & (self.diff.updated | self.diff.rewired):
            self._change(stations[node_id], target[node_id])
        known = {n: given for n, given in crew.values.items() if n in target.still and n not in rerun}
        values = run_still_part(target, stations, self._call, lambda: self._given_up, target.still, known)
        if values is None:
            raise GivenUp
        for node_id in rerun & crew.values.keys():
            lost = target.connected(node_id) & (crew.values[node_id].keys() - values[node_id].keys())
            if lost:
                raise NodeFault(node_id, VivantError(f"{node_id} gives no {', '.join(sorted(lost))} any more"))
        self._values = values

    def _change(self, station: Station, spec: NodeSpec) -> None:
        """Give a node of the still part, which nobody runs now, other links and parameters."""
        running, before = self._running, self._running[spec.id]

        def follow(graph: Graph, spec: NodeSpec) -> None:
            station.rewire(graph, spec.links)
            if spec.params != station.spec.params:
                station.update(spec.params)

        self._undo.append(lambda: self._call(station, lambda: follow(running, before)))
        with NodeFault.of(spec.id):
            self._call(station, lambda: follow(self.target, spec))

    def _open_in_place(self, spec: NodeSpec) -> None:
        """Close a node before its successor is opened: a camera cannot be open twice."""
        dismissed: list[Retired] = []
        self._main.call(lambda: dismissed.append(self._crew.dismiss(spec.id)))
        self._restored[spec.id] = self._make(self._running, self._running[spec.id])
        with NodeFault.of(spec.id):
            if dismissed[0].ended(self._clock, self._patience_ns):
                dismissed[0].station.close(Outcome.DONE)
            else:
                self.hung.add(spec.id)
            self._fresh[spec.id].open()

    def _exchange_drawn(self) -> None:
        drawn = [
            spec
            for spec in self.target.nodes
            if in_render_lane(spec) and spec.id in self._fresh and self._exclusive(spec)
        ]
        try:
            for spec in drawn:
                self._restored[spec.id] = self._make(self._running, self._running[spec.id])
                self._crew.stations[spec.id].close(Outcome.DONE)
                with NodeFault.of(spec.id):
                    self._fresh[spec.id].open()
        except NodeFault:
            for spec in reversed(drawn):
                if spec.id in self._restored:
                    self._fresh[spec.id].close(Outcome.FAILED)
                    self._reopen(self._restored[spec.id])
            self.restore()
            self._restored = {}
            raise

    def _reopen(self, station: Station) -> None:
        try:
            station.open()
        except Exception as error:
            station.upkeep.failed(error, self._clock.now_ns())

    def _exclusive(self, spec: NodeSpec) -> bool:
        return (
            spec.id in self.diff.replaced
            and spec.id not in self._running.still
            and self._running[spec.id].node_class.exclusive
        )

    def _call(self, station: Station, work: Callable[[], None]) -> None:
        """Do something with a node that is not at work."""
        if self._given_up and self.error is None:
            raise GivenUp
        self._on_thread_of(station.spec, work)

    def _on_thread_of(self, spec: NodeSpec, work: Callable[[], None]) -> None:
        """Do something here, or on the main thread for a node that draws."""
        if in_render_lane(spec):
            self._main.call(work)
        else:
            work()
