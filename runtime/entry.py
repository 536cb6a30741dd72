"""The installed command: it loads the command line, and Ctrl-C meanwhile ends it quietly."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

from vivant.runtime.leaving import leave_at_once, left_behind


def main() -> int:
    """Run the command of this process.

    Returns:
        The exit status. Where Ctrl-C cut the command off, or a thread hangs in a library, the process ends here
        instead: what could be put in order is in order, and waiting for the rest would hang or print tracebacks.
    """
    status, cut_off = 1, False
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        _fill_standard_streams()
        from vivant.runtime.cli import run_command

        status = run_command(sys.argv[1:])
        # From here on another Ctrl-C could only spoil the status
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
    except KeyboardInterrupt:
        cut_off = True
    if cut_off or left_behind():
        leave_at_once(status)
    return status


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Take a request to end as Ctrl-C: what was begun is put in order, and processes that were started end too."""
    raise KeyboardInterrupt


def _fill_standard_streams() -> None:
    """Open what the caller closed (``2>&-``, some services, Windows without a console) on the null device.

    Otherwise the next file that is opened, such as the video to be written, gets descriptor 2, and what native
    libraries print goes into it.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is not None:
            continue
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number: this one
        setattr(sys, name, open(os.devnull, "r" if number == 0 else "w", encoding="utf-8"))  # noqa: PTH123, SIM115


if __name__ == "__main__":
    sys.exit(main())
