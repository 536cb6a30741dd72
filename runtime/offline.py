"""The offline engine: virtual time, lock-step, nothing dropped, the same bytes every time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from vivant.graph.errors import EndOfStream, VivantError
from vivant.graph.graph import Graph, NodeSpec
from vivant.graph.node import Lane, Outcome, Pace
from vivant.runtime.clock import Clock, MonotonicClock, VirtualClock
from vivant.runtime.errand import Abandoned
from vivant.runtime.hand_over import HandOver
from vivant.runtime.node_fault import NodeFault, explain
from vivant.runtime.patience import Patience
from vivant.runtime.prelude import run_prelude
from vivant.runtime.realignment import realigned
from vivant.runtime.report import NodeReport, RunResult
from vivant.runtime.services import Services
from vivant.runtime.stage import Bundle, Stage, named
from vivant.runtime.station import Made, Station
from vivant.runtime.work_pool import WorkPool

SHUTDOWN_NS = 1_000_000_000
"""How long a node may take to come back when the run is to end."""
POLL_S = 0.1
"""How often is looked, while a node is waited for, whether the run is to end."""
GRACE_S = 0.3
"""How long a thread that only waited for another one, which hangs, has to notice that nobody waits any more."""
_AHEAD, _LATER = "ahead", "+"
"""Names of the stages before drawing: each look ahead adds one more."""


class Progress(Protocol):
    """Told how far a run is."""

    def __call__(self, done: int, total: int | None) -> None:
        """Take note.

        Args:
            done: Steps made.
            total: Steps expected, where the source knows; an estimate.
        """


class OfflineEngine:
    """Runs a graph once through, one step per emission of its primary MEDIA source.

    Four stages overlap, each in a thread of its own and each handing over in order: the source, then what comes before
    drawing, then the thread that called `run`, which draws (it owns OpenGL), and encoders last. What a node sees
    depends on nothing but the frames before, so overlapping changes no result. Nodes that look ahead (`Node.lag`) are
    as many steps before those behind them, in the tracking stage; drawing gets each step with their answers to it.
    What nodes give out (`NodeContext.beside`) is done on further threads: they take up what time cores have left.
    """

    def __init__(
        self,
        graph: Graph,
        services: Services,
        *,
        progress: Progress | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Prepare a run.

        Args:
            graph: The graph; nodes that need a display are left out.
            services: What it needs from outside.
            progress: Told after every step, on the thread that called `run`.
            clock: Measures how long things take. The graph's own time is always virtual.
        """
        self._graph = graph.without_display()
        self._services = services
        self._progress = progress
        self._wall = clock or MonotonicClock()
        self._interrupted = False
        self._stations: dict[str, Station] = {}
        self._hung: set[str] = set()
        self._pool = WorkPool()
        self._frames = 0

    def run(self, stop: threading.Event) -> RunResult:
        """Run to the end of the primary source, or until `stop` is set: then what was begun is finished.

        A node that does not come back then is left behind in its thread, see `leaving`.

        Raises:
            VivantError: The graph cannot run offline, or a node failed. Every node that was opened is closed.
        """
        primary, settled = self._primary(), self._graph.settled
        stage_of = self._divide()
        # those ahead of drawing in the order of their work, by name
        ahead = sorted({name for name in stage_of.values() if name.startswith(_AHEAD)} | {_AHEAD})
        clocks = {name: VirtualClock() for name in (*ahead, "draw", "after")}
        for spec in self._graph.nodes:
            now_ns = clocks[stage_of[spec.id]].now_ns
            context = replace(
                self._services.node_context(self._graph, spec, now_ns, offline=True),
                beside=partial(self._beside, spec.id),
                hands=self._pool.hands,
            )
            self._stations[spec.id] = Station(self._graph, spec, context, self._wall.now_ns, self._services.trace)
        stages = {
            name: Stage(
                self._graph,
                [
                    station
                    for node_id, station in self._stations.items()
                    if stage_of[node_id] == name
                    and node_id not in settled
                    and (primary is None or node_id != primary.id)
                ],
                clock,
            )
            for name, clock in clocks.items()
        }
        outcome, duration_ns = Outcome.FAILED, 0
        call = self._call(stop)
        try:
            for station in self._stations.values():
                if stop.is_set():
                    break
                with NodeFault.of(station.id):
                    call(station, station.open)
            self._interrupted = (
                stop.is_set() or run_prelude(self._graph, self._stations, call, stop.is_set, settled) is None
            )
            begin = self._wall.now_ns()
            if not self._interrupted:
                self._services.opened(self._stations.values())
                self._stream(primary, [stages[name] for name in ahead], stages["draw"], stages["after"], stop)
            duration_ns = self._wall.now_ns() - begin
            outcome = Outcome.INTERRUPTED if self._interrupted else Outcome.DONE
        except NodeFault as fault:
            raise explain(fault.error, fault.node_id, self._services.log_dir) from fault.error
        except Abandoned:
            outcome = Outcome.INTERRUPTED
        except KeyboardInterrupt:
            outcome = Outcome.INTERRUPTED
            raise
        finally:
            self._pool.dismiss(wait=not self._hung)
            self._close(outcome)
        return RunResult(
            outcome=outcome,
            frames=self._frames,
            duration_ns=duration_ns,
            nodes={
                station.id: NodeReport(
                    station.spec.node_class.type, station.statistics, station.upkeep.state, station.providers
                )
                for station in self._stations.values()
            },
            renderer=self._services.gl.renderer if self._services.gl else None,
            hung=tuple(sorted(self._hung)),
        )

    def _call(self, stop: threading.Event) -> Callable[[Station, Callable[[], None]], None]:
        """Return how to call into a node before the first frame: one that blocks does not keep the program."""
        patience = Patience(stop, self._wall.now_ns, SHUTDOWN_NS)

        def call(station: Station, work: Callable[[], None]) -> None:
            if station.spec.node_class.draws:
                work()
                return
            helper = _Helper(f"vivant {station.id}", work, lambda: None)
            helper.start()
            if not helper.join_within(patience):
                self._leave(station.id)
                raise Abandoned
            if helper.error is not None:
                if stop.is_set() and isinstance(helper.error, Exception):
                    raise Abandoned  # such as a file whose fetching was given up
                raise helper.error

        return call

    def _beside(self, node_id: str, work: Callable[[], Any]) -> Callable[[], Any]:
        trace = self._services.trace

        def traced() -> Any:
            begin_ns = self._wall.now_ns()
            try:
                return work()
            finally:
                if trace is not None:
                    trace.call(node_id, node_id, begin_ns, self._wall.now_ns(), -1)

        return self._pool.begin(work if trace is None else traced)

    def _leave(self, node_id: str) -> None:
        self._interrupted = True
        self._hung.add(node_id)
        self._services.notice(f"{node_id} did not stop in time and is left behind")

    def _primary(self) -> NodeSpec | None:
        captures = self._graph.sources(Pace.CAPTURE)
        if captures:
            raise VivantError(
                f"{captures[0].id} is a live source ({captures[0].node_class.type}): it has no frames to step through",
                where=f"node {captures[0].id}",
                remedy="use a video or a recorded performance as the driver, or `vivant run` for a live run",
                exit_status=2,
            )
        primary = self._graph.primary()
        if primary and primary.node_class.lane is Lane.RENDER:
            raise VivantError(f"{primary.id} draws: it cannot set the steps of a run", where=f"node {primary.id}")
        return primary

    def _divide(self) -> dict[str, str]:
        """Say for every node in which stage it runs.

        Behind a node that looks ahead another stage begins, which is as many steps behind.
        """
        settled = self._graph.settled
        drawn = [spec.id for spec in self._graph.nodes if spec.node_class.draws and spec.id not in settled]
        needs_drawn = self._graph.downstream(drawn)
        feeds_drawn = self._graph.upstream(drawn)
        stage_of: dict[str, str] = {}
        for spec in self._graph.nodes:
            is_sink = spec.pace is None and not self._graph.readers(spec.id)
            if spec.id in settled:
                stage_of[spec.id] = _AHEAD  # asked before the first step, whatever it does for that
            elif spec.node_class.draws or (spec.id in needs_drawn and spec.id in feeds_drawn):
                stage_of[spec.id] = "draw"
            elif spec.id in needs_drawn or is_sink:
                stage_of[spec.id] = "after"
            else:
                before = [self._graph[link.node] for link in spec.links.values()]
                stage_of[spec.id] = max(
                    (stage_of[other.id] + _LATER * bool(other.lag) for other in before), default=_AHEAD
                )
        return stage_of

    def _stream(
        self, primary: NodeSpec | None, before: Sequence[Stage], draw: Stage, behind: Stage, stop: threading.Event
    ) -> None:
        total: int | None = 1
        if primary:
            with NodeFault.of(primary.id):
                total = self._stations[primary.id].length()
        # one waits, one is being worked on: more would cost memory and gain nothing
        patience = Patience(stop, self._wall.now_ns, SHUTDOWN_NS)
        emitted, ahead = HandOver[Made](1, patience), HandOver[Bundle](1, patience)
        after = HandOver[Bundle](2, patience)

        def run_source() -> None:
            for made in self._emissions(primary, stop):
                if not emitted.put(made):
                    self._interrupted = stop.is_set()
                    return

        def run_ahead() -> None:
            try:
                for bundle in self._ahead(primary, source, emitted, before):
                    if not ahead.put(bundle):
                        return
            finally:
                emitted.close()
                source.join_within(patience)

        def run_after() -> None:
            for bundle in after:
                behind.run(bundle)
            for _ in behind.drain():
                pass

        source = _Helper("vivant source", run_source, emitted.finish)
        giver = _Helper("vivant ahead", run_ahead, ahead.finish)
        taker = _Helper("vivant after", run_after, after.close)
        source.start()
        giver.start()
        taker.start()
        completed = False
        try:
            for bundle in ahead:
                drawn = draw.run(bundle)
                self._services.collect_garbage()
                if not after.put(drawn):
                    break
                if bundle.step is not None:
                    self._frames += 1
                    if self._progress:
                        self._progress(self._frames, total)
            else:
                if giver.error is None and source.error is None:
                    completed = all(after.put(bundle) for bundle in draw.drain())
        finally:
            if patience.over():
                emitted.close()
            ahead.close()
            # after a failure the encoders need not finish frames that will be thrown away
            (after.finish if completed else after.close)()
            for helper, at_work in (
                (source, [primary.id] if primary else []),
                (giver, [node_id for stage in before for node_id in stage.node_ids]),
                (taker, behind.node_ids),
            ):
                if not helper.join_within(patience):
                    for node_id in at_work:
                        self._leave(node_id)
        for helper in (source, giver, taker):
            if helper.error is not None:
                raise helper.error

    def _ahead(
        self, primary: NodeSpec | None, source: _Helper, emitted: HandOver[Made], stages: Sequence[Stage]
    ) -> Iterator[Bundle]:
        """Give step after step as it is to be drawn, each with what nodes that look ahead know of it."""

        def whole() -> bool:
            return source.ended and source.error is None

        bundles, past = self._steps(primary, emitted, whole), set[str]()
        if primary:
            past.add(primary.id)
        for stage in stages:
            bundles = _through(stage, bundles, whole)
            past.update(stage.node_ids)
            lags = {node_id: self._graph[node_id].lag for node_id in stage.node_ids}
            if any(lags.values()):
                later = (spec for spec in self._graph.nodes if spec.id not in past)
                wanted = {(link.node, link.output) for spec in later for link in spec.links.values()}
                bundles = realigned(bundles, {node_id: lag for node_id, lag in lags.items() if lag}, wanted)
        yield from bundles

    def _steps(self, primary: NodeSpec | None, emitted: HandOver[Made], whole: Callable[[], bool]) -> Iterator[Bundle]:
        now_ns = 0
        name = primary.id if primary else ""
        for step, made in enumerate(emitted):
            # time stands still rather than go back, should a file's time stamps be wrong
            now_ns = max(now_ns, made.t_ns)
            yield Bundle(now_ns, step, named(name, made))
        if primary and whole():
            with NodeFault.of(name):
                last = list(self._stations[name].drain())
            for made in last:
                yield Bundle(now_ns, None, named(name, made))

    def _emissions(self, primary: NodeSpec | None, stop: threading.Event) -> Iterator[Made]:
        if primary is None:
            # only still pictures: one step shows them
            if not stop.is_set():
                yield Made({}, 0, 0)
            return
        station = self._stations[primary.id]
        while not stop.is_set():
            try:
                with NodeFault.of(primary.id):
                    made = station.emit()
            except NodeFault as fault:
                if isinstance(fault.error, EndOfStream):
                    return
                raise
            if made.packets:
                yield made
        self._interrupted = True

    def _close(self, outcome: Outcome) -> None:
        """Close every node, the last first. A fault in closing is told only when nothing else went wrong."""
        faults = []
        for station in reversed(self._stations.values()):
            if station.id in self._hung:
                continue
            try:
                station.close(outcome)
            except Exception as error:
                faults.append(explain(error, station.id, self._services.log_dir))
        if faults and outcome is not Outcome.FAILED:
            raise faults[0]


def _through(stage: Stage, bundles: Iterator[Bundle], whole: Callable[[], bool]) -> Iterator[Bundle]:
    for bundle in bundles:
        yield stage.run(bundle)
    if whole():
        yield from stage.drain()


class _Helper(threading.Thread):
    """A thread that keeps whether it ended, and what it failed with.

    Not a daemon: inference libraries abort when cut off.
    """

    def __init__(self, name: str, work: Callable[[], None], finish: Callable[[], None]) -> None:
        super().__init__(name=name, daemon=False)
        self.error: BaseException | None = None
        self.ended = False
        self._work = work
        self._finish = finish

    def join_within(self, patience: Patience) -> bool:
        """Wait for its end; return whether it came before patience was over."""
        while self.is_alive():
            self.join(POLL_S)
            if self.is_alive() and patience.over():
                self.join(GRACE_S)
                return not self.is_alive()
        return True

    def run(self) -> None:
        try:
            self._work()
        except BaseException as error:
            self.error = error
        finally:
            self.ended = True
            self._finish()
