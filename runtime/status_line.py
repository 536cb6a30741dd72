"""The status line of a live run, at the bottom of the terminal."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from vivant.runtime.live_status import LiveStatus

EVERY_NS = 250_000_000


class StatusLine:
    """Shows one line that is written over four times a second. A context manager; call it with every step.

    It exists on a terminal only: elsewhere it does nothing. What others write to standard error meanwhile
    appears above it.
    """

    def __init__(self, console: Console | None = None) -> None:
        """Prepare the line.

        Args:
            console: Where it is shown; None: standard error.
        """
        self._console = console or (Console(stderr=True) if sys.stderr.isatty() else None)
        self._live: Live | None = None
        self._next_ns = 0

    def __enter__(self) -> Self:
        return self

    def __call__(self, status: LiveStatus) -> None:
        """Show the run's summary, unless that was done a moment ago."""
        if self._console is None or not self._console.is_terminal or status.now_ns() < self._next_ns:
            return
        self._next_ns = status.now_ns() + EVERY_NS
        if self._live is None:  # not before the first step: bars of what is fetched stand there until then
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        line = Text(status.summary(), no_wrap=True, overflow="ellipsis")
        self._live.update(line, refresh=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
