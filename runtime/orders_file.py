"""Commands from outside: lines that are added to a file while a run goes on."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from vivant.graph.errors import VivantError

LARGEST = 1 << 16
"""Bytes that are taken at once, and the longest line."""


class OrdersFile:
    """Reads the lines that others add to a file, or write into a named pipe, without ever waiting.

    What a file holds at the start is old. A file that becomes shorter was written anew and is read from its beginning.
    A context manager.
    """

    def __init__(self, path: Path) -> None:
        """Open it; a file that is not there is made.

        Raises:
            VivantError: It cannot be opened.
        """
        self._path = path
        # without waiting for somebody who writes: that is how a pipe is opened; the flag is unknown to Windows
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        try:
            if not path.exists():
                path.touch()
            self._descriptor = os.open(path, flags)
            status = os.fstat(self._descriptor)
            self._is_pipe = stat.S_ISFIFO(status.st_mode)
            if not (self._is_pipe or stat.S_ISREG(status.st_mode)):
                os.close(self._descriptor)
                raise OSError("it is neither a file nor a pipe")
        except OSError as error:
            raise VivantError(
                f"no orders can be read from this file: {error.strerror or error}",
                where=str(path),
                remedy="name a file in a folder that can be written, or a named pipe",
                exit_status=2,
            ) from error
        self._place = 0 if self._is_pipe else status.st_size
        self._begun = b""

    def __enter__(self) -> OrdersFile:
        return self

    def __exit__(self, *raised: object) -> None:
        os.close(self._descriptor)

    def new(self) -> tuple[str, ...]:
        """Return the lines that have come since the last call, without blanks around them and without empty ones."""
        try:
            text = self._read()
        except OSError:  # a pipe into which nobody writes just now, a network folder that is away: maybe the next time
            return ()
        *lines, self._begun = (self._begun + text).split(b"\n")
        self._begun = self._begun[-LARGEST:]
        told = (line.decode("utf-8", "replace").strip() for line in lines)
        return tuple(line for line in told if line)

    def _read(self) -> bytes:
        if self._is_pipe:
            return os.read(self._descriptor, LARGEST)
        size = os.fstat(self._descriptor).st_size
        if size < self._place:
            self._place, self._begun = 0, b""
        if size == self._place:
            return b""
        os.lseek(self._descriptor, self._place, os.SEEK_SET)
        text = os.read(self._descriptor, LARGEST)
        self._place += len(text)
        return text
