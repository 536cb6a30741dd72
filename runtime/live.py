"""The live engine: a thread per blocking node, the render lane on the main thread, the newest frame."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterable
from dataclasses import replace

from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph, NodeSpec
from vivant.graph.node import Lane, Outcome, Pace, Source
from vivant.runtime.calls import Blocked, Call
from vivant.runtime.clock import Clock, Doorbell, MonotonicClock
from vivant.runtime.crew import Crew, in_render_lane
from vivant.runtime.edits import Edits, ReloadListener
from vivant.runtime.errand import Abandoned, Errand
from vivant.runtime.expendable import Expendable
from vivant.runtime.frame_pacer import STEP_NS, FramePacer
from vivant.runtime.live_status import LiveStatus
from vivant.runtime.node_fault import NodeFault, explain
from vivant.runtime.orders import Orders
from vivant.runtime.prelude import StillValues, run_prelude
from vivant.runtime.presented import Presented
from vivant.runtime.refusals import Refusals
from vivant.runtime.reload import Reload
from vivant.runtime.render_lane import RenderLane
from vivant.runtime.report import NodeReport, RunResult
from vivant.runtime.services import GraphicsLostError, Services
from vivant.runtime.station import Made, Station

SHUTDOWN_NS = 1_000_000_000
"""How long workers may take to end, all together: with what comes after it a run ends within 2 s."""
PREPARED_NS = 4_000_000_000
"""How long nodes of the render lane may prepare themselves, with the first frame shown, before anything moves."""
OPEN_NS = 10_000_000_000
"""How long a device may take to open; some need a few seconds to give their first frame."""
STILL_OPENING_NS = 2_000_000_000
"""When the user is told that a device is still being opened."""
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
        edits: Edits | None = None,
        reload_listener: ReloadListener | None = None,
        orders: Callable[[], Iterable[str]] | None = None,
    ) -> None:
        """Prepare a run.

        Args:
            graph: The graph.
            services: What it needs from outside. OpenGL is released by whoever made it.
            clock: The graph's time; every wait goes through it.
            duration_s: How long to run from the moment on when things move; None: no limit.
            headless: Leave out the nodes that need a display.
            edits: Other graphs and files to take over while it runs; None: it stays as it is.
            reload_listener: Told how they fare; None: `services.notice` is.
            orders: Returns what has come from outside since the last call: commands of nodes, as ``NODE.COMMAND``.
                Called with every step; it must not wait.
        """
        self._headless = headless
        self._edits = edits
        self._reload_listener = reload_listener
        self._outside = orders
        self._graph = graph.without_display() if headless else graph
        self._services = services
        self._clock = clock or MonotonicClock()
        self._duration_ns = None if duration_s is None else round(duration_s * 1e9)
        self._stations: dict[str, Station] = {}
        # a node may have had several: every instance that a reload makes gets its own
        # those that nobody holds any more have left nothing behind; a call that hangs holds its own
        self._devices = weakref.WeakKeyDictionary[Expendable, str]()
        self._hurried = False
        self._prepared_ns = 0
        self._hung: set[str] = set()
        self._left_behind: frozenset[str] = frozenset()
        self._bell = Doorbell()
        self._refusals = Refusals()
        self._orders = Orders(
            self._bell, services.notice, lambda error, node_id: explain(error, node_id, services.log_dir)
        )
        self._ledger = _Ledger(self._graph, services, self._clock, self._bell)
        self._status = LiveStatus(self._stations, self._ledger.presented, self._clock.now_ns, self._refusals)
        self._ledger.heard = self._status.notice

    def run(self, stop: threading.Event) -> RunResult:
        """Run the graph.

        Args:
            stop: Set to end the run; it is looked at with every step.

        Raises:
            VivantError: A node failed before the first frame, or a file that drives the graph broke off.
            GraphicsLostError: Display or OpenGL context are gone.
        """
        _check(self._graph)
        for spec in self._graph.nodes:
            self._stations[spec.id] = self._station(self._graph, spec)
        outcome = Outcome.FAILED
        with self._clock.seat("render lane", rank=1):
            try:
                values = None
                if self._open(stop):
                    values = run_prelude(
                        self._graph,
                        self._stations,
                        self._call(stop),
                        lambda: self._asked_to_end(stop),
                        self._graph.still,
                    )
                begin_ns = self._clock.now_ns()
                if values is not None:
                    self._services.opened(self._stations.values())
                    self._stream(values, stop)
                duration_ns = self._clock.now_ns() - begin_ns - self._prepared_ns
                if self._ledger.fatal:
                    raise self._ledger.fatal
                interrupted = stop.is_set() or self._ledger.broken or values is None
                outcome = Outcome.INTERRUPTED if interrupted else Outcome.DONE
                if self._ledger.broken:
                    raise self._ledger.broken
            except NodeFault as fault:
                raise explain(fault.error, fault.node_id, self._services.log_dir) from fault.error
            except GraphicsLostError:
                outcome = Outcome.INTERRUPTED  # what was written so far is good, and kept
                raise
            except Abandoned:
                duration_ns, outcome = 0, Outcome.INTERRUPTED
            except KeyboardInterrupt:
                outcome = Outcome.INTERRUPTED
                raise
            finally:
                self._close(outcome)
        return self._result(outcome, duration_ns)

    def _station(self, graph: Graph, spec: NodeSpec) -> Station:
        context = self._services.node_context(graph, spec, self._clock.now_ns, offline=False)
        context = replace(context, status=self._status.lines, send=self._orders.send)
        station = Station(graph, spec, context, self._clock.now_ns, self._services.trace)
        if spec.pace is Pace.CAPTURE:
            device = _device(spec, self._clock)
            station.caller, station.hurry = device, device.hurry
            self._devices[device] = spec.id
            if self._hurried:
                device.hurry()
        return station

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
            errand = Errand(station.id, work, self._clock, self._bell)
            errand.start()
            give_up_ns: int | None = None
            tell_ns = self._clock.now_ns() + STILL_OPENING_NS if station.spec.pace is Pace.CAPTURE else None
            while not self._clock.wait(self._bell, lambda: errand.finished, self._clock.now_ns() + POLL_NS):
                if self._services.gl:
                    self._services.gl.poll()
                now_ns = self._clock.now_ns()
                if self._asked_to_end(stop):
                    give_up_ns = give_up_ns or now_ns + SHUTDOWN_NS
                    self._hurry()
                    if now_ns >= give_up_ns:
                        self._leave(station.id)
                        raise Abandoned
                elif tell_ns is not None and now_ns >= tell_ns:
                    tell_ns = None
                    self._services.notice(f"{station.id} is still being opened: its device has not answered yet")
            errand.join()
            if errand.error:
                if self._asked_to_end(stop) and isinstance(errand.error, Exception):
                    if isinstance(errand.error.__cause__, Blocked):
                        self._leave(station.id)
                    raise Abandoned  # else it is such as a file whose fetching was given up
                raise errand.error

        return call

    def _stream(self, values: StillValues, stop: threading.Event) -> None:
        """Step the render lane to the end, with the workers at work, and stop them."""
        crew = Crew(self._graph, self._stations, values, self._clock, self._bell, self._ledger, self._ledger.follow)
        reload = self._reload_of(crew)
        try:
            self._step(crew, reload, stop)
        finally:
            limit_ns = self._clock.now_ns() + SHUTDOWN_NS
            crew.call_off()
            self._hurry()
            if reload:
                reload.close()
                for node_id in sorted(reload.hung):
                    self._say_left(node_id)
                # not `_hung`: the node that has its name now is well
                self._left_behind = frozenset(reload.hung)
            for node_id in crew.stop(limit_ns):
                self._leave(node_id)

    def _reload_of(self, crew: Crew) -> Reload | None:
        if self._edits is None:
            return None
        return Reload(
            crew,
            self._edits,
            self._refusals,
            self._reload_listener or _Notifier(self._services),
            self._station,
            self._admit,
            lambda error, node_id: explain(error, node_id, self._services.log_dir),
            self._clock,
            self._bell,
            SHUTDOWN_NS,
        )

    def _admit(self, graph: Graph) -> Graph:
        """Return what this run can run of a graph that was saved while it runs."""
        graph = graph.without_display() if self._headless else graph
        _check(graph)
        if _draws(graph) and not _draws(self._graph):
            raise VivantError(
                "this run was started without OpenGL, and the preset draws now", remedy="start it again", exit_status=2
            )
        return graph

    def _step(self, crew: Crew, reload: Reload | None, stop: threading.Event) -> None:
        gl = self._services.gl
        shown, begun = 0, False
        begin_ns = self._clock.now_ns()
        pacer = FramePacer(begin_ns)
        arrived_ns: int | None = None
        end_ns = None if self._duration_ns is None else begin_ns + self._duration_ns
        while True:
            step_ns = self._clock.now_ns()
            if gl:
                gl.poll()
            if self._asked_to_end(stop) or self._ledger.fatal or (end_ns is not None and step_ns >= end_ns):
                return
            if reload and begun:
                reload.step()
            if self._outside:
                for target in self._outside():
                    self._orders.send(target)
            self._orders.carry_out(crew)
            # asked before the step: what came last is still seen by it
            over = crew.over()
            crew.lane.step()
            if not begun:
                # after the first frame, of what is still: what it has to make holds up nothing that moves
                begun = True
                self._prepare(crew.lane, stop)
                end_ns = None if end_ns is None else end_ns + self._prepared_ns
                crew.start()
                if reload:
                    reload.start()
            self._services.collect_garbage()
            if self._services.presented and self._ledger.presented.frames > shown:
                shown = self._ledger.presented.frames
                self._services.presented(self._clock.now_ns())
            self._status.look()
            if self._services.watch:
                self._services.watch(self._status)
            if over:
                crew.lane.drain()
                crew.lane.finish()
                limit_ns = self._clock.now_ns() + SHUTDOWN_NS
                self._clock.wait(self._bell, lambda: all(w.finished for w in crew.workers), limit_ns)
                return
            now_ns = self._clock.now_ns()
            if gl and gl.window is not None and now_ns - step_ns >= STEP_NS * 4 // 5:
                pacer.shown(now_ns)
            else:
                pacer.drawn(step_ns, now_ns, arrived_ns, awaits=crew.lane.awaits)
            crew.lane.spare()
            arrived_ns = self._await_frame(crew.lane, reload, pacer, end_ns)

    def _prepare(self, lane: RenderLane, stop: threading.Event) -> None:
        """Let the lane's nodes do what they would do in spare time, while nothing moves that it could hold up."""
        begin_ns = self._clock.now_ns()
        while lane.spare() and self._clock.now_ns() < begin_ns + PREPARED_NS and not self._asked_to_end(stop):
            if self._services.gl:
                self._services.gl.poll()
        self._prepared_ns = self._clock.now_ns() - begin_ns

    def _await_frame(
        self, lane: RenderLane, reload: Reload | None, pacer: FramePacer, end_ns: int | None
    ) -> int | None:
        """Wait until the next frame may begin; return when something new came for it, if it did.

        What a reload has for this thread is done meanwhile: an edit takes several turns, and would wait for a frame at
        each of them.
        """
        soonest_ns, due_ns = pacer.soonest_ns, pacer.due_ns
        if end_ns is not None:
            soonest_ns, due_ns = min(soonest_ns, end_ns), min(due_ns, end_ns)

        def over() -> bool:
            return self._ledger.fatal is not None or lane.called

        def called() -> bool:
            # not when the frame is due: turns that follow each other closely would hold it up for as long as they last
            return over() or (reload is not None and reload.called and self._clock.now_ns() < due_ns)

        while self._clock.wait(self._bell, called, due_ns) and reload is not None and not over():
            reload.step()
        arrived_ns = self._clock.now_ns() if lane.called else None
        self._clock.wait(self._bell, lambda: self._ledger.fatal is not None, soonest_ns)
        return arrived_ns

    def _hurry(self) -> None:
        self._hurried = True
        for held in self._devices.keyrefs():  # a copy: others may come meanwhile
            device = held()
            if device is not None:
                device.hurry()

    def _leave(self, node_id: str) -> None:
        if node_id not in self._hung:
            self._hung.add(node_id)
            if node_id not in self._left_behind:
                self._say_left(node_id)

    def _say_left(self, node_id: str) -> None:
        self._services.notice(f"{node_id} did not stop in time and is left behind")

    def _close(self, outcome: Outcome) -> None:
        """Close every node, the last first; one that still runs in its thread is not touched."""
        faults = []
        self._hurry()
        for station in reversed(self._stations.values()):
            for kind, count in station.upkeep.repeated():
                self._services.notice(f"{station.id} failed {count} times: {kind}")
            if station.id in self._hung:
                continue
            try:
                station.close(outcome)
            except Exception as error:
                if not isinstance(error.__cause__, Blocked):
                    faults.append(explain(error, station.id, self._services.log_dir))
        for held in self._devices.keyrefs():
            device = held()
            if device is not None:
                if device.left:
                    self._leave(self._devices[device])
                device.dismiss()
        if faults and outcome is Outcome.DONE:
            raise faults[0]
        for fault in faults:
            self._services.notice(str(fault))

    def _result(self, outcome: Outcome, duration_ns: int) -> RunResult:
        end_ns = self._clock.now_ns()
        return RunResult(
            outcome=outcome,
            frames=self._ledger.presented.frames,
            duration_ns=duration_ns,
            nodes={
                station.id: NodeReport(
                    station.spec.node_class.type,
                    station.statistics,
                    station.upkeep.state,
                    station.providers,
                    tuple(station.upkeep.changes),
                    None if station.statistics.shown_ns is None else end_ns - station.statistics.shown_ns,
                )
                for station in self._stations.values()
            },
            presented=self._ledger.presented,
            renderer=self._services.gl.renderer if self._services.gl else None,
            hung=tuple(sorted(self._hung | self._left_behind)),
        )


