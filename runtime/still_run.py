"""A graph without anything that moves: run once, to its values."""

from __future__ import annotations

import threading
from collections.abc import Callable

from vivant.graph.graph import Graph
from vivant.graph.node import Outcome
from vivant.runtime.clock import MonotonicClock, VirtualClock
from vivant.runtime.node_fault import NodeFault, explain
from vivant.runtime.prelude import StillValues, run_still_part
from vivant.runtime.services import Services
from vivant.runtime.station import Station


def run_still(graph: Graph, services: Services, stop: threading.Event) -> StillValues | None:
    """Run every node of a graph once, on this thread.

    Args:
        graph: ONCE sources, and what they alone feed.
        services: What nodes need from outside.
        stop: Set when the user wants to leave.

    Returns:
        What each node gave, by node and output; None when it was interrupted.

    Raises:
        VivantError: A node failed.
    """
    clock, wall = VirtualClock(), MonotonicClock()
    stations: dict[str, Station] = {}
    for spec in graph.nodes:
        context = services.node_context(graph, spec, clock.now_ns, offline=True)
        stations[spec.id] = Station(graph, spec, context, wall.now_ns, services.trace)
    outcome = Outcome.FAILED

    def call(station: Station, work: Callable[[], None]) -> None:
        work()

    try:
        for station in stations.values():
            with NodeFault.of(station.id):
                station.open()
        values = run_still_part(graph, stations, call, stop.is_set, graph.still, {})
        outcome = Outcome.INTERRUPTED if values is None else Outcome.DONE
        return values
    except NodeFault as fault:
        raise explain(fault.error, fault.node_id, services.log_dir) from fault.error
    finally:
        for station in reversed(stations.values()):
            station.close(outcome)
