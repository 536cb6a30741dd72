"""The state of a node in a running graph: it fails, holds, and is tried again."""

from __future__ import annotations

from enum import StrEnum

from vivant.graph.errors import VivantError

FIRST_RETRY_NS = 500_000_000
LAST_RETRY_NS = 8_000_000_000


class State(StrEnum):
    """What a node is doing."""

    OPENING = "opening"
    RUNNING = "running"
    HOLDING = "holding"
    """It failed; its last output is held, and it is tried again later."""
    FAILED = "failed"
    """It failed for good."""
    ENDED = "ended"
    """A source that has given everything, or a node after its last packet."""


class Upkeep:
    """Follows one node through its states.

    Attributes:
        state: The state.
        error: What it failed with last, or None.
        retry_at_ns: When it is tried again, while it holds.
    """

    def __init__(self) -> None:
        self.state = State.OPENING
        self.error: Exception | None = None
        self.retry_at_ns = 0
        self._delay_ns = 0
        self._said: dict[str, int] = {}

    def succeeded(self) -> None:
        """The node did its work: the next failure starts again with the shortest delay."""
        self.state, self._delay_ns = State.RUNNING, 0

    def failed(self, error: Exception, now_ns: int, *, for_good: bool = False) -> bool:
        """The node raised.

        Returns:
            Whether this is the first time it raised this: then it is worth a line, later it is only counted.
        """
        self.error = error
        if for_good:
            self.state = State.FAILED
        else:
            self._delay_ns = min(max(2 * self._delay_ns, FIRST_RETRY_NS), LAST_RETRY_NS)
            self.state, self.retry_at_ns = State.HOLDING, now_ns + self._delay_ns
        kind = error.what if isinstance(error, VivantError) else f"{type(error).__name__}: {error}"
        self._said[kind] = self._said.get(kind, 0) + 1
        return self._said[kind] == 1

    def may_run(self, now_ns: int) -> bool:
        """Whether the node is to be called, now."""
        return self.state is not State.FAILED and (self.state is not State.HOLDING or now_ns >= self.retry_at_ns)

    def repeated(self) -> tuple[tuple[str, int], ...]:
        """Return what was raised more than once, and how often."""
        return tuple((kind, count) for kind, count in self._said.items() if count > 1)
