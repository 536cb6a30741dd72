"""Writes a sheet, whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from vivant.graph.errors import VivantError

if TYPE_CHECKING:
    from PIL import Image


def write_sheet(sheet: Image.Image, path: Path) -> None:
    """Write `sheet` as a picture; the ending says the format.

    Raises:
        VivantError: It cannot be written.
    """
    beside = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        sheet.save(beside, quality=92)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise VivantError(f"the sheet cannot be written: {error.strerror or error}", where=str(path)) from None
