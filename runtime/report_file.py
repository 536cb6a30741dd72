"""Writing the report of a run."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

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


def write_report(path: Path, report: dict[str, Any]) -> None:
    """Write `report` as JSON, beside first and then renamed, so that no half of it is ever seen.

    Raises:
        VivantError: The file cannot be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(json.dumps(report, indent=2, allow_nan=False) + "\n", encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise VivantError(
            f"the report could not be written: {error.strerror or error}", where=str(path)
        ) from error
