"""Faults of nodes in words for the user; the traceback goes into a file."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vivant.graph.errors import VivantError

LOG_NAME = "vivant-faults.log"
_LOG_LIMIT = 1 << 20


def explain(error: BaseException, node_id: str, log_dir: Path | None = None) -> VivantError:
    """Turn what a node raised into an error that can be shown.

    A VivantError stays what it is and gets the node's name where it says no place. Anything else is a fault
    in the node's code: its traceback is written to a log file, and the message says where.
    """
    if isinstance(error, VivantError):
        if not error.where:
            error.where = f"node {node_id}"
        return error
    path = write_traceback(error, node_id, log_dir)
    reason = str(error).strip().split("\n")[0]
    told = VivantError(
        f"the node {node_id} failed: {type(error).__name__}" + (f": {reason}" if reason else ""),
        where=f"node {node_id}",
        remedy=f"this is a fault in the program; its traceback is in {path}" if path else "",
    )
    told.__cause__ = error
    return told


def write_traceback(error: BaseException, node_id: str, log_dir: Path | None = None) -> Path | None:
    """Append a traceback to the log file.

    Returns:
        The file, or None where it cannot be written: a full disk must not hide the fault itself.
    """
    import platformdirs

    folder = log_dir or Path(platformdirs.user_log_dir("vivant", appauthor=False))
    path = folder / LOG_NAME
    text = "".join(traceback.format_exception(error))
    # not datetime.astimezone: CPython 3.11 loses the name of the time zone in memory at each call
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # old faults are of no use: the file starts anew rather than grow without limit
        mode = "w" if path.exists() and path.stat().st_size > _LOG_LIMIT else "a"
        with path.open(mode, encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{stamp} node {node_id}\n{text}\n")
    except OSError:
        return None
    return path


class NodeFault(Exception):  # noqa: N818 - it carries a fault, it is none
    """Carries what a node raised, and which node, from a stage or worker to the engine.

    Attributes:
        node_id: The node.
        error: What it raised.
    """

    def __init__(self, node_id: str, error: BaseException) -> None:
        super().__init__(f"{node_id}: {error}")
        self.node_id = node_id
        self.error = error

    @staticmethod
    @contextmanager
    def of(node_id: str) -> Iterator[None]:
        """Raise what is raised inside as the fault of this node."""
        try:
            yield
        except Exception as error:
            raise NodeFault(node_id, error) from error
