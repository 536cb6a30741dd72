"""The place that a parameter names to write to."""

from __future__ import annotations

from pathlib import Path

from vivant.graph.errors import VivantError
from vivant.graph.node import NodeContext


def given_target(context: NodeContext, path: str, *, ending: str = "", kind: str = "") -> Path:
    """Return the absolute path that parameter `path` names.

    Args:
        context: What the node was opened with.
        path: As the user wrote it.
        ending: What it must end with, such as ``.json``; empty: whatever it likes.
        kind: What is written, for the message about another ending.

    Raises:
        VivantError: Nothing is named, a sample is, or it ends otherwise.
    """
    if not path:
        raise VivantError("no file was named to write to", remedy="set the parameter `path`", exit_status=2)
    if path.startswith("sample:"):
        raise VivantError("samples are for reading only", where=path, remedy="name a file or a folder", exit_status=2)
    target = context.resolve(path).absolute()
    if ending and target.suffix.lower() != ending:
        raise VivantError(
            f"'{target.suffix}' is no ending of {kind}" if target.suffix else f"{kind} is a file {ending}",
            where=str(target),
            remedy=f"use {ending}",
            exit_status=2,
        )
    return target
