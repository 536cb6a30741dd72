"""The graph of ``vivant render``: a preset that runs by itself, and a file in place of the window."""

from __future__ import annotations

import copy
from pathlib import Path

from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph
from vivant.graph.migration import Document
from vivant.graph.registry import Registry
from vivant.runtime.file_output import file_output, free_name, remove_sinks

_DURATION = "duration_s"


def rendered_document(
    document: Document, graph: Graph, registry: Registry, *, out: Path, duration_s: float | None = None
) -> Document:
    """Return a copy of a valid preset that writes `out` in place of what it shows.

    Args:
        document: A preset. It is not changed.
        graph: What validation made of it.
        registry: Finds the nodes that write files.
        out: Absolute path: a video, a picture, or a folder for numbered pictures.
        duration_s: How long what drives it is to play, in seconds; None: as long as it does by itself.

    Raises:
        VivantError: The preset cannot be used for this; exit status 2.
    """
    nodes: Document = copy.deepcopy(document["nodes"])
    sink = file_output(graph, registry, out)
    remove_sinks(nodes, graph)
    nodes[free_name(nodes, "output")] = sink
    if duration_s is not None:
        driver = graph.primary()
        if driver is None or _DURATION not in driver.node_class.params_type.model_fields:
            what = (
                "nothing drives it" if driver is None else f"'{driver.id}' ({driver.node_class.type}) plays to its end"
            )
            raise VivantError(
                f"how long the preset '{graph.name}' plays cannot be chosen: {what}",
                remedy="leave --duration out",
                exit_status=2,
            )
        params = nodes[driver.id].get("params", {})
        nodes[driver.id]["params"] = {**params, _DURATION: duration_s}
    return {**document, "nodes": nodes}
