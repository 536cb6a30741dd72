"""``vivant animate --study``: first the driver's motion is read, then a puppet that has studied it is drawn."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph
from vivant.graph.migration import Document
from vivant.graph.registry import Registry
from vivant.graph.validation import validate
from vivant.runtime.motion_document import motion_document
from vivant.runtime.offline_document import PERFORMANCE_SUFFIX
from vivant.runtime.offline_run import run_offline
from vivant.runtime.studied_document import studied_document

if TYPE_CHECKING:
    from vivant.runtime.report import RunResult
    from vivant.runtime.trace import Trace


def run_studied(
    document: Document, graph: Graph, registry: Registry, driver: Path, *, label: str, made: str, trace: Trace | None
) -> RunResult:
    """Run an offline graph in two goes: nothing is read twice, and nothing is left of the recording between them.

    Args:
        document: What ``vivant animate`` runs otherwise.
        graph: What validation made of it.
        registry: Finds nodes.
        driver: Absolute path of the driver.
        label: What the progress bar says.
        made: What is written, for the line at the end.
        trace: Where the calls of all nodes of the second go are noted, if anywhere.

    Raises:
        VivantError: The driver is no video, the preset cannot be used for this, a run failed, or was interrupted.
    """
    if driver.suffix.lower() == PERFORMANCE_SUFFIX:
        raise VivantError(
            "a performance has nothing to study: it says what a face does, not how this driver does it",
            where=str(driver),
            remedy="leave --study out, or give the video that it was recorded from",
            exit_status=2,
        )
    with tempfile.TemporaryDirectory(prefix="vivant-") as folder:
        recording = Path(folder) / "driver.npz"
        first = motion_document(document, graph, driver, recording, "output.motion")
        second = studied_document(document, graph, recording)
        run_offline(validate(first, registry, graph.base_dir), label=driver.name, made="")
        return run_offline(validate(second, registry, graph.base_dir), label=label, made=made, trace=trace)
