"""Files that tell about a run: the report and the trace."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from vivant.graph.errors import VivantError

_NUMBERS = re.compile(r"\[[\d\s.,eE+-]*\]")


def check_report_path(path: Path, what: str = "report") -> None:
    """Refuse a file that could not be written, before the work rather than after it.

    Args:
        path: Where it is to be written.
        what: What it is, in a word.

    Raises:
        VivantError: Its folder is missing or may not be written to, or it is a folder; exit status 2.
    """
    folder = path.absolute().parent
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise VivantError(
            f"the {what} cannot be written there",
            where=str(path),
            remedy="name a file in a folder that exists and that you may write to",
            exit_status=2,
        )


def write_json(document: Any, path: Path, what: str = "report", *, indent: int | None = 2) -> None:
    """Write a JSON file, whole or not at all; lists of numbers stand on one line.

    Args:
        document: JSON values.
        path: Where.
        what: What it is, in a word, for the error.
        indent: As `json.dumps` has it; None: no white space.

    Raises:
        VivantError: It cannot be written.
    """
    separators = (",", ":") if indent is None else None
    text = json.dumps(document, indent=indent, separators=separators, ensure_ascii=False)
    if indent is not None:
        text = _NUMBERS.sub(lambda found: " ".join(found[0].split()), text)
    write_text(text + "\n", path, what)


def write_text(text: str, path: Path, what: str) -> None:
    """Write a text file, whole or not at all.

    Raises:
        VivantError: It cannot be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise VivantError(f"the {what} cannot be written: {error.strerror or error}", where=str(path)) from None
