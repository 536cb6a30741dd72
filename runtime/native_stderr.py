"""Keeps what native libraries write to standard error away from the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def native_stderr_in(path: Path) -> Iterator[None]:
    """Send file descriptor 2 to a file, and leave Python's ``sys.stderr`` on the terminal.

    LiteRT prints lines from C++ whatever the environment asks of it (``TF_CPP_MIN_LOG_LEVEL`` was tried), on
    descriptor 2.
    Nothing happens where ``sys.stderr`` is not that descriptor: in a test, or in a program without a console.

    Args:
        path: Where the lines go; emptied first. Where it cannot be written they are thrown away.
    """
    try:
        is_terminal = sys.stderr.fileno() == 2
    except (OSError, ValueError, AttributeError):
        is_terminal = False
    if not is_terminal:
        yield
        return
    before = sys.stderr
    before.flush()
    saved = os.dup(2)
    _point_2_at(path)
    terminal = os.fdopen(
        os.dup(saved), "w", buffering=1, encoding=before.encoding or "utf-8", errors="backslashreplace"
    )
    sys.stderr = terminal
    try:
        yield
    finally:
        sys.stderr = before
        terminal.close()
        os.dup2(saved, 2)
        os.close(saved)


def _point_2_at(path: Path) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        target = os.open(path, flags, 0o644)
    except OSError:
        target = os.open(os.devnull, os.O_WRONLY)
    os.dup2(target, 2)
    os.close(target)
