"""``vivant animate`` in two goes: first the driver's motion is read, then a puppet that has studied it is drawn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph
from vivant.graph.migration import Document
from vivant.graph.registry import Registry
from vivant.graph.validation import validate
from vivant.runtime.offline_run import run_offline
from vivant.runtime.studied_document import driver_document, studied_document

if TYPE_CHECKING:
    from vivant.runtime.report import RunResult
    from vivant.runtime.trace import Trace


class Goes(NamedTuple):
    """Two graphs, run one after the other."""

    reading: Graph
    drawing: Graph


def studied_goes(document: Document, graph: Graph, registry: Registry, recording: Path) -> Goes:
    """Return the two goes of an offline graph.

    Args:
        document: What ``vivant animate`` runs otherwise. It is not changed.
        graph: What validation made of it.
        registry: Finds nodes.
        recording: Absolute path of the file between the goes.

    Raises:
        VivantError: The driver is no video, or the preset cannot be used for this; exit status 2.
    """
    if graph["driver"].node_class.type == "source.performance":
        raise VivantError(
            "a performance has nothing to study: it says what a face does, not how this driver does it",
            where=str(getattr(graph["driver"].params, "path", "")),
            remedy="leave --study out, or give the video that it was recorded from",
            exit_status=2,
        )
    # what is drawn first: if it cannot be, the driver is not read in vain
    drawing = validate(studied_document(document, graph, recording), registry, graph.base_dir)
    return Goes(validate(driver_document(document, graph, recording), registry, graph.base_dir), drawing)


def run_studied(goes: Goes, *, driver: str, label: str, made: str, trace: Trace | None) -> RunResult:
    """Run the two goes; nothing is read twice.

    Args:
        goes: What `studied_goes` returned.
        driver: What the first progress bar says.
        label: What the second one says.
        made: What is written, for the line at the end.
        trace: Where the calls of all nodes are noted, if anywhere.

    Raises:
        VivantError: A run failed, or was interrupted.
    """
    first = run_offline(goes.reading, label=driver, made="", trace=trace)
    return run_offline(goes.drawing, label=label, made=made, trace=trace, first=first)
