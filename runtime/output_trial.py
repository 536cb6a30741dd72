"""Whether what a graph will write can be written at all."""

from __future__ import annotations

from vivant.graph.graph import Graph
from vivant.graph.node import Outcome
from vivant.runtime.clock import MonotonicClock, VirtualClock
from vivant.runtime.node_fault import NodeFault, explain
from vivant.runtime.services import Services
from vivant.runtime.station import Station


def try_outputs(graph: Graph, services: Services) -> None:
    """Open what writes, and close it again as if it had failed: nothing is left of it.

    Args:
        graph: What will run.
        services: What its nodes need from outside.

    Raises:
        VivantError: It cannot be opened: no place to write to, or a format that cannot hold it.
    """
    clock, wall = VirtualClock(), MonotonicClock()
    for spec in graph.nodes:
        if spec.node_class.output_ports:
            continue
        context = services.node_context(graph, spec, clock.now_ns, offline=True)
        station = Station(graph, spec, context, wall.now_ns, None)
        try:
            with NodeFault.of(spec.id):
                station.open()
        except NodeFault as fault:
            raise explain(fault.error, fault.node_id, services.log_dir) from fault.error
        finally:
            station.close(Outcome.FAILED)
