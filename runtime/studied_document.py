"""The graph of ``vivant animate --study``: motion comes from a recording, and the puppet is looked at in it too."""

from __future__ import annotations

import copy
from pathlib import Path

from vivant.graph.graph import Graph
from vivant.graph.migration import Document
from vivant.runtime.file_output import unfit


def studied_document(document: Document, graph: Graph, recording: Path) -> Document:
    """Return a copy of an offline graph that plays `recording` and has studied it.

    Args:
        document: What ``vivant animate`` runs otherwise. It is not changed.
        graph: What validation made of it.
        recording: Absolute path of what output.motion wrote of its driver.

    Raises:
        VivantError: Nothing in it studies, or it needs the driver's pictures too; exit status 2.
    """
    retarget = next(spec for spec in graph.nodes if spec.node_class.type == "puppet.retarget")
    link = retarget.links.get("response")
    if link is None or graph[link.node].node_class.type != "puppet.probe":
        raise unfit(graph, "its puppet is not looked at: wire a node puppet.probe to its puppet.retarget")
    nodes: Document = copy.deepcopy(document["nodes"])
    nodes["driver"] = {"type": "source.motion", "params": {"path": str(recording)}}
    nodes[retarget.id]["inputs"]["motion"] = "driver.motion"
    studied = {"study": str(recording), "study_mirrored": bool(getattr(retarget.params, "mirror", False))}
    nodes[link.node]["params"] = nodes[link.node].get("params", {}) | studied
    sinks = {spec.id for spec in graph.nodes if not spec.node_class.output_ports}
    while unread := {name for name in nodes if name != "driver" and name not in sinks | _read(nodes)}:
        for name in unread:
            del nodes[name]
    if any(link.startswith("driver.") and link != "driver.motion" for link in _links(nodes)):
        raise unfit(
            graph, "what it draws hangs on the driver's picture, which is gone when its motion has been studied"
        )
    return {**document, "nodes": nodes}


def _links(nodes: Document) -> list[str]:
    return [link for node in nodes.values() for link in node.get("inputs", {}).values()]


def _read(nodes: Document) -> set[str]:
    return {link.partition(".")[0] for link in _links(nodes)}
