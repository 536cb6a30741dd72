"""How long a run that is to end waits for what is still being worked on."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Patience:
    """Lasts as long as a run goes on; when it is to end, as long as something moves.

    Any thread may use it.
    """

    def __init__(self, stop: threading.Event, now_ns: Callable[[], int], limit_ns: int) -> None:
        """Begin.

        Args:
            stop: Set when the run is to end.
            now_ns: Reads the clock.
            limit_ns: How long nothing may move after that.
        """
        self._stop = stop
        self._now_ns = now_ns
        self._limit_ns = limit_ns
        self._since_ns: int | None = None

    def moved(self) -> None:
        """Something was finished: what is worked on now has all the time again."""
        self._since_ns = None

    def over(self) -> bool:
        """Whether to wait no longer. To be asked again and again while waiting."""
        if not self._stop.is_set():
            return False
        now_ns, since_ns = self._now_ns(), self._since_ns
        if since_ns is None:
            self._since_ns = now_ns
            return False
        return now_ns - since_ns >= self._limit_ns
