"""A file that is written beside its target and takes its name when it is complete."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from vivant.graph.errors import VivantError

LEAST_FREE_BYTES = 16 * 2**20
"""Below this a disk counts as full before anything is begun."""


class PartFile:
    """A hidden file beside `target`, with the same ending.

    Whatever happens, `target` is either the older file, untouched, or the new one, whole.

    Attributes:
        target: Where the file belongs.
        path: Where it is written meanwhile.
    """

    def __init__(self, target: Path) -> None:
        """Create the file, empty, so that what would forbid to write shows at once.

        Raises:
            VivantError: The folder is missing or may not be written to, the target is a folder, the disk is
                full.
        """
        self.target = target
        folder = target.parent
        if target.is_dir():
            raise VivantError(
                "this is a folder, a file is to be written here",
                where=str(target),
                remedy="add the name of a file",
                exit_status=2,
            )
        if not folder.is_dir():
            raise VivantError(
                "the folder to write to does not exist",
                where=str(folder),
                remedy="make it first, or write somewhere else",
                exit_status=2,
            )
        try:
            if shutil.disk_usage(folder).free < LEAST_FREE_BYTES:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self.path = _create_beside(target)
        except OSError as error:
            raise not_writable(target, error) from error

    def write(self, fill: Callable[[Path], object]) -> None:
        """Fill the file at once, and give it its name.

        Args:
            fill: Writes to the path that it is given.

        Raises:
            VivantError: It cannot be written; it is removed then.
        """
        try:
            fill(self.path)
        except OSError as error:
            self.discard()
            raise not_writable(self.target, error) from error
        self.finish()

    def finish(self) -> None:
        """Give the file its name, in place of an older one.

        Raises:
            VivantError: It cannot be renamed; it is removed then.
        """
        try:
            self.path.replace(self.target)
        except OSError as error:
            self.discard()
            raise not_writable(self.target, error) from error

    def discard(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)


def not_writable(target: Path, error: OSError) -> VivantError:
    """Return the error for a file that cannot be written, with what to do about its cause."""
    remedy = {
        errno.ENOSPC: "make room, or write to another disk",
        errno.EDQUOT: "make room, or write to another disk",
        errno.EFBIG: "this file system or account limits the size of files: write somewhere else",
        errno.EACCES: "give yourself permission to write to that folder, or write somewhere else",
        errno.EPERM: "give yourself permission to write to that folder, or write somewhere else",
        errno.EROFS: "this disk is read-only: write somewhere else",
        errno.ENAMETOOLONG: "take a shorter name",
    }.get(error.errno or 0, "write somewhere else")
    return VivantError(
        f"this file cannot be written: {(error.strerror or str(error)).lower()}",
        where=str(target),
        remedy=remedy,
        # Not the user's command is wrong but the disk that it meets.
        exit_status=1,
    )


def _create_beside(target: Path) -> Path:
    # tempfile.mkstemp would make it readable for its owner only, and the renamed file would stay so.
    for number in itertools.count():
        path = target.with_name(f".{target.stem}.{os.getpid()}.{number}.part{target.suffix}")
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        except FileExistsError:
            continue
        return path
    raise AssertionError("unreachable: itertools.count() does not end")
