"""The live engine: a thread per blocking node, the render lane on the main thread, the newest frame."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph, NodeSpec
from vivant.graph.node import Lane, Outcome, Pace
from vivant.runtime.clock import Clock, Doorbell, MonotonicClock
from vivant.runtime.live_status import LiveStatus
from vivant.runtime.mailbox import Mailbox
from vivant.runtime.node_fault import NodeFault, explain
from vivant.runtime.prelude import run_prelude
from vivant.runtime.presented import Presented
from vivant.runtime.render_lane import RenderLane
from vivant.runtime.report import NodeReport, RunResult
from vivant.runtime.services import Services
from vivant.runtime.station import Made, Station
from vivant.runtime.worker import Worker

STEP_NS = 1_000_000_000 // 60
"""Shortest time between two steps of the render lane where no display sets the rate."""
SHUTDOWN_NS = 2_000_000_000
"""How long workers may take to end, all together."""
POLL_NS = 50_000_000
"""How long the window may go unattended while nodes are opened."""


class LiveEngine:
    """Runs a graph in real time until it ends, its duration is over, or it is told to stop.

    What ONCE sources feed is made first; then every node that may block gets a thread, and the thread that
    called `run` steps the render lane. A fault before the first frame ends the run; later ones degrade it.
    """

    def __init__(
        self,
        graph: Graph,
        services: Services,
        *,
        clock: Clock | None = None,
        duration_s: float | None = None,
        headless: bool = False,
    ) -> None:
        """Prepare a run.

        Args:
            graph: The graph.
            services: What it needs from outside. OpenGL is released by whoever made it.
            clock: The graph's time; every wait goes through it.
            duration_s: How long to run from the first step on; None: no limit.
            headless: Leave out the nodes that need a display.
        """
        self._graph = graph.without_display() if headless else graph
        self._services = services
        self._clock = clock or MonotonicClock()
        self._duration_ns = None if duration_s is None else round(duration_s * 1e9)
        self._stations: dict[str, Station] = {}
        self._hung: set[str] = set()
        self._bell = Doorbell()
        self._ledger = _Ledger(self._graph, services, self._clock, self._bell)
        self._status = LiveStatus(self._stations, self._ledger.presented, self._clock.now_ns)
        self._ledger.heard = self._status.notice

    def run(self, stop: threading.Event) -> RunResult:
        """Run the graph.

        Args:
            stop: Set to end the run; it is looked at with every step.

        Raises:
            VivantError: A node failed before the first frame, or a file that drives the graph broke off.
        """
        self._check()
        for spec in self._graph.nodes:
            context = self._services.node_context(self._graph, spec, self._clock.now_ns, offline=False)
            context = replace(context, status=self._status.lines)
            self._stations[spec.id] = Station(self._graph, spec, context, self._clock.now_ns, self._services.trace)
        outcome = Outcome.FAILED
        with self._clock.seat("render lane", rank=1):
            try:
                ready = self._open(stop) and run_prelude(
                    self._graph, self._stations, self._call(stop), lambda: self._asked_to_end(stop)
                )
                begin_ns = self._clock.now_ns()
                if ready:
                    self._services.opened(self._stations.values())
                    self._stream(stop)
                duration_ns = self._clock.now_ns() - begin_ns
                if self._ledger.fatal:
                    raise self._ledger.fatal
                interrupted = stop.is_set() or self._ledger.broken or not ready
                outcome = Outcome.INTERRUPTED if interrupted else Outcome.DONE
                if self._ledger.broken:
                    raise self._ledger.broken
            except NodeFault as fault:
                raise explain(fault.error, fault.node_id, self._services.log_dir) from fault.error
            except _Abandoned:
                duration_ns, outcome = 0, Outcome.INTERRUPTED
            except KeyboardInterrupt:
                outcome = Outcome.INTERRUPTED
                raise
            finally:
                self._close(outcome)
        return self._result(outcome, duration_ns)

    def _check(self) -> None:
        for spec in self._graph.nodes:
            if spec.node_class.lane is Lane.RENDER and spec.pace in (Pace.MEDIA, Pace.CAPTURE):
                raise VivantError(
                    f"{spec.node_class.type} is a source of the render lane: only ONCE sources may be",
                    where=f"node {spec.id}",
                )

    def _asked_to_end(self, stop: threading.Event) -> bool:
        gl = self._services.gl
        return stop.is_set() or (gl is not None and gl.should_close())

    def _open(self, stop: threading.Event) -> bool:
        call = self._call(stop)
        for station in self._stations.values():
            if self._asked_to_end(stop):
                return False
            with NodeFault.of(station.id):
                call(station, station.open)
        return True

    def _call(self, stop: threading.Event) -> Callable[[Station, Callable[[], None]], None]:
        """Return how to call into a node before the start: the window stays alive meanwhile."""

        def call(station: Station, work: Callable[[], None]) -> None:
            if station.spec.node_class.lane is Lane.RENDER:
                work()
                return
            errand = _Errand(station.id, work, self._clock, self._bell)
            errand.start()
            give_up_ns: int | None = None
            while not self._clock.wait(self._bell, lambda: errand.finished, self._clock.now_ns() + POLL_NS):
                if self._services.gl:
                    self._services.gl.poll()
                if self._asked_to_end(stop):
                    give_up_ns = give_up_ns or self._clock.now_ns() + SHUTDOWN_NS
                    if self._clock.now_ns() >= give_up_ns:
                        self._leave(station.id)
                        raise _Abandoned
            errand.join()
            if errand.error:
                raise errand.error

        return call

    def _stream(self, stop: threading.Event) -> None:
        """Start the workers, step the render lane to the end, and stop the workers."""
        bells = {node_id: Doorbell() for node_id in self._stations}
        inboxes: dict[str, dict[str, Mailbox]] = {node_id: {} for node_id in self._stations}
        outboxes: dict[str, dict[str, list[Mailbox]]] = {node_id: {} for node_id in self._stations}
        moving = [spec for spec in self._graph.nodes if spec.id not in self._graph.still]
        for spec in moving:
            for name, link in spec.links.items():
                if link.node in self._graph.still or (_draws(spec) and _draws(self._graph[link.node])):
                    continue
                # the main thread looks into its mailboxes with every step: nobody need wake it
                box = Mailbox(Doorbell() if _draws(spec) else bells[spec.id])
                inboxes[spec.id][name] = box
                outboxes[link.node].setdefault(link.output, []).append(box)
        for spec in moving:
            self._stations[spec.id].mail = inboxes[spec.id]
        workers = [
            Worker(
                self._stations[spec.id],
                self._clock,
                bells[spec.id],
                inboxes[spec.id],
                outboxes[spec.id],
                self._ledger,
            )
            for spec in moving
            if not _draws(spec)
        ]
        drawn = [spec.id for spec in moving if _draws(spec)]
        lane = RenderLane(
            self._graph,
            [self._stations[node_id] for node_id in drawn],
            self._clock,
            inboxes,
            outboxes,
            self._ledger,
        )
        try:
            for worker in workers:
                worker.start()
            self._step(lane, workers, stop)
        finally:
            self._stop(workers, inboxes)

    def _step(self, lane: RenderLane, workers: list[Worker], stop: threading.Event) -> None:
        gl = self._services.gl
        after = self._graph.downstream(s.id for s in self._graph.nodes if _draws(s))
        feeding = [worker for worker in workers if worker.station.id not in after]
        has_source = any(worker.station.spec.pace is not None for worker in workers)
        begin_ns = next_ns = self._clock.now_ns()
        end_ns = None if self._duration_ns is None else begin_ns + self._duration_ns
        while True:
            step_ns = self._clock.now_ns()
            if gl:
                gl.poll()
            if self._asked_to_end(stop) or self._ledger.fatal or (end_ns is not None and step_ns >= end_ns):
                return
            # asked before the step: what came last is still seen by it
            over = has_source and all(worker.finished for worker in feeding)
            lane.step()
            self._services.collect_garbage()
            if self._services.watch:
                self._services.watch(self._status)
            if over:
                lane.drain()
                lane.finish()
                limit_ns = self._clock.now_ns() + SHUTDOWN_NS
                self._clock.wait(self._bell, lambda: all(w.finished for w in workers), limit_ns)
                return
            took_ns = self._clock.now_ns() - step_ns
            if gl and gl.window is not None and took_ns >= STEP_NS * 4 // 5:
                next_ns = self._clock.now_ns()  # the display, or the drawing itself, sets the pace
            else:
                next_ns = max(next_ns + STEP_NS, self._clock.now_ns())
            until_ns = next_ns if end_ns is None else min(next_ns, end_ns)
            self._clock.wait(self._bell, lambda: self._ledger.fatal is not None, until_ns)

    def _stop(self, workers: list[Worker], inboxes: dict[str, dict[str, Mailbox]]) -> None:
        for worker in workers:
            worker.close()
        for boxes in inboxes.values():
            for box in boxes.values():
                box.close()
        limit_ns = self._clock.now_ns() + SHUTDOWN_NS
        self._clock.wait(self._bell, lambda: all(worker.finished for worker in workers), limit_ns)
        for worker in reversed(workers):
            if worker.finished:
                worker.join()
            else:
                self._leave(worker.station.id)
        for node_id, boxes in inboxes.items():
            self._stations[node_id].statistics.dropped += sum(box.dropped for box in boxes.values())
            self._stations[node_id].mail = {}

    def _leave(self, node_id: str) -> None:
        self._hung.add(node_id)
        self._services.notice(f"{node_id} did not stop within {SHUTDOWN_NS // 10**9} s and is left behind")

    def _close(self, outcome: Outcome) -> None:
        """Close every node, the last first; one that still runs in its thread is not touched."""
        faults = []
        for station in reversed(self._stations.values()):
            for kind, count in station.upkeep.repeated():
                self._services.notice(f"{station.id} failed {count} times: {kind}")
            if station.id in self._hung:
                continue
            try:
                station.close(outcome)
            except Exception as error:
                faults.append(explain(error, station.id, self._services.log_dir))
        if faults and outcome is Outcome.DONE:
            raise faults[0]
        for fault in faults:
            self._services.notice(str(fault))

    def _result(self, outcome: Outcome, duration_ns: int) -> RunResult:
        return RunResult(
            outcome=outcome,
            frames=self._ledger.presented.frames,
            duration_ns=duration_ns,
            nodes={
                station.id: NodeReport(
                    station.spec.node_class.type, station.statistics, station.upkeep.state, station.providers
                )
                for station in self._stations.values()
            },
            presented=self._ledger.presented,
            renderer=self._services.gl.renderer if self._services.gl else None,
            hung=tuple(sorted(self._hung)),
        )


class _Ledger:
    """Listens to all nodes: counts what is presented, and decides what a fault means.

    Attributes:
        presented: The frames presented, with their latency.
        fatal: The fault that ends the run at once.
        heard: Told what the user is told.
        broken: A source of media that failed: the run ends with it, when all others have ended.
    """

    def __init__(self, graph: Graph, services: Services, clock: Clock, bell: Doorbell) -> None:
        self.presented = Presented()
        self.fatal: NodeFault | None = None
        self.broken: NodeFault | None = None
        self.heard: Callable[[str], None] = _not_heard
        self._services = services
        self._clock = clock
        self._bell = bell
        drawn = [spec for spec in graph.nodes if _draws(spec)]
        sinks = [spec for spec in drawn if not spec.node_class.output_ports]
        self._presenter = next((spec.id for specs in (sinks, drawn, graph.nodes) for spec in reversed(specs)), "")
        # a still picture has no capture time to be late by
        self._ages = self._presenter not in graph.unmoved

    def made(self, station: Station, made: Made) -> None:
        if station.id != self._presenter or made.silent:
            return
        now_ns = self._clock.now_ns()
        fresh = self.presented.frame(now_ns, made.t_ns, made.seq, ages=self._ages)
        if fresh and self._services.trace:
            self._services.trace.presented(station.flow, made.seq, made.t_ns, now_ns)

    def failed(self, station: Station, error: Exception, *, for_good: bool = False) -> None:
        station.statistics.faults += 1
        first = station.upkeep.failed(error, self._clock.now_ns(), for_good=for_good)
        if self.presented.frames == 0 and station.statistics.count == 0:
            self.crashed(station, error)
        elif for_good and station.spec.pace is Pace.MEDIA:
            self.broken = self.broken or NodeFault(station.id, error)
        elif first:
            told = explain(error, station.id, self._services.log_dir)
            ending = "" if for_good else "; its last output is held and it is tried again"
            remedy = f" ({told.remedy})" if told.remedy else ""
            line = f"{station.id}: {told.what}{ending}{remedy}"
            self._services.notice(line)
            self.heard(line)

    def crashed(self, station: Station, error: BaseException) -> None:
        if self.fatal is None:
            self.fatal = NodeFault(station.id, error)
        self._bell.ring()

    def ended(self, station: Station) -> None:
        self._bell.ring()


class _Errand:
    """One call on a thread of its own, waited for through the clock."""

    def __init__(self, name: str, work: Callable[[], None], clock: Clock, bell: Doorbell) -> None:
        self.finished = False
        self.error: BaseException | None = None
        self._work = work
        self._bell = bell
        self._seat = clock.seat(name)
        self._thread = threading.Thread(target=self._main, name=f"vivant {name}", daemon=False)

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        self._thread.join()

    def _main(self) -> None:
        with self._seat:
            try:
                self._work()
            except BaseException as error:
                self.error = error
            self.finished = True
            self._bell.ring()


class _Abandoned(Exception):  # noqa: N818 - the user wanted to stop, and a node did not come back
    pass


def _not_heard(line: str) -> None:
    pass


def _draws(spec: NodeSpec) -> bool:
    return spec.node_class.lane is Lane.RENDER
