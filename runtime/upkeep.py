"""The state of a node in a running graph: it fails, holds, and is tried again."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from vivant.graph.errors import VivantError

FIRST_RETRY_NS = 500_000_000
LAST_RETRY_NS = 8_000_000_000
STEADY_NS = 3_000_000_000
"""A node that has worked for so long starts again with the shortest pause. One success is not enough: a frozen
camera, opened anew, gives a frame and freezes again, and would be opened twice a second for ever."""
CHANGES_KEPT = 64
KINDS_KEPT = 64
"""So many different faults of a node are told apart: messages may hold numbers, and no two be the same."""


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


@dataclass(frozen=True, slots=True)
class Change:
    """A node came into a state.

    Attributes:
        t_ns: When.
        state: The state.
        reason: What it failed with; empty in a state that is no failure.
    """

    t_ns: int
    state: State
    reason: str = ""


class Upkeep:
    """Follows one node through its states.

    Attributes:
        error: What it failed with last, or None.
        well: It works, and has done so before: `succeeded` has nothing to note. Looked at for every packet.
        retry_at_ns: When it is tried again, while it holds.
        changes: The last `CHANGES_KEPT` changes of state, the oldest first.
    """

    def __init__(self, now_ns: Callable[[], int] = lambda: 0) -> None:
        """Begin with a node that is being opened.

        Args:
            now_ns: Reads the clock.
        """
        self.error: Exception | None = None
        self.well = False
        self.retry_at_ns = 0
        self.changes = deque[Change](maxlen=CHANGES_KEPT)
        self._now_ns = now_ns
        self._state = State.OPENING
        self._well_since_ns: int | None = None
        self._delay_ns = 0
        self._said: dict[str, int] = {}

    @property
    def state(self) -> State:
        """What the node is doing."""
        return self._state

    @state.setter
    def state(self, state: State) -> None:
        failing = state in (State.HOLDING, State.FAILED)
        change = Change(self._now_ns(), state, _kind(self.error) if failing and self.error else "")
        last = self.changes[-1] if self.changes else None
        if last is None or (last.state, last.reason) != (change.state, change.reason):
            self.changes.append(change)
        self._state = state
        self.well = state is State.RUNNING and self._well_since_ns is not None

    def succeeded(self) -> None:
        """The node did its work."""
        if self._well_since_ns is None:
            self._well_since_ns = self._now_ns()
        self.state = State.RUNNING

    def failed(self, error: Exception, now_ns: int, *, for_good: bool = False) -> bool:
        """The node raised.

        Returns:
            Whether this is the first time it raised this: then it is worth a line, later it is only counted.
        """
        self.error = error
        well_ns = 0 if self._well_since_ns is None else now_ns - self._well_since_ns
        self._well_since_ns = None
        if for_good:
            self.state = State.FAILED
        else:
            before_ns = 0 if well_ns >= STEADY_NS else self._delay_ns
            self._delay_ns = min(max(2 * before_ns, FIRST_RETRY_NS), LAST_RETRY_NS)
            self.state, self.retry_at_ns = State.HOLDING, now_ns + self._delay_ns
        kind = _kind(error)
        count = self._said.pop(kind, 0) + 1
        self._said[kind] = count  # the newest last
        if len(self._said) > KINDS_KEPT:
            del self._said[next(iter(self._said))]
        return count == 1

    def may_run(self, now_ns: int) -> bool:
        """Whether the node is to be called, now."""
        return self.state is not State.FAILED and (self.state is not State.HOLDING or now_ns >= self.retry_at_ns)

    def repeated(self) -> tuple[tuple[str, int], ...]:
        """Return what was raised more than once, and how often."""
        return tuple((kind, count) for kind, count in self._said.items() if count > 1)


def _kind(error: Exception) -> str:
    return error.what if isinstance(error, VivantError) else f"{type(error).__name__}: {error}"
