"""``vivant animate`` in two goes: first the driver's motion is read, then a puppet that has studied it is drawn."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph
from vivant.graph.migration import Document
from vivant.graph.registry import Registry
from vivant.graph.validation import validate
from vivant.runtime.file_output import UnfitError, unfit
from vivant.runtime.studied_document import driver_document, studied_document


class StudiedGraphs(NamedTuple):
    """Two graphs, run one after the other: the driver is read once."""

    reading: Graph
    drawing: Graph


def studied_graphs(document: Document, graph: Graph, registry: Registry, recording: Path) -> StudiedGraphs:
    """Return the two goes of an offline graph.

    Args:
        document: What ``vivant animate`` runs otherwise. It is not changed.
        graph: What validation made of it.
        registry: Finds nodes.
        recording: Absolute path of the file between the goes.

    Raises:
        UnfitError: The driver is no video, or the preset cannot be used for this; exit status 2.
    """
    if graph["driver"].node_class.type == "source.performance":
        raise UnfitError(
            "a performance has nothing to study: it says what a face does, not how this driver does it",
            where=str(getattr(graph["driver"].params, "path", "")),
            remedy="leave --study out, or give the video that it was recorded from",
            exit_status=2,
        )
    drawing = validate(studied_document(document, graph, recording), registry, graph.base_dir)
    steps = drawing.primary()
    if steps is None or steps.node_class.type != "source.motion":
        raise unfit(graph, "something else than its driver says how many frames there are")
    return StudiedGraphs(validate(driver_document(document, graph, recording), registry, graph.base_dir), drawing)


@contextmanager
def studied(document: Document, graph: Graph, registry: Registry, *, asked: bool) -> Iterator[StudiedGraphs | None]:
    """Give the two goes of an offline graph, and a place for what is read, which is gone afterwards.

    Args:
        document: What ``vivant animate`` runs otherwise. It is not changed.
        graph: What validation made of it.
        registry: Finds nodes.
        asked: Whether it was asked for.

    Yields:
        The goes; None where it cannot be done, and was not asked for.

    Raises:
        VivantError: It was asked for and cannot be done; or there is no room for what is read.
    """
    try:
        place = tempfile.TemporaryDirectory(prefix="vivant-")
    except OSError as error:
        if asked:
            raise _no_room(str(error.strerror or error), "") from error
        yield None
        return
    with place as folder:
        goes = None
        try:
            goes = studied_graphs(document, graph, registry, Path(folder) / "driver.npz")
        except UnfitError:
            if asked:
                raise
        try:
            yield goes
        except VivantError as error:
            if not error.where.startswith(folder):
                raise
            raise _no_room(error.what, error.where) from error


def _no_room(why: str, where: str) -> VivantError:
    return VivantError(
        f"what is read of the driver cannot be kept until it is drawn: {why}",
        where=where,
        remedy="make room there, name another folder in TMPDIR, or draw at once: --no-study",
    )
