"""All that is at work in a live graph: workers, mailboxes and the render lane, changed between two steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from vivant.graph.graph import Graph, NodeSpec
from vivant.graph.node import Lane
from vivant.graph.params import NodeParams
from vivant.runtime.clock import Clock, Doorbell
from vivant.runtime.mailbox import Mailbox
from vivant.runtime.prelude import StillValues, receive_still
from vivant.runtime.render_lane import RenderLane
from vivant.runtime.station import Station
from vivant.runtime.trace import origin
from vivant.runtime.worker import Listener, Worker


def in_render_lane(spec: NodeSpec) -> bool:
    """Whether a node runs on the main thread."""
    return spec.node_class.lane is Lane.RENDER


@dataclass(frozen=True)
class Retired:
    """A node that has no place in the graph any more: to be closed when its worker, if any, has ended."""

    station: Station
    worker: Worker | None

    def ended(self, clock: Clock, patience_ns: int) -> bool:
        """Wait until its worker has ended; return whether it did in time."""
        worker = self.worker
        if worker is None:
            return True
        clock.wait(worker.end_bell, lambda: worker.finished, clock.now_ns() + patience_ns)
        if worker.finished:
            worker.join()
        return worker.finished


class Crew:
    """Runs the nodes of a live graph. Every method is called by the main thread, between two steps.

    Attributes:
        graph: What runs.
        stations: Its nodes by name, in topological order.
        values: What its still part gave.
        lane: The nodes of the main thread.
    """

    def __init__(
        self,
        graph: Graph,
        stations: dict[str, Station],
        values: StillValues,
        clock: Clock,
        bell: Doorbell,
        listener: Listener,
        follow: Callable[[Graph, frozenset[str]], None],
    ) -> None:
        """Take a graph whose nodes are open and whose still part was run; `start` sets it to work.

        Args:
            graph: The graph.
            stations: Its nodes by name; kept and brought up to date here.
            values: What the still part gave.
            clock: All waiting goes through it.
            bell: The main thread's.
            listener: Told what happens at the nodes.
            follow: Told of every other graph, and of the nodes that left for it or are new instances now.
        """
        self.graph = graph
        self.stations = stations
        self.values = values
        self._clock = clock
        self._listener = listener
        self._follows = follow
        self._bell = bell
        self._bells: dict[str, Doorbell] = {}
        self._boxes: dict[tuple[str, str, str, str], Mailbox] = {}
        self._workers: dict[str, Worker] = {}
        self._wires: dict[str, tuple[dict[str, Mailbox], dict[str, list[Mailbox]]]] = {}
        self._absent: set[str] = set()
        self._connect(graph)
        self.lane = RenderLane(graph, (), clock, {}, {}, listener)
        self._man_lane()

    @property
    def workers(self) -> tuple[Worker, ...]:
        """The workers, in topological order of their nodes."""
        return tuple(self._workers[node_id] for node_id in self.stations if node_id in self._workers)

    @property
    def ended(self) -> frozenset[str]:
        """Nodes whose stream is over."""
        return frozenset(worker.station.id for worker in self._workers.values() if worker.finished)

    def over(self) -> bool:
        """Whether the sources have ended, and with them all that comes before the render lane."""
        if self._absent or not any(worker.station.spec.pace is not None for worker in self._workers.values()):
            return False
        after = self.graph.downstream(spec.id for spec in self.graph.nodes if in_render_lane(spec))
        return all(worker.finished for node_id, worker in self._workers.items() if node_id not in after)

    def start(self) -> None:
        """Start the workers."""
        for spec in self._moving(self.graph):
            if not in_render_lane(spec):
                self._hire(spec.id).start()

    def on_its_thread(self, node_id: str, call: Callable[[], None]) -> None:
        """Have `call` made on the thread that runs a node: now, or when its worker comes to it."""
        worker = self._workers.get(node_id)
        if worker is None or not worker.ask(call):
            call()

    def take_over(self, node_id: str, params: NodeParams) -> None:
        """Note that a node that goes on has other parameters."""
        nodes = tuple(replace(spec, params=params) if spec.id == node_id else spec for spec in self.graph.nodes)
        self.graph = replace(self.graph, nodes=nodes)

    def dismiss(self, node_id: str) -> Retired:
        """End the worker of a node whose place is about to be taken; its readers hold what it gave last.

        It is for the caller to wait for the worker and to close the node.
        """
        worker = self._workers.pop(node_id, None)
        self._wires.pop(node_id, None)
        if worker is not None:
            worker.detach()
            self.stations[node_id].hurry()
            self._absent.add(node_id)
        return Retired(self.stations[node_id], worker)

    def swap(self, graph: Graph, fresh: Mapping[str, Station], values: StillValues) -> tuple[Retired, ...]:
        """Go on as another graph. Nothing in here waits or can fail.

        Args:
            graph: The graph.
            fresh: Its nodes that are new or take the place of others, opened.
            values: What its still part gave.

        Returns:
            What is not at work any more, in the order in which it is to be closed.
        """
        gone = [node_id for node_id in self.stations if node_id not in graph or node_id in fresh]
        # who was dismissed before was also seen off then
        retired = [self.dismiss(node_id) for node_id in reversed(gone) if node_id not in self._absent]
        self._absent.clear()
        before, stations = dict(self.stations), dict[str, Station]()
        for spec in graph.nodes:
            stations[spec.id] = fresh.get(spec.id) or before[spec.id]
            if spec.id in fresh and spec.id in before:
                fresh[spec.id].inherit(before[spec.id])
        self.stations.clear()
        self.stations.update(stations)
        unread = self._connect(graph, fresh)
        old_graph, old_values = self.graph, self.values
        self.graph, self.values = graph, values
        anew = frozenset(node_id for node_id, given in values.items() if given is not old_values.get(node_id))
        for spec in graph.nodes:
            if spec.id in fresh:
                if spec.id not in graph.still:
                    receive_still(fresh[spec.id], spec, values)
            elif _feels(old_graph, graph, spec, anew):
                self._follow(old_graph[spec.id], spec, anew)
            self.stations[spec.id].flow = origin(graph, spec)
        for spec in graph.nodes:
            wires = self._inboxes(spec), self._outboxes(spec.id)
            if spec.id in self._workers and self._wires.get(spec.id) != wires:
                self._wires[spec.id] = wires
                self._workers[spec.id].rewire(*wires)
        for box, reader in unread:
            box.close()
            reader.statistics.dropped += box.dropped
        self._man_lane()
        self._follows(graph, frozenset(gone))
        for spec in self._moving(graph):
            if spec.id in fresh and not in_render_lane(spec):
                self._hire(spec.id).start()
        return tuple(retired)

    def call_off(self) -> None:
        """Tell all workers to end; `stop` waits for them."""
        for worker in self.workers:
            worker.close()

    def stop(self, limit_ns: int) -> tuple[str, ...]:
        """End all workers; return the names of those that did not come back in time."""
        workers = self.workers
        self.call_off()
        for box in self._boxes.values():
            box.close()
        self._clock.wait(self._bell, lambda: all(worker.finished for worker in workers), limit_ns)
        hung = []
        for worker in reversed(workers):
            if worker.finished:
                worker.join()
            else:
                hung.append(worker.station.id)
        for (reader, *_), box in self._boxes.items():
            self.stations[reader].statistics.dropped += box.dropped
        for station in self.stations.values():
            station.mail = ()
        return tuple(hung)

    def _moving(self, graph: Graph) -> tuple[NodeSpec, ...]:
        return tuple(spec for spec in graph.nodes if spec.id not in graph.still)

    def _hire(self, node_id: str) -> Worker:
        wires = self._inboxes(self.graph[node_id]), self._outboxes(node_id)
        worker = Worker(self.stations[node_id], self._clock, self._bells[node_id], *wires, self._listener)
        self._workers[node_id], self._wires[node_id] = worker, wires
        return worker

    def _follow(self, before: NodeSpec, spec: NodeSpec, anew: frozenset[str]) -> None:
        """Let a node that goes on take over its links, and the values that the still part has for it."""
        graph, values, station = self.graph, self.values, self.stations[spec.id]
        links = {n: link for n, link in spec.links.items() if link.node in anew or before.links.get(n) != link}

        def follow() -> None:
            try:
                station.rewire(graph, spec.links)
            except Exception as error:  # the graph is exchanged already: the node is as good as one that fails later
                self._listener.failed(station, error)
            if spec.id not in graph.still:  # the still part reads the table of its values whenever it is run
                receive_still(station, replace(spec, links=links), values)

        self.on_its_thread(spec.id, follow)

    def _connect(self, graph: Graph, fresh: Iterable[str] = ()) -> list[tuple[Mailbox, Station]]:
        """Lay a mailbox for every link between threads; those of links that stay are kept with what lies in them.

        Returns:
            Mailboxes that belong to no link any more, and who read them.
        """
        before, new = dict(self._boxes), frozenset(fresh)
        self._boxes = {}
        self._bells = {spec.id: self._bells.get(spec.id) or Doorbell() for spec in graph.nodes}
        for spec in self._moving(graph):
            for name, link in spec.links.items():
                if link.node in graph.still or (in_render_lane(spec) and in_render_lane(graph[link.node])):
                    continue
                key = (spec.id, name, link.node, link.output)
                box = before.get(key)
                if box is None or (box.finished and link.node in new):
                    self._boxes[key] = Mailbox(self._bell if in_render_lane(spec) else self._bells[spec.id])
                else:
                    self._boxes[key] = before.pop(key)
        for spec in graph.nodes:
            self.stations[spec.id].mail = tuple(self._inboxes(spec).values())
        return [(box, self.stations[reader]) for (reader, *_), box in before.items() if reader in self.stations]

    def _inboxes(self, spec: NodeSpec) -> dict[str, Mailbox]:
        return {name: box for (reader, name, *_), box in self._boxes.items() if reader == spec.id}

    def _outboxes(self, node_id: str) -> dict[str, list[Mailbox]]:
        boxes: dict[str, list[Mailbox]] = {}
        for (_, _, writer, output), box in self._boxes.items():
            if writer == node_id:
                boxes.setdefault(output, []).append(box)
        return boxes

    def _man_lane(self) -> None:
        drawn = [spec for spec in self._moving(self.graph) if in_render_lane(spec)]
        self.lane.rewire(
            self.graph,
            [self.stations[spec.id] for spec in drawn],
            {spec.id: self._inboxes(spec) for spec in drawn},
            {spec.id: self._outboxes(spec.id) for spec in drawn},
        )


def _feels(before: Graph, after: Graph, spec: NodeSpec, anew: frozenset[str]) -> bool:
    """Whether a node that goes on has anything to do with the change from one graph to another."""
    sources = {link.node for link in spec.links.values()}
    return (
        spec.links != before[spec.id].links
        or before.connected(spec.id) != after.connected(spec.id)
        or bool(sources & anew)
        or bool(sources & (before.unmoved ^ after.unmoved))
    )
