"""The installed command: it loads the command line, and Ctrl-C meanwhile ends it quietly."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run the command of this process.

    Returns:
        The exit status; 1 where Ctrl-C came while the command line was being loaded. Only what stands before
        this function, Python's own start, may still answer Ctrl-C with a traceback.
    """
    _fill_standard_streams()
    try:
        from vivant.runtime.cli import main as run

        return run()
    except KeyboardInterrupt:
        return 1


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
