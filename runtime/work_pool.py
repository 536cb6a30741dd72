"""Threads on which an offline run does what nodes give out to be done beside them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from vivant.runtime.environment import cores

T = TypeVar("T")

MOST = 4
"""A video is drawn and encoded in order: more threads would only wait for that."""


class WorkPool:
    """A few threads that begin work in the order in which it comes. They start with the first.

    Attributes:
        hands: How many they are.
    """

    def __init__(self) -> None:
        self.hands = min(MOST, cores())
        # named as the run's own threads are: `left_behind` looks for those
        self._threads = ThreadPoolExecutor(self.hands, thread_name_prefix="vivant beside")

    def begin(self, work: Callable[[], T]) -> Callable[[], T]:
        """Begin `work`; return what waits for its result, or raises what it failed with."""
        return self._threads.submit(work).result

    def dismiss(self, *, wait: bool) -> None:
        """Give up what was not begun.

        Args:
            wait: For what was begun. Where a node hangs nobody waits.
        """
        self._threads.shutdown(wait=wait, cancel_futures=True)
