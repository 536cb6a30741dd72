"""Where the report of a run is to be written."""

from __future__ import annotations

import os
from pathlib import Path

from vivant.graph.errors import VivantError


def check_report_path(path: Path) -> None:
    """Refuse a report that could not be written, before the work rather than after it.

    Raises:
        VivantError: Its folder is missing or may not be written to, or it is a folder; exit status 2.
    """
    folder = path.absolute().parent
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise VivantError(
            "the report cannot be written there",
            where=str(path),
            remedy="name a file in a folder that exists and that you may write to",
            exit_status=2,
        )
