"""What was saved while a graph runs and is not in force: kept until it is mended."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from vivant.graph.errors import VivantError


class Edited(StrEnum):
    """What was edited."""

    PRESET = "preset"
    FILES = "files"
    """Files of a node, such as its shaders."""


class Refusals:
    """Why edits were refused, one fault for each place. Used on the main thread only."""

    def __init__(self) -> None:
        self._faults: dict[tuple[Edited, str], VivantError] = {}

    @property
    def faults(self) -> tuple[VivantError, ...]:
        """What is still to be mended, the oldest first."""
        return tuple(self._faults.values())

    def add(self, edited: Edited, fault: VivantError, node_id: str = "") -> None:
        """Note that an edit is no good, in the place of what was wrong there before.

        Args:
            edited: What was edited.
            fault: Why it was refused.
            node_id: The node that refused it; empty: it is no good as a whole.
        """
        self._faults.pop((edited, node_id), None)
        self._faults[edited, node_id] = fault

    def mended(self, edited: Edited, node_id: str | None = None) -> None:
        """Forget what was wrong with a node's part of an edit; None: with all of it."""
        for place in tuple(self._faults):
            if place[0] is edited and node_id in (None, place[1]):
                del self._faults[place]


def in_one_line(fault: VivantError) -> str:
    """Return file, line and reason of a fault, without what to do about it."""
    first, *more = [line.strip() for line in fault.what.splitlines() if line.strip()] or ["it is no good"]
    reason = first
    if more and first.endswith(":"):
        reason = more[0] + (f" (and {len(more) - 1} more)" if len(more) > 1 else "")
    # "node x" is a place, too, and stays as it is
    place = Path(fault.where).name
    return reason if not place or reason.startswith(place) else f"{place}: {reason}"
