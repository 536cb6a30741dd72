"""The nodes that run on the main thread, in order, once per displayed frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vivant.graph.graph import Graph
from vivant.graph.packet import Packet, Tick
from vivant.runtime.clock import Clock
from vivant.runtime.mailbox import Mailbox
from vivant.runtime.station import Made, Station
from vivant.runtime.worker import Listener

MOST_UNSPARED = 10
"""After so many steps without time to spare, some is taken: else it would never come where drawing takes long."""


class RenderLane:
    """Nodes of the render lane of a live graph. Links among them pass within the same step."""

    def __init__(
        self,
        graph: Graph,
        stations: Sequence[Station],
        clock: Clock,
        inboxes: Mapping[str, Mapping[str, Mailbox]],
        outboxes: Mapping[str, Mapping[str, Sequence[Mailbox]]],
        listener: Listener,
    ) -> None:
        """Take the lane's nodes.

        Args:
            graph: The graph.
            stations: The nodes in topological order, opened.
            clock: Where the time of a step comes from.
            inboxes: For each node, the inputs that come from workers.
            outboxes: For each node and output, the mailboxes of readers in workers.
            listener: Told what happens.
        """
        self._clock = clock
        self._listener = listener
        self._steps = 0
        self._last_ns = 0
        self._unspared = 0
        self.rewire(graph, stations, inboxes, outboxes)

    def rewire(
        self,
        graph: Graph,
        stations: Sequence[Station],
        inboxes: Mapping[str, Mapping[str, Mailbox]],
        outboxes: Mapping[str, Mapping[str, Sequence[Mailbox]]],
    ) -> None:
        """Go on with these nodes, in the rhythm of before; the arguments are those of the constructor."""
        by_id = {station.id: station for station in stations}
        self._letters = tuple(box for boxes in inboxes.values() for box in boxes.values())
        self._outboxes = outboxes
        self._seats = tuple(
            _Seat(
                station,
                tuple(inboxes[station.id].items()),
                tuple(
                    (reader.links[name].output, by_id[reader.id], name)
                    for reader, name in graph.readers(station.id)
                    if reader.id in by_id
                ),
                tuple((output, box) for output, boxes in outboxes[station.id].items() for box in boxes),
            )
            for station in stations
        )

    @property
    def awaits(self) -> bool:
        """Whether workers give it something."""
        return bool(self._letters)

    @property
    def called(self) -> bool:
        """Whether something new has come from a worker."""
        return any(box.full for box in self._letters)

    def step(self) -> None:
        """Run every node that is woken: by this step's tick, or by a packet that came since the last one."""
        now_ns = self._clock.now_ns()
        dt_ns = now_ns - self._last_ns if self._steps else 0
        # below zero: what comes of a tick alone is no packet of a source, and has no latency
        tick = Packet(Tick(now_ns, dt_ns), now_ns, -1 - self._steps)
        self._last_ns = now_ns
        self._steps += 1
        for seat in self._seats:
            station = seat.station
            for name, box in seat.inboxes:
                packet = box.take()
                if packet is not None:
                    station.receive(name, packet)
            self._run(seat, tick)

    def spare(self) -> bool:
        """Give nodes time that is to spare, unless something has come that waits to be drawn.

        Returns:
            Whether there is more to do in such time.
        """
        if self.called and self._unspared < MOST_UNSPARED:
            self._unspared += 1
            return True
        self._unspared = 0
        more = False
        for seat in self._seats:
            if seat.station.has_spare and seat.station.runs and seat.station.upkeep.well:
                try:
                    more |= seat.station.spare()
                except Exception as error:
                    self._listener.failed(seat.station, error)
        return more

    def drain(self) -> None:
        """Pass on what the nodes still have when their inputs have ended."""
        for index, seat in enumerate(self._seats):
            try:
                for made in seat.station.drain():
                    self._deliver(seat, made)
                    for later in self._seats[index + 1 :]:
                        self._run(later, None)
            except Exception as error:
                self._listener.failed(seat.station, error, for_good=True)

    def finish(self) -> None:
        """Tell readers in workers that nothing more will come."""
        for boxes in self._outboxes.values():
            for readers in boxes.values():
                for box in readers:
                    box.finish()

    def _run(self, seat: _Seat, tick: Packet[Tick] | None) -> None:
        station = seat.station
        upkeep = station.upkeep
        if not (upkeep.well or upkeep.may_run(self._clock.now_ns())):
            return
        try:
            made = station.process(tick)
        except Exception as error:
            self._listener.failed(station, error)
            return
        if made is None:
            return
        if not upkeep.well:
            upkeep.succeeded()
        self._deliver(seat, made)

    def _deliver(self, seat: _Seat, made: Made) -> None:
        packets = made.packets
        for output, reader, name in seat.routes:
            packet = packets.get(output)
            if packet is not None:
                reader.receive(name, packet)
        for output, box in seat.mail:
            packet = packets.get(output)
            if packet is not None:
                box.put(packet)
        self._listener.made(seat.station, made)


@dataclass(frozen=True, slots=True)
class _Seat:
    """A node in the lane. No tuple: its fields are read for every packet, and slots are read faster.

    Attributes:
        station: The node.
        inboxes: Its inputs that come from workers.
        routes: Output, reader and its input, within the lane.
        mail: Output and mailbox, to workers.
    """

    station: Station
    inboxes: tuple[tuple[str, Mailbox], ...]
    routes: tuple[tuple[str, Station, str], ...]
    mail: tuple[tuple[str, Mailbox], ...]
