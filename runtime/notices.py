"""One-line notices to the user, each said once."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import Self

KEPT = 256
"""So many notices are known again; one that was not said for longer is said as new."""


class Notices:
    """Prints notices on standard error; one that repeats is counted, and the count is told at the end.

    A context manager. It may be called from any thread.
    """

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __call__(self, text: str) -> None:
        """Say `text` unless it was said already."""
        with self._lock:
            count = self._counts.pop(text, 0) + 1
            self._counts[text] = count  # the newest last
            if len(self._counts) > KEPT:
                del self._counts[next(iter(self._counts))]
            if count == 1:
                sys.stderr.write(f"note: {text}\n")
                sys.stderr.flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for text, count in self._counts.items():
            if count > 1:
                sys.stderr.write(f"note: {count} times: {text}\n")
