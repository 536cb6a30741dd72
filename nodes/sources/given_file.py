"""A file that a parameter names: found, or refused with what is there instead."""

from __future__ import annotations

import difflib
from pathlib import Path

from vivant.graph.errors import VivantError
from vivant.graph.node import NodeContext


def given_file(context: NodeContext, path: str, kind: str) -> Path:
    """Return the absolute path of the file that parameter `path` names.

    Args:
        context: What the node was opened with; it knows samples and the preset's folder.
        path: As the user wrote it.
        kind: What the file should be, for messages: ``picture``, ``video``.

    Raises:
        VivantError: Nothing is named, nothing is there (the nearest name in that folder is offered), or it
            is a folder or a device.
    """
    if not path:
        raise VivantError(
            f"no {kind} was named",
            remedy="set its parameter `path`, on the command line with --set NODE.path=FILE",
            exit_status=2,
        )
    file = context.resolve(path).absolute()
    try:
        if file.is_file():
            return file
        if file.is_dir():
            raise VivantError(
                f"this is a folder, not a {kind}",
                where=str(file),
                remedy=f"name one {kind} file in it",
                exit_status=2,
            )
        if file.exists():
            raise VivantError(f"this is no regular file, so no {kind}", where=str(file), exit_status=2)
    except PermissionError:
        raise unreadable(file, kind) from None
    raise VivantError(f"there is no such {kind} file", where=str(file), remedy=_nearest(file, kind), exit_status=2)


def unreadable(file: Path, kind: str) -> VivantError:
    """Return the error for a file that exists and may not be read."""
    return VivantError(
        f"this {kind} may not be read",
        where=str(file),
        remedy="give yourself permission to read the file and its folders",
        exit_status=2,
    )


def _nearest(file: Path, kind: str) -> str:
    folder = file.parent
    if not folder.is_dir():
        while not folder.parent.is_dir():
            folder = folder.parent
        return f"there is no folder {folder} either: check the path"
    try:
        names = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
    except OSError:
        names = []
    by_folded = {name.casefold(): name for name in names}
    near = difflib.get_close_matches(file.name.casefold(), by_folded, n=1, cutoff=0.5)
    if near:
        return f"did you mean {by_folded[near[0]]}?"
    return f"check the name and the folder of the {kind}"
