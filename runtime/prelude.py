"""What runs before the first frame: ONCE sources and all that nothing else wakes or feeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vivant.graph.errors import EndOfStream
from vivant.graph.graph import Graph
from vivant.graph.node import Pace
from vivant.runtime.node_fault import NodeFault
from vivant.runtime.station import Made, Station


def run_prelude(
    graph: Graph,
    stations: Mapping[str, Station],
    call: Callable[[Station, Callable[[], None]], None],
    stopped: Callable[[], bool],
) -> bool:
    """Run the still part of a graph to completion, in topological order; its values go to all readers.

    Args:
        graph: The graph.
        stations: Its nodes by name.
        call: Runs a function on the thread where this station belongs, and returns when it is done.
        stopped: Whether to give up between two nodes.

    Returns:
        Whether it was completed.

    Raises:
        NodeFault: A node failed.
    """
    for spec in graph.nodes:
        if spec.id not in graph.still:
            continue
        if stopped():
            return False
        station = stations[spec.id]

        def work(station: Station = station) -> None:
            for made in _still_values(station, stopped):
                for reader, name in graph.readers(station.id):
                    packet = made.packets.get(reader.links[name].output)
                    if packet is not None:
                        stations[reader.id].receive(name, packet)

        with NodeFault.of(spec.id):
            call(station, work)
    return True


def _still_values(station: Station, stopped: Callable[[], bool]) -> list[Made]:
    if station.spec.pace is Pace.ONCE:
        try:
            while not stopped():
                made = station.emit()
                if made.packets:
                    return [made]
        except EndOfStream:
            pass
        return []
    values = [station.process()] if station.woken else []
    # its stream is this one packet: what it would answer late, it gives now
    return values + list(station.drain()) if values else []
