"""From a video of a face to a performance, by the part of a preset that makes motion of the driver's pictures."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph
from vivant.graph.migration import Document
from vivant.graph.node import Outcome
from vivant.graph.preset import apply_overrides, load_preset
from vivant.graph.registry import Registry
from vivant.graph.validation import validate
from vivant.runtime.file_output import free_name, unfit
from vivant.runtime.progress import FrameProgress
from vivant.runtime.services import Services
from vivant.runtime.shipped_presets import find_preset

if TYPE_CHECKING:
    from vivant.nodes.sources.performance_clip import PerformanceClip


def recorded_performance(
    video: Path, preset: str, overrides: list[str], services: Services, stop: threading.Event
) -> PerformanceClip:
    """Read the motion of a face off a video.

    Args:
        video: The video.
        preset: A preset file or the name of one, driven by a video.
        overrides: Texts ``node.param=value``.
        services: What nodes need from outside.
        stop: Set when the user wants to leave.

    Raises:
        VivantError: The preset cannot be used, the video cannot be read, no face is in it, or the user interrupted it.
    """
    from vivant.nodes.sources.performance_clip import read_clip
    from vivant.runtime.offline import OfflineEngine

    path, registry = find_preset(preset), Registry.installed()
    document = apply_overrides(load_preset(path), overrides)
    graph = validate(document, registry, path.parent, where=str(path))
    with tempfile.TemporaryDirectory(prefix="vivant-") as folder:
        out = Path(folder) / f"{video.stem}.json"
        document = _document(document, graph, video, out)
        part = validate(document, registry, path.parent, where=str(path))
        with FrameProgress(video.name) as progress:
            result = OfflineEngine(part, services, progress=progress).run(stop)
        if result.outcome is Outcome.INTERRUPTED:
            raise VivantError("interrupted: nothing was made")
        if not out.exists():
            raise VivantError("no face was seen in this video, so it moves nothing", where=str(video))
        return read_clip(out)


def _document(document: Document, graph: Graph, video: Path, out: Path) -> Document:
    """Return what of a preset makes motion of the driver's pictures, and writes it to `out`."""
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
    nodes["driver"] = nodes["driver"] | {"params": params | {"path": str(video)}}
    nodes[free_name(nodes, "performance")] = {
        "type": "output.performance",
        "params": {"path": str(out)},
        "inputs": {"motion": f"{link.node}.{link.output}"},
    }
    return {**document, "nodes": nodes}
