"""Files named on the command line: are they in the right order, would one be overwritten.

Whether they exist and can be read is said by the sources that open them.
"""

from __future__ import annotations

from pathlib import Path

from vivant.graph.errors import VivantError

_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".avif", ".heic", ".ppm"})
_VIDEOS = frozenset({".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".mpg", ".mpeg", ".ogv", ".wmv", ".flv"})


def portrait_file(given: str) -> str:
    """Return the absolute path of the portrait, or the name of a sample as it is.

    Raises:
        VivantError: It is a video, or its name is no text; exit status 2.
    """
    if given.startswith("sample:"):
        return given
    path = _absolute(given)
    if path.suffix.lower() in _VIDEOS:
        raise VivantError(
            "the portrait must be a still picture, and this is a video",
            where=given,
            remedy="the order is: vivant animate PORTRAIT DRIVER -o OUT",
            exit_status=2,
        )
    return str(path)


def driver_file(given: str) -> Path:
    """Return the absolute path of the driver.

    Raises:
        VivantError: It is a still picture, or its name is no text; exit status 2.
    """
    path = _absolute(given)
    if path.suffix.lower() in _PICTURES:
        raise VivantError(
            "the driver must be a video or a performance (.json), and this is a still picture",
            where=given,
            remedy="the order is: vivant animate PORTRAIT DRIVER -o OUT",
            exit_status=2,
        )
    return path


def output_file(given: Path, *inputs: str) -> Path:
    """Return the absolute path to write to.

    Raises:
        VivantError: It is one of the inputs, its folder does not exist, or its name is no text; exit status 2.
    """
    path = _absolute(given)
    for source in inputs:
        if path.exists() and Path(source).exists() and path.samefile(source):
            raise VivantError(
                "the result would overwrite what it is made from",
                where=str(given),
                remedy="give another name after -o",
                exit_status=2,
            )
    if not path.parent.is_dir():
        raise VivantError(
            "the folder to write to does not exist",
            where=str(path.parent),
            remedy="make it first, or give another name after -o",
            exit_status=2,
        )
    return path


def _absolute(given: str | Path) -> Path:
    path = Path(given).expanduser().absolute()
    try:
        str(path).encode()
    except UnicodeEncodeError:
        # a preset is JSON, and what is written into it must be text
        raise VivantError(
            "the name of this file or of a folder above it is no valid UTF-8",
            where=str(path).encode(errors="backslashreplace").decode(),
            remedy="rename it; if it looks right in the file manager, set a UTF-8 locale (LANG=C.UTF-8)",
            exit_status=2,
        ) from None
    return path
