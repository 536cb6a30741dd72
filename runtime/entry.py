"""The installed command: it loads the command line, and Ctrl-C meanwhile ends it quietly."""

from __future__ import annotations


def main() -> int:
    """Run the command of this process.

    Returns:
        The exit status; 1 where Ctrl-C came while the command line was being loaded. Only what stands before
        this function, Python's own start, may still answer Ctrl-C with a traceback.
    """
    try:
        from vivant.runtime.cli import main as run

        return run()
    except KeyboardInterrupt:
        return 1
