"""The end of the process when a thread does not come back."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from typing import NoReturn


def left_behind() -> bool:
    """Whether a thread of a run still runs, or any other that Python would wait for.

    Python would wait for an ordinary thread for ever. A daemon thread, such as one that hangs in a device, it
    would stop wherever a library asks for the interpreter's lock again, and the process would abort.
    """
    return any(
        thread is not threading.main_thread() and (not thread.daemon or thread.name.startswith("vivant "))
        for thread in threading.enumerate()
    )


def leave_at_once(status: int) -> NoReturn:
    """End the process without winding up the interpreter.

    Args:
        status: The exit status.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # nobody reads it any more
            stream.flush()
    os._exit(status)
