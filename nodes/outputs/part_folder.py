"""Numbered files that are written beside their targets and take their names when all are complete."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
from pathlib import Path

from vivant.nodes.outputs.part_file import LEAST_FREE_BYTES, not_writable


class PartFolder:
    """A hidden folder in `target`, where files wait for the end. It knows how many, not which: runs may be long.

    Attributes:
        target: Where the files belong.
        count: How many there are.
    """

    def __init__(self, target: Path, name: str) -> None:
        """Make the hidden folder.

        Args:
            target: An existing folder.
            name: What the files are called, with a field for their number: ``frame_{:06d}.png``.

        Raises:
            VivantError: The folder may not be written to, or the disk is full.
        """
        self.target = target
        self.count = 0
        self._name = name
        try:
            if shutil.disk_usage(target).free < LEAST_FREE_BYTES:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self._path = _create_in(target)
        except OSError as error:
            raise not_writable(self.goal, error) from error

    @property
    def goal(self) -> Path:
        """The name that the next file will have at the end."""
        return self.target / self._name.format(self.count + 1)

    @property
    def next(self) -> Path:
        """Where the next file is to be written. `added` says that it is complete."""
        return self._path / self.goal.name

    def added(self) -> None:
        """Count the next file."""
        self.count += 1

    def finish(self) -> None:
        """Give the files their names, in place of older ones.

        Raises:
            VivantError: One cannot be renamed; those after it are removed.
        """
        count, self.count = self.count, 0
        try:
            for _ in range(count):
                self.next.replace(self.goal)
                self.count += 1
        except OSError as error:
            raise not_writable(self.goal, error) from error
        finally:
            self.discard()

    def discard(self) -> None:
        """Remove what has no name yet."""
        shutil.rmtree(self._path, ignore_errors=True)


def _create_in(folder: Path) -> Path:
    for number in itertools.count():
        path = folder / f".{os.getpid()}.{number}.part"
        try:
            path.mkdir()
        except FileExistsError:
            continue
        return path
    raise AssertionError("unreachable: itertools.count() does not end")
