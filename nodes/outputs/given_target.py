"""The place that a parameter names to write to."""

from __future__ import annotations

from pathlib import Path

from vivant.graph.errors import VivantError
from vivant.graph.node import NodeContext


def given_target(context: NodeContext, path: str) -> Path:
    """Return the absolute path that parameter `path` names.

    Raises:
        VivantError: Nothing is named, or a sample is.
    """
    if not path:
        raise VivantError("no file was named to write to", remedy="set the parameter `path`", exit_status=2)
    if path.startswith("sample:"):
        raise VivantError("samples are for reading only", where=path, remedy="name a file or a folder", exit_status=2)
    return context.resolve(path).absolute()
