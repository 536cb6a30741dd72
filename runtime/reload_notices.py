"""How edits fare, in the terminal."""

from __future__ import annotations

from vivant.graph.errors import VivantError
from vivant.runtime.faults import show_line


class ReloadNotices:
    """Tells on standard error what became of each edit, every time: a fault may be saved twice."""

    def applied(self, summary: str) -> None:
        """See `ReloadListener.applied`."""
        show_line(f"reload: {summary}")

    def refused(self, fault: VivantError) -> None:
        """See `ReloadListener.refused`."""
        show_line(f"reload refused, what ran before goes on: {fault}")
