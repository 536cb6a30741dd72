"""The graph of ``vivant animate``: a preset with other sources, and a file in place of the window."""

from __future__ import annotations

import copy
from pathlib import Path

from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph
from vivant.graph.migration import Document
from vivant.graph.port import OutputPort, accepts
from vivant.graph.registry import Registry
from vivant.runtime.file_output import file_output, free_name, remove_sinks, unfit

PERFORMANCE_SUFFIX = ".json"


def offline_document(
    document: Document, graph: Graph, registry: Registry, *, portrait: str, driver: Path, out: Path
) -> Document:
    """Return a copy of a valid preset that reads `driver` and `portrait` and writes `out`.

    The node ``driver`` becomes a source that reads the file; a performance brings motion by itself, so what
    made motion of the driver's pictures is left out. What shows a picture becomes what writes it.

    Args:
        document: A preset. It is not changed.
        graph: What validation made of it.
        registry: Finds the nodes that read and write files.
        portrait: Absolute path of the picture, or the name of a sample.
        driver: Absolute path of a video or of a performance (.json).
        out: Absolute path: a video, a picture, or a folder for numbered pictures.

    Raises:
        VivantError: The preset cannot be used for this; exit status 2.
    """
    nodes: Document = copy.deepcopy(document["nodes"])
    for needed in ("driver", "portrait"):
        if needed not in graph:
            raise unfit(graph, f"it has no node called '{needed}'")
    sink = file_output(graph, registry, out)
    (feed,) = sink["inputs"].values()
    remove_sinks(nodes, graph)
    _set_path(nodes["portrait"], portrait)
    _replace_driver(nodes, graph, registry, driver)
    if feed.partition(".")[0] not in nodes:
        raise unfit(graph, "what it draws hangs on the driver's picture, which a performance does not have")
    nodes[free_name(nodes, "output")] = sink
    return {**document, "nodes": nodes}


def _replace_driver(nodes: Document, graph: Graph, registry: Registry, driver: Path) -> None:
    wanted = registry.get("source.performance" if driver.suffix.lower() == PERFORMANCE_SUFFIX else "source.video")
    if graph["driver"].node_class is wanted:
        _set_path(nodes["driver"], str(driver))
        nodes["driver"]["params"].pop("loop", None)  # a file has an end
        return
    if not graph.connected("driver") <= wanted.output_ports.keys():
        if wanted.type != "source.performance":
            raise VivantError(
                f"the preset '{graph.name}' is driven by {graph['driver'].node_class.type}, not by a video",
                where=str(driver),
                remedy="give a performance (.json), or leave --preset out",
                exit_status=2,
            )
        _feed_motion(nodes, graph, next(iter(wanted.output_ports.values())))
    nodes["driver"] = {"type": wanted.type, "params": {"path": str(driver)}}


def _feed_motion(nodes: Document, graph: Graph, motion: OutputPort) -> None:
    """Feed from ``driver`` what wants motion, and drop what only made motion of the driver's pictures."""
    downstream = graph.downstream(["driver"])
    for name, port, link in _links(nodes):
        # what takes motion, not what gives exactly that: a tracker's motion may be None, a performance's is not
        if link.partition(".")[0] in downstream and accepts(graph[name].node_class.input_ports[port].type, motion.type):
            nodes[name]["inputs"][port] = f"driver.{motion.name}"
    while starved := [
        (name, port)
        for name, port, link in _links(nodes)
        if link.partition(".")[0] not in nodes or (link.startswith("driver.") and link != f"driver.{motion.name}")
    ]:
        name, port = starved[0]
        if graph[name].node_class.input_ports[port].required:
            del nodes[name]
        else:
            del nodes[name]["inputs"][port]


def _links(nodes: Document) -> list[tuple[str, str, str]]:
    return [(name, port, link) for name, node in nodes.items() for port, link in node.get("inputs", {}).items()]


def _set_path(node: Document, path: str) -> None:
    node["params"] = {**node.get("params", {}), "path": path}
