"""How faults reach the user: one readable block on standard error, never a traceback."""

from __future__ import annotations

import logging
import logging.handlers
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from vivant.graph.errors import VivantError


def log_folder() -> Path:
    """Return the folder for logs; it need not exist."""
    return Path(platformdirs.user_log_dir("vivant", appauthor=False))


@contextmanager
def log_in_file() -> Iterator[Path]:
    """Send Python's log, warnings and faults of threads to a file, so that no library writes to the terminal.

    Yields:
        The log file; it is made with its first line, and about 1 MB of it is kept.
    """
    path = log_folder() / "vivant.log"
    handler = _QuietFileHandler(path)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root, excepthook = logging.getLogger(), threading.excepthook
    root.addHandler(handler)
    logging.captureWarnings(True)
    threading.excepthook = _log_thread_error
    try:
        yield path
    finally:
        threading.excepthook = excepthook
        logging.captureWarnings(False)
        root.removeHandler(handler)
        handler.close()


def show_fault(error: VivantError) -> None:
    """Print an error that the user can do something about."""
    _print_block(f"vivant: {error}")


def show_line(text: str) -> None:
    """Print a line, or a few, that may hold names from files."""
    _print_block(text)


def show_usage_fault(message: str, command_path: str) -> None:
    """Print what was wrong with the command line, and where its help is."""
    _print_block(f"vivant: {message.strip()}\n  what to do: {command_path} --help")


def show_unexpected(error: BaseException, log: Path) -> None:
    """Write the traceback to the log and print what happened and where that is.

    Args:
        error: What nobody has thought of.
        log: What `log_in_file` gave.
    """
    logging.getLogger("vivant").error("unexpected error", exc_info=error)
    cause = f"{type(error).__name__}: {error}".strip().splitlines()[0]
    story = f"the whole story is in {log}" if log.exists() else f"no log could be written to {log}"
    _print_block(
        f"vivant: unexpected error, this is a fault in Vivant\n  what: {cause}\n  log: {story}\n"
        "  what to do: report it with the log, please"
    )


class _QuietFileHandler(logging.handlers.RotatingFileHandler):
    """A log file that is made when the first line comes, and that never complains."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=1_000_000, backupCount=1, encoding="utf-8", delay=True)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        except OSError:
            return
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Say nothing: a full disk must not put a traceback on the terminal."""


def _log_thread_error(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        name = args.thread.name if args.thread else "?"
        logging.getLogger("vivant").error("in thread %s", name, exc_info=args.exc_value)


def _print_block(text: str) -> None:
    # File names and messages of libraries may hold anything, terminal escapes included.
    safe = "".join(c if c == "\n" or c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    sys.stderr.write(safe + "\n")
    sys.stderr.flush()
