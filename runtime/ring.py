"""The last numbers of a long row, in memory whose size is fixed from the start."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any

KEPT = 8192
"""Enough for minutes of frames; what a run of hours keeps of them does not grow."""


class Ring:
    """The last `KEPT` numbers that were appended.

    A deque of Python's own numbers takes five times as much, and takes it bit by bit: for the nodes of a portrait
    that looked like a leak of 10 MB in the first minutes of every run.
    """

    def __init__(self, kind: str = "d") -> None:
        """Make an empty one.

        Args:
            kind: ``d`` for numbers with a fraction, ``q`` for whole ones of 64 bits.
        """
        self._values: Any = array(kind, bytes(8 * KEPT))
        self._count = 0

    def append(self, value: float) -> None:
        """Add a number; the oldest of `KEPT` goes."""
        self._values[self._count % KEPT] = value
        self._count += 1

    def __len__(self) -> int:
        return min(self._count, KEPT)

    def __iter__(self) -> Iterator[float]:
        """Give what is kept, the oldest first, as it was when this was asked for."""
        values, count = self._values, self._count
        start = count % KEPT
        return iter(values[:count] if count <= KEPT else values[start:] + values[:start])
