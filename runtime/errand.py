"""One piece of work on a thread of its own, and that it was given up."""

from __future__ import annotations

import threading
from collections.abc import Callable

from vivant.runtime.clock import Clock, Doorbell


class Abandoned(BaseException):
    """The user wanted to stop, and a node did not come back. No fault of the node, so no Exception."""


class Errand:
    """One call on a thread of its own, waited for through the clock.

    Attributes:
        finished: Whether the call has returned or raised; `bell` is rung then.
        error: What it raised, or None.
    """

    def __init__(self, name: str, work: Callable[[], None], clock: Clock, bell: Doorbell) -> None:
        """Prepare the call; from a thread that has a seat at `clock`."""
        self.finished = False
        self.error: BaseException | None = None
        self._work = work
        self._bell = bell
        self._seat = clock.seat(name)
        # Not a daemon: inference libraries abort the process when cut off at its end.
        self._thread = threading.Thread(target=self._main, name=f"vivant {name}", daemon=False)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self) -> None:
        """Wait for the thread of a call that has finished."""
        self._thread.join()

    def _main(self) -> None:
        with self._seat:
            try:
                self._work()
            except BaseException as error:
                self.error = error
            self.finished = True
            self._bell.ring()
