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

    Attributes:
        values: The room; the number added as the n-th, from 0, lies at n modulo `kept`.
        kept: How many numbers it keeps.
        added: How many were added so far.
    """

    def __init__(self, kind: Literal["d", "q"], kept: int) -> None:
        """Make an empty ring.

        Args:
            kind: ``d`` for floats, ``q`` for integers of 64 bits.
            kept: How many numbers it keeps.
        """
        # written, not only asked for: untouched pages would become resident one by one
        self.values: array[N] = array(kind)
        self.values.frombytes(bytes(8 * kept))
        self.kept = kept
        self.added = 0

    def add(self, value: N) -> None:
        """Add a number; the oldest goes when there is no more room."""
        added = self.added
        self.values[added % self.kept] = value
        self.added = added + 1

    def __len__(self) -> int:
        return min(self.added, self.kept)

    def __iter__(self) -> Iterator[N]:
        """Give the numbers kept, the oldest first."""
        return iter(self.last(self.kept))

    def last(self, count: int) -> list[N]:
        """Return the last `count` numbers, the oldest first; all where there are no more."""
        values, added = self.values, self.added
        start = added % self.kept
        ordered = values[start:] + values[:start] if added >= self.kept else values[:added]
        return ordered[max(0, len(ordered) - count) :].tolist()
