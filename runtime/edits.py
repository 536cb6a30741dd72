"""What was saved while a graph runs, and who is told how it fares."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph


@dataclass(frozen=True)
class Edit:
    """What was saved.

    Attributes:
        graph: What the preset says now; None: it did not change, or is no good.
        files: Files of nodes that changed.
        fault: Why the preset is no good.
    """

    graph: Graph | None = None
    files: frozenset[Path] = frozenset()
    fault: VivantError | None = None


class Edits(Protocol):
    """Where edits come from."""

    def look(self, files: frozenset[Path]) -> Edit | None:
        """Return what changed since the last look, if anything did. Called on a thread of its own.

        Args:
            files: What the nodes of the graph would take over.
        """
        ...


class ReloadListener(Protocol):
    """Who is told how edits fare. Called on the main thread, between two steps of the render lane."""

    def applied(self, summary: str) -> None:
        """An edit is in force; says in one line what it changed."""

    def refused(self, fault: VivantError) -> None:
        """An edit is no good; what ran before goes on."""
