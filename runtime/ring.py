"""The last so many numbers of a long series, in as little memory as they need."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Generic, Literal, TypeVar

N = TypeVar("N", int, float)


class Ring(Generic[N]):
    """Keeps the last `kept` numbers. One thread adds; others may read meanwhile.

    Not a deque: its numbers are objects of 24 bytes and more, and a run of an evening would grow by megabytes until
    all are full.
    """

    def __init__(self, kind: Literal["d", "q"], kept: int) -> None:
        """Make an empty ring.

        Args:
            kind: ``d`` for floats, ``q`` for integers of 64 bits.
            kept: How many numbers it keeps.
        """
        self._values: array[N] = array(kind)
        self._kept = kept
        self._full = False
        self._next = 0

    def add(self, value: N) -> None:
        """Add a number; the oldest goes when there is no more room."""
        if self._full:
            place = self._next
            self._values[place] = value
            self._next = place + 1 if place + 1 < self._kept else 0
        else:
            self._values.append(value)
            self._full = len(self._values) == self._kept

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[N]:
        """Give the numbers kept, the oldest first."""
        return iter(self.last(self._kept))

    def last(self, count: int) -> list[N]:
        """Return the last `count` numbers, the oldest first; all where there are no more."""
        values, start = self._values, self._next
        ordered = values[start:] + values[:start]
        return ordered[max(0, len(ordered) - count) :].tolist()
