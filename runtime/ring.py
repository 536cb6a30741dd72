"""The last so many numbers of a long series, in as little memory as they need."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Generic, Literal, TypeVar

N = TypeVar("N", int, float)


class Ring(Generic[N]):
    """Keeps the last `kept` numbers. One thread adds; others may read meanwhile.

    Not a deque: its numbers are objects of 24 bytes and more, and a run of an evening would grow by megabytes until
    all are full. Its room is taken at once, for the same reason: a live run has dozens of these, and whether it grows
    can be told after a minute.
    """

    def __init__(self, kind: Literal["d", "q"], kept: int) -> None:
        """Make an empty ring.

        Args:
            kind: ``d`` for floats, ``q`` for integers of 64 bits.
            kept: How many numbers it keeps.
        """
        # written, not only asked for: untouched pages would become resident one by one
        self._values: array[N] = array(kind)
        self._values.frombytes(bytes(8 * kept))
        self._kept = kept
        self._count = 0
        self._next = 0

    def add(self, value: N) -> None:
        """Add a number; the oldest goes when there is no more room."""
        place = self._next
        self._values[place] = value
        self._next = place + 1 if place + 1 < self._kept else 0
        if self._count < self._kept:
            self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[N]:
        """Give the numbers kept, the oldest first."""
        return iter(self.last(self._kept))

    def last(self, count: int) -> list[N]:
        """Return the last `count` numbers, the oldest first; all where there are no more."""
        values, held, start = self._values, self._count, self._next
        ordered = values[start:] + values[:start] if held == self._kept else values[:held]
        return ordered[max(0, len(ordered) - count) :].tolist()
