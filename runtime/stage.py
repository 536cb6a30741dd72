"""A stage of an offline run: some nodes in order, in one thread, one bundle of packets after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vivant.graph.errors import EndOfStream
from vivant.graph.graph import Graph
from vivant.graph.packet import Packet, Tick
from vivant.runtime.clock import VirtualClock
from vivant.runtime.node_fault import NodeFault
from vivant.runtime.station import Made, Station


@dataclass(frozen=True, slots=True)
class Bundle:
    """What goes from one stage to the next in one step.

    Attributes:
        now_ns: Media time of the step.
        step: Its number; None for what nodes still gave after the last step.
        packets: All packets of this step so far: node, output, packet.
    """

    now_ns: int
    step: int | None
    packets: tuple[tuple[str, str, Packet[Any]], ...]


class SampledSource:
    """A MEDIA source that follows the primary one: at each step, its newest emission that is due."""

    def __init__(self, station: Station) -> None:
        self.station = station
        self._next: Made | None = None
        self._ended = False

    def advance(self, now_ns: int) -> Made | None:
        """Return the newest emission due that was not returned before; skipped ones are counted."""
        newest, skipped = None, 0
        while True:
            if self._next is None and not self._ended:
                try:
                    while self._next is None:
                        made = self.station.emit()
                        self._next = made if made.packets else None
                except EndOfStream:
                    self._ended = True
            if self._next is None or self._next.t_ns > now_ns:
                break
            skipped += newest is not None
            newest, self._next = self._next, None
        if newest is None or not skipped:
            return newest
        self.station.statistics.dropped += skipped
        marked = {name: packet._replace(gap=True) for name, packet in newest.packets.items()}
        return newest._replace(packets=marked)


class Stage:
    """Nodes in topological order, run by one thread."""

    def __init__(self, graph: Graph, stations: Sequence[Station], clock: VirtualClock) -> None:
        """Take the nodes of one stage.

        Args:
            graph: The graph.
            stations: The stage's nodes in topological order; a source among them is sampled.
            clock: Virtual time as these nodes see it: stages are at different steps at the same moment.
        """
        self._graph = graph
        self._stations = tuple(stations)
        self._by_id = {station.id: station for station in stations}
        self._clock = clock
        self._sampled = {station.id: SampledSource(station) for station in stations if station.spec.pace is not None}
        self._steps = 0
        self._last_ns = 0

    @property
    def node_ids(self) -> tuple[str, ...]:
        """The names of its nodes."""
        return tuple(self._by_id)

    def __bool__(self) -> bool:
        return bool(self._stations)

    def run(self, bundle: Bundle) -> Bundle:
        """Make one step and return the bundle with what these nodes added."""
        return self._run(bundle, self._stations)

    def drain(self) -> Iterator[Bundle]:
        """Give what the nodes still have, in topological order, each passed on through those after it."""
        for index, station in enumerate(self._stations):
            if station.id in self._sampled:
                continue
            with NodeFault.of(station.id):
                last = list(station.drain())
            for made in last:
                bundle = Bundle(self._last_ns, None, named(station.id, made))
                yield self._run(bundle, self._stations[index + 1 :])

    def _run(self, bundle: Bundle, stations: Iterable[Station]) -> Bundle:
        self._clock.advance_to(bundle.now_ns)
        packets = list(bundle.packets)
        for node_id, output, packet in packets:
            self._deliver(node_id, output, packet)
        dt_ns = bundle.now_ns - self._last_ns if self._steps else 0
        self._last_ns = bundle.now_ns
        if bundle.step is not None:
            self._steps += 1
        tick = Packet(Tick(bundle.now_ns, dt_ns), bundle.now_ns, self._steps - 1)
        for station in stations:
            with NodeFault.of(station.id):
                made = self._made(station, bundle, tick)
            if made:
                for name, packet in made.packets.items():
                    packets.append((station.id, name, packet))
                    self._deliver(station.id, name, packet)
        return replace(bundle, packets=tuple(packets))

    def _made(self, station: Station, bundle: Bundle, tick: Packet[Tick]) -> Made | None:
        if station.id in self._sampled:
            return self._sampled[station.id].advance(bundle.now_ns) if bundle.step is not None else None
        if station.spec.ticks:
            # A node that answers late gives its last packets after the last step. They make up for the
            # steps that a reader missed at the beginning, so that it still runs once per step, no oftener.
            late = bundle.step is None and station.fresh and station.runs < self._steps
            due = bundle.step is not None or late
            return station.process(tick) if due else None
        return station.process()

    def _deliver(self, node_id: str, output: str, packet: Packet[Any]) -> None:
        for spec, name in self._graph.readers(node_id):
            if spec.links[name].output == output and spec.id in self._by_id:
                self._by_id[spec.id].receive(name, packet)


def named(node_id: str, made: Made) -> tuple[tuple[str, str, Packet[Any]], ...]:
    """Return a node's packets as a bundle carries them: node, output, packet."""
    return tuple((node_id, name, packet) for name, packet in made.packets.items())