class _Ledger:
    """Listens to all nodes: counts what is presented, and decides what a fault means.

    Attributes:
        presented: The frames presented, with their latency.
        fatal: The fault that ends the run at once.
        heard: Told what the user is told of a node.
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
        self._down = set[str]()
        self.follow(graph)

    def follow(self, graph: Graph, gone: frozenset[str] = frozenset()) -> None:
        """Take another graph as the one that runs; instances of nodes in `gone` are not at work any more."""
        if self.broken and self.broken.node_id in gone:
            self.broken = None
        self._down -= gone
        drawn = [spec for spec in graph.nodes if in_render_lane(spec)]
        sinks = [spec for spec in drawn if not spec.node_class.output_ports]
        self._presenter = next((spec.id for specs in (sinks, drawn, graph.nodes) for spec in reversed(specs)), "")
        # a still picture has no capture time to be late by
        self._ages = self._presenter not in graph.unmoved

    def made(self, station: Station, made: Made) -> None:
        if station.id in self._down and made.packets:
            self._down.discard(station.id)
            self._say(f"{station.id} works again")
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
            return
        if for_good and station.spec.pace is Pace.MEDIA:
            self.broken = self.broken or NodeFault(station.id, error)
            return
        if not for_good and station.spec.pace is Pace.CAPTURE:
            self._down.add(station.id)
        if first:
            told = explain(error, station.id, self._services.log_dir)
            ending = "" if for_good else "; its last output is held and it is tried again"
            remedy = f" ({told.remedy})" if told.remedy else ""
            place = f" ({told.where})" if told.where not in ("", f"node {station.id}") else ""
            self._say(f"{station.id}: {told.what}{place}{ending}{remedy}")

    def crashed(self, station: Station, error: BaseException) -> None:
        if self.fatal is None:
            self.fatal = NodeFault(station.id, error)
        self._bell.ring()

    def ended(self, station: Station) -> None:
        self._bell.ring()

    def _say(self, line: str) -> None:
        self._services.notice(line)
        self.heard(line)


class _Notifier:
    """Tells how edits fare where nobody else does."""

    def __init__(self, services: Services) -> None:
        self._notice = services.notice

    def applied(self, summary: str) -> None:
        self._notice(f"reload: {summary}")

    def refused(self, fault: VivantError) -> None:
        self._notice(f"reload refused: {fault}")


def _not_heard(line: str) -> None:
    pass


def _device(spec: NodeSpec, clock: Clock) -> Expendable:
    node_class = spec.node_class
    patience_s = node_class.patience_s if issubclass(node_class, Source) else None
    patience_ns = None if patience_s is None else round(patience_s * 1e9)
    return Expendable(spec.id, clock, {Call.OPEN: OPEN_NS, Call.PROCESS: patience_ns, Call.CLOSE: SHUTDOWN_NS})


def _draws(graph: Graph) -> bool:
    return any(spec.node_class.draws for spec in graph.nodes)


def _check(graph: Graph) -> None:
    for spec in graph.nodes:
        if in_render_lane(spec) and spec.pace in (Pace.MEDIA, Pace.CAPTURE):
            raise VivantError(
                f"{spec.node_class.type} is a source of the render lane: only ONCE sources may be",
                where=f"node {spec.id}",
            )
