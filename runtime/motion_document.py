"""The part of a preset that makes motion of a driver's pictures, with what writes that motion into a file."""

from __future__ import annotations

from pathlib import Path

from vivant.graph.graph import Graph
from vivant.graph.migration import Document
from vivant.runtime.file_output import free_name, unfit


def motion_document(document: Document, graph: Graph, video: Path | None, out: Path, writer: str) -> Document:
    """Return what of a preset makes motion of the driver's pictures, and writes it.

    Args:
        document: A preset driven by a video. It is not changed.
        graph: What validation made of it.
        video: Absolute path of the video; None: the one that the preset names.
        out: Absolute path of the file to write.
        writer: Type of the node that writes it.

    Raises:
        VivantError: The preset cannot be used for this; exit status 2.
    """
    retarget = next((spec for spec in graph.nodes if spec.node_class.type == "puppet.retarget"), None)
    link = None if retarget is None else retarget.links.get("motion")
    # into a file motion is steadied where faces are read; in between two frames there is nothing to fill
    while link is not None and graph[link.node].node_class.type == "puppet.smooth":
        link = graph[link.node].links.get("motion")
    if link is None or "driver" not in graph or graph["driver"].node_class.type != "source.video":
        raise unfit(graph, "it brings no motion of a video, its node 'driver', onto a puppet")
    needed = graph.upstream([link.node]) | {link.node}
    nodes: Document = {name: node for name, node in document["nodes"].items() if name in needed}
    params = {name: value for name, value in nodes["driver"].get("params", {}).items() if name != "loop"}
    nodes["driver"] = nodes["driver"] | {"params": params if video is None else params | {"path": str(video)}}
    nodes[free_name(nodes, "motion")] = {
        "type": writer,
        "params": {"path": str(out)},
        "inputs": {"motion": f"{link.node}.{link.output}"},
    }
    return {**document, "nodes": nodes}
