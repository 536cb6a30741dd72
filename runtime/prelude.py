"""What runs before the first frame: ONCE sources and all that nothing else wakes or feeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vivant.graph.errors import EndOfStream
from vivant.graph.graph import Graph, NodeSpec
from vivant.graph.node import Node, Pace
from vivant.graph.packet import Packet, Tick
from vivant.runtime.node_fault import NodeFault
from vivant.runtime.station import Made, Station

StillValues = dict[str, dict[str, Packet[Any]]]
"""What the still part of a graph gave: the last packet by node and output."""


def run_prelude(
    graph: Graph,
    stations: Mapping[str, Station],
    call: Callable[[Station, Callable[[], None]], None],
    stopped: Callable[[], bool],
    part: frozenset[str],
) -> StillValues | None:
    """Run the still part of a graph to completion, in topological order; its values go to all readers.

    They are then told to expect the first frame.

    Args:
        graph: The graph.
        stations: Its nodes by name.
        call: Runs a function on the thread where this station belongs, and returns when it is done.
        stopped: Whether to give up between two nodes.
        part: What of it runs now, once: `Graph.still`, or `Graph.settled` where there is no later.

    Returns:
        The values; None when it was not completed.

    Raises:
        NodeFault: A node failed.
    """
    values = run_still_part(graph, stations, call, stopped, part, {})
    if values is not None:
        for spec in graph.nodes:
            if spec.id not in part:
                station = stations[spec.id]
                receive_still(station, spec, values)
                if spec.node_class.expect is not Node.expect:
                    with NodeFault.of(spec.id):
                        call(station, station.expect)
    return values


def run_still_part(
    graph: Graph,
    stations: Mapping[str, Station],
    call: Callable[[Station, Callable[[], None]], None],
    stopped: Callable[[], bool],
    part: frozenset[str],
    known: Mapping[str, dict[str, Packet[Any]]],
) -> StillValues | None:
    """Run those nodes of the still part whose values are not known yet; see `run_prelude`.

    Nothing is passed on to nodes outside of the still part: what fails half-way leaves no trace there.
    """
    values: StillValues = {}
    for spec in graph.nodes:
        if spec.id not in part:
            continue
        if spec.id in known:
            values[spec.id] = known[spec.id]
            continue
        if stopped():
            return None
        station, given = stations[spec.id], values.setdefault(spec.id, {})

        def work(station: Station = station, spec: NodeSpec = spec, given: dict[str, Packet[Any]] = given) -> None:
            receive_still(station, spec, values)
            for made in _still_values(station, stopped):
                given.update(made.packets)

        with NodeFault.of(spec.id):
            call(station, work)
    return values


def receive_still(station: Station, spec: NodeSpec, values: Mapping[str, Mapping[str, Packet[Any]]]) -> None:
    """Give a node what its inputs read from the still part."""
    for name, link in spec.links.items():
        packet = values.get(link.node, {}).get(link.output)
        if packet is not None:
            station.receive(name, packet)


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
    answer = station.process(Packet(Tick(0, 0), 0, 0))
    if answer is None:
        return []
    # its stream is this one packet: what it would answer late, it gives now
    return [answer] if station.spec.ticks else [answer, *station.drain()]
