"""The end of the process when a thread does not come back."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading


def left_behind() -> list[str]:
    """Return the names of Vivant's threads that still run, apart from the main one."""
    return [
        thread.name
        for thread in threading.enumerate()
        if thread is not threading.main_thread() and thread.name.startswith("vivant ")
    ]


def leave_with(status: int) -> None:
    """End the process at once if a thread of a run hangs; return if none does.

    Python would wait for an ordinary thread for ever. A daemon thread it would stop in the middle of a library's
    code, wherever that takes the interpreter's lock again, and the process would abort. Every node that could be
    closed was closed by now, and every file is whole: nothing is lost by not winding up the interpreter.

    Args:
        status: The exit status.
    """
    if not left_behind():
        return
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # nobody reads it any more
            stream.flush()
    os._exit(status)
