"""Handing work from one thread to the next without loss: the giver waits when the taker is behind."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class HandOver(Generic[T]):
    """A short queue between two threads. It never drops; it blocks."""

    def __init__(self, size: int) -> None:
        """Make an empty hand-over that holds at most `size` items."""
        self._size = size
        self._items: deque[T] = deque()
        self._changed = threading.Condition()
        self._finished = False
        self._closed = False

    def put(self, item: T) -> bool:
        """Hand an item over, waiting for room.

        Returns:
            False when the taker has closed: there is no use in going on.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._items) < self._size)
            if self._closed:
                return False
            self._items.append(item)
            self._changed.notify_all()
            return True

    def finish(self) -> None:
        """Say, as the giver, that this was all."""
        with self._changed:
            self._finished = True
            self._changed.notify_all()

    def close(self) -> None:
        """Say, as the taker, that nothing more is wanted; wakes a giver that waits."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()

    def __iter__(self) -> Iterator[T]:
        """Take item after item, waiting for each, until the giver has finished."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._items or self._finished or self._closed)
                if not self._items:
                    return
                item = self._items.popleft()
                self._changed.notify_all()
            yield item
