"""What writes the pictures of a graph into a file, in place of what shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph
from vivant.graph.migration import Document
from vivant.graph.port import accepts
from vivant.graph.registry import Registry

VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv", ".webm")
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg")


def file_output(graph: Graph, registry: Registry, out: Path) -> Document:
    """Return the node, as a preset has it, that writes what `graph` shows.

    Args:
        graph: A graph with something that shows or writes pictures.
        registry: Finds the node.
        out: Absolute path: a video, a picture, or a folder for numbered pictures.

    Raises:
        VivantError: The ending is not known, or nothing gives a picture; exit status 2.
    """
    sink = registry.get(output_type(out))
    (frame,) = (port for port in sink.input_ports.values() if port.required)
    feed = _picture_link(graph, frame.type)
    return {"type": sink.type, "params": {"path": str(out)}, "inputs": {frame.name: feed}}


def remove_sinks(nodes: Document, graph: Graph) -> None:
    """Take what shows or writes out of the nodes of a preset that `graph` was made of."""
    for spec in graph.nodes:
        if not spec.node_class.output_ports:
            del nodes[spec.id]


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
    raise unfit(graph, "nothing in it gives a picture that could be written")


def free_name(nodes: Document, name: str) -> str:
    """Return a name that no node has yet: this one, or it with something behind."""
    while name in nodes:
        name += "_"
    return name


class UnfitError(VivantError):
    """A preset, or a driver, cannot be used as it was asked for."""


def unfit(graph: Graph, why: str, remedy: str = "") -> UnfitError:
    """Return the error for a preset that cannot be used as it was asked for."""
    presets = "see `vivant presets`; `portrait-video` is made for `vivant animate`, `relief` for `vivant render`"
    return UnfitError(f"the preset '{graph.name}' cannot be used here: {why}", remedy=remedy or presets, exit_status=2)
