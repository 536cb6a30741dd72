"""Handing work from one thread to the next without loss: the giver waits when the taker is behind."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from vivant.runtime.patience import Patience

T = TypeVar("T")
LOOK_S = 0.2
"""How often one who waits looks whether to go on waiting."""


class HandOver(Generic[T]):
    """A short queue between two threads. It never drops; it blocks, until patience is over: then it is closed."""

    def __init__(self, size: int, patience: Patience | None = None) -> None:
        """Make an empty hand-over that holds at most `size` items.

        Args:
            size: The most items that wait in it.
            patience: How long to wait for the other side; None: for ever.
        """
        self._size = size
        self._patience = patience
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
            self._wait_for(lambda: self._closed or len(self._items) < self._size)
            if self._closed:
                return False
            self._items.append(item)
            self._moved()
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
                self._wait_for(lambda: bool(self._items) or self._finished or self._closed)
                if not self._items:
                    return
                item = self._items.popleft()
                self._moved()
            yield item

    def _wait_for(self, ready: Callable[[], bool]) -> None:
        while not self._changed.wait_for(ready, LOOK_S if self._patience else None):
            if self._patience and self._patience.over():
                self._closed = True
                self._changed.notify_all()

    def _moved(self) -> None:
        if self._patience:
            self._patience.moved()
        self._changed.notify_all()
