"""``vivant animate`` in two goes: a driver's motion is recorded, then a puppet that has studied it is drawn."""

from __future__ import annotations

import copy
from pathlib import Path

from vivant.graph.graph import Graph, NodeSpec
from vivant.graph.migration import Document
from vivant.runtime.file_output import free_name, unfit
from vivant.runtime.motion_document import motion_document


def driver_document(document: Document, graph: Graph, recording: Path) -> Document:
    """Return what is run first: the driver's motion into `recording`.

    The puppet is built in it, too, for nobody: what is wrong with the portrait is told before a long driver is read,
    and what is built is kept on disk.

    Args:
        document: What ``vivant animate`` runs otherwise. It is not changed.
        graph: What validation made of it.
        recording: Absolute path of the file to write.

    Raises:
        VivantError: The preset cannot be used for this; exit status 2.
    """
    first = motion_document(document, graph, None, recording, "output.motion")
    nodes = first["nodes"]
    writer = next(node for node in nodes.values() if node["type"] == "output.motion")
    writer["params"]["without_face"] = True  # a puppet that nobody moves is drawn all the same
    puppet = _retarget(graph).links["puppet"].node
    still = graph.still & (graph.upstream([puppet]) | {puppet})
    return {**first, "nodes": {name: node for name, node in document["nodes"].items() if name in still} | nodes}


def studied_document(document: Document, graph: Graph, recording: Path) -> Document:
    """Return what is run then: an offline graph that plays `recording` and has studied it.

    Args:
        document: What ``vivant animate`` runs otherwise. It is not changed.
        graph: What validation made of it.
        recording: Absolute path of what output.motion wrote of its driver.

    Raises:
        VivantError: Nothing in it studies, it studies something else, or it needs the driver's pictures too; exit
            status 2.
    """
    retarget = _retarget(graph)
    link = retarget.links.get("response")
    probe = None if link is None else graph[link.node]
    if probe is None or probe.node_class.type != "puppet.probe":
        raise unfit(graph, "its puppet is not looked at: wire a node puppet.probe to its puppet.retarget")
    if not getattr(probe.params, "enabled", True):
        raise unfit(graph, f"its {probe.id} is switched off", f"set {probe.id}.enabled, or leave --study out")
    if getattr(probe.params, "study", ""):
        raise unfit(graph, f"its {probe.id}.study names a recording already", "leave it out, or --study")
    nodes: Document = copy.deepcopy(document["nodes"])
    del nodes["driver"]
    played = free_name(nodes, "recording")
    nodes[played] = {"type": "source.motion", "params": {"path": str(recording)}}
    nodes[retarget.id]["inputs"]["motion"] = f"{played}.motion"
    studied = {"study": str(recording), "study_mirrored": bool(getattr(retarget.params, "mirror", False))}
    nodes[probe.id]["params"] = nodes[probe.id].get("params", {}) | studied
    sinks = {spec.id for spec in graph.nodes if not spec.node_class.output_ports}
    while unread := {name for name in nodes if name not in sinks | _read(nodes)}:
        for name in unread:
            del nodes[name]
    if any(link.startswith("driver.") for link in _links(nodes)):
        raise unfit(
            graph, "what it draws hangs on the driver's picture, which is gone when its motion has been studied"
        )
    return {**document, "nodes": nodes}


def _retarget(graph: Graph) -> NodeSpec:
    found = next((spec for spec in graph.nodes if spec.node_class.type == "puppet.retarget"), None)
    if found is None:
        raise unfit(graph, "it moves no puppet")
    return found


def _links(nodes: Document) -> list[str]:
    return [link for node in nodes.values() for link in node.get("inputs", {}).values()]


def _read(nodes: Document) -> set[str]:
    return {link.partition(".")[0] for link in _links(nodes)}
