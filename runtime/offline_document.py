"""The graph of ``vivant animate``: a preset with other sources, and a file in place of the window."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph
from vivant.graph.migration import Document
from vivant.graph.port import OutputPort, accepts
from vivant.graph.registry import Registry

VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv", ".webm")
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg")
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
            raise _unfit(graph, f"it has no node called '{needed}'")
    sink = registry.get(output_type(out))
    (frame,) = (port for port in sink.input_ports.values() if port.required)
    feed = _picture_link(graph, frame.type)
    for spec in graph.nodes:
        if not spec.node_class.output_ports:
            del nodes[spec.id]
    _set_path(nodes["portrait"], portrait)
    _replace_driver(nodes, graph, registry, driver)
    if feed.partition(".")[0] not in nodes:
        raise _unfit(graph, "what it draws hangs on the driver's picture, which a performance does not have")
    nodes[_free_name(nodes, "output")] = {
        "type": sink.type,
        "params": {"path": str(out)},
        "inputs": {frame.name: feed},
    }
    return {**document, "nodes": nodes}


def output_type(out: Path) -> str:
    """Return the type of the node that writes `out`, by its ending.

    Raises:
        VivantError: The ending is not known; exit status 2.
    """
    suffix = out.suffix.lower()
    if suffix in VIDEO_SUFFIXES:
        return "output.video"
    if suffix in PICTURE_SUFFIXES or not suffix or out.is_dir():
        return "output.images"
    known = ", ".join((*VIDEO_SUFFIXES, *PICTURE_SUFFIXES))
    raise VivantError(
        f"'{out.suffix}' is no ending that Vivant can write",
        where=str(out),
        remedy=f"use one of {known}, or a folder for numbered pictures",
        exit_status=2,
    )


def _picture_link(graph: Graph, wanted: Any) -> str:
    """Return the link to the picture of the node that feeds what shows or writes."""
    for spec in graph.nodes:
        if spec.node_class.output_ports:
            continue
        for link in spec.links.values():
            for port in graph[link.node].node_class.output_ports.values():
                if accepts(wanted, port.type):
                    return f"{link.node}.{port.name}"
    raise _unfit(graph, "nothing in it gives a picture that could be written")


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


def _free_name(nodes: Document, name: str) -> str:
    while name in nodes:
        name += "_"
    return name


def _unfit(graph: Graph, why: str) -> VivantError:
    return VivantError(
        f"the preset '{graph.name}' cannot be used here: {why}",
        remedy="see `vivant presets`; `portrait-video` is made for this",
        exit_status=2,
    )
