"""Calls that other threads have the main thread make: it alone may touch OpenGL and what runs."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from vivant.runtime.clock import Clock, Doorbell


class GivenUp(Exception):  # noqa: N818 - the run ends, nothing went wrong
    """The main thread makes no calls any more."""


class MainThread:
    """Takes calls from other threads and makes them when the main thread has time for one."""

    def __init__(self, clock: Clock, bell: Doorbell) -> None:
        """Make it, as the main thread, without any calls.

        Args:
            clock: What callers wait at.
            bell: The main thread's, rung when a call came. Callers wait at bells of their own.
        """
        self._clock = clock
        self._bell = bell
        self._calls: deque[_Call] = deque()
        self._closed = False
        self._thread = threading.current_thread()

    @property
    def called(self) -> bool:
        """Whether a call waits to be made."""
        return bool(self._calls)

    def call(self, work: Callable[[], None]) -> None:
        """Have the main thread call `work`, and wait for it.

        Raises:
            GivenUp: The run ends.
            BaseException: Whatever `work` raises.
        """
        if threading.current_thread() is self._thread:
            work()
            return
        call = _Call(work)
        self._calls.append(call)
        self._bell.ring()
        self._clock.wait(call.bell, lambda: call.done or self._closed)
        if not call.done:
            raise GivenUp
        if call.error:
            raise call.error

    def serve(self) -> None:
        """Make one call, if there is one. As the main thread."""
        if self._calls:
            self._calls.popleft().make()

    def close(self) -> None:
        """Make no calls any more; those who wait are sent away."""
        self._closed = True
        for call in tuple(self._calls):
            call.bell.ring()


class _Call:
    def __init__(self, work: Callable[[], None]) -> None:
        self.bell = Doorbell()
        self.done = False
        self.error: BaseException | None = None
        self._work = work

    def make(self) -> None:
        try:
            self._work()
        except BaseException as error:
            self.error = error
        self.done = True
        self.bell.ring()
