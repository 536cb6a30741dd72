"""Ctrl-C: a polite stop first, then a quick one."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType


@contextmanager
def stop_on_interrupt(say: Callable[[str], None]) -> Iterator[threading.Event]:
    """Give an event that the first Ctrl-C (or SIGTERM) sets, so that files are finished before the end.

    The second raises KeyboardInterrupt, which unwinds whatever is running and removes what was begun. The
    third ends the process at once, for the case that a library hangs.

    Args:
        say: Tells the user one line. It is called by the signal handler, in the middle of whatever the main
            thread was doing, and so must not wait for any lock: that thread may hold it. See `say_at_once`.

    Yields:
        The event to be given to an engine.
    """
    stop = threading.Event()
    count = 0

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal count
        count += 1
        if count == 1:
            stop.set()
            say("Stopping: finishing what was begun. Ctrl-C again to leave at once.")
        elif count == 2:
            raise KeyboardInterrupt
        else:
            os._exit(1)

    if threading.current_thread() is not threading.main_thread():
        yield stop  # only the main thread may set handlers
        return
    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def say_at_once(text: str) -> None:
    """Write a line to standard error past all buffers and locks, where it is a file of the system."""
    line = f"note: {text}\n"
    with suppress(OSError, ValueError, AttributeError):
        try:
            descriptor = sys.stderr.fileno()
        except (OSError, ValueError):
            sys.stderr.write(line)  # kept in memory by whoever looks at it there: nothing to wait for
            return
        os.write(descriptor, line.encode())
