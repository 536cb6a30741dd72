"""A depth map in a file: what its numbers mean, and what of them can be used."""

from __future__ import annotations

import warnings
import zipfile
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from vivant.graph.errors import VivantError
from vivant.nodes.depth.depth_png import WHITE, is_marked

Floats: TypeAlias = npt.NDArray[np.float32]

MOST_NUMBERS = 100_000_000
"""As many as the largest picture that is read has pixels."""
LEAST_SIDE = 2
MOST_MISSING = 0.9
"""Share of a map that may be missing: from less than a tenth nobody can tell the rest."""
_OUTLIERS = 0.1  # percent at either end
_NAMES = ("depth", "disparity", "disp", "arr_0")
_READ = "PNG with 8 or 16 bits, .npy and .npz are read"


class FilePolarity(StrEnum):
    """What the numbers of a depth map mean."""

    DISPARITY = "disparity"
    """Larger is nearer, evenly in inverse depth: disparity of a stereo pair, and what most networks give."""
    METRIC = "metric"
    """A distance: larger is farther; 0 and less is missing."""
    INVERTED = "inverted"
    """Larger is farther, but as it is, no distance: a picture of depth with white for far."""


def read_depth_file(file: Path, polarity: FilePolarity) -> tuple[Floats, float]:
    """Read relative inverse depth.

    What is missing (not finite; for a distance also what is not above 0) is filled as in `filled_from_behind`. The
    rest is stretched from 0 to 1, without outliers, unless `depth_png` wrote it: that is read as it was.

    Args:
        file: PNG (8 or 16 bits, grey), ``.npy`` or ``.npz``.
        polarity: What its numbers mean.

    Returns:
        ``float32 (h, w)`` in [0, 1], 1 nearest, no NaN, all 0 where all is equally far; and the share of it that was
        missing.

    Raises:
        VivantError: It cannot be read, is no map, is far too large, or nearly all of it is missing.
    """
    values, as_it_is = _numbers(file)
    if as_it_is and polarity is not FilePolarity.METRIC:
        return (values if polarity is FilePolarity.DISPARITY else 1 - values), 0.0
    good = np.isfinite(values)
    if polarity is FilePolarity.METRIC:
        good &= values > 0
        values = np.divide(np.float32(1), values, out=np.zeros_like(values), where=good)
        good &= np.isfinite(values)
    elif polarity is FilePolarity.INVERTED:
        values = -values
    missing = 1.0 - float(good.mean())
    if missing > MOST_MISSING:
        raise VivantError(
            f"this depth map has no usable number in {100 * missing:.0f} % of its pixels",
            where=str(file),
            remedy="check its parameter `polarity`: a distance must be above 0, and NaN counts as missing",
            exit_status=2,
        )
    low, high = (float(v) for v in np.percentile(values[good], (_OUTLIERS, 100 - _OUTLIERS)))
    if high - low <= 1e-6 * max(abs(low), abs(high), 1e-6):
        low, high = float(values[good].min()), float(values[good].max())
    span = high - low
    if span <= 0:
        return np.zeros_like(values), missing
    scaled = np.where(good, np.clip((values - low) / span, 0, 1), 0).astype(np.float32)
    if missing:
        scaled = filled_from_behind(scaled, good)
    return np.ascontiguousarray(scaled, np.float32), missing


def filled_from_behind(values: Floats, known: npt.NDArray[np.bool_]) -> Floats:
    """Fill what is missing with the farther of the nearest numbers to its left and its right.

    What a stereo pair or a scanner could not measure is mostly what a nearer thing hides from one of its eyes: it
    belongs to what lies behind. Rows where nothing is known take the nearest row above or below.

    Args:
        values: ``float32 (h, w)``, larger is nearer.
        known: ``bool (h, w)``; at least one.
    """
    columns = np.arange(values.shape[1])
    left = np.maximum.accumulate(np.where(known, columns, -1), axis=1)
    right = np.minimum.accumulate(np.where(known, columns, values.shape[1])[:, ::-1], axis=1)[:, ::-1]
    rows = np.arange(values.shape[0])[:, None]
    far = np.float32(np.inf)
    from_left = np.where(left >= 0, values[rows, np.maximum(left, 0)], far)
    from_right = np.where(right < values.shape[1], values[rows, np.minimum(right, values.shape[1] - 1)], far)
    filled = np.minimum(from_left, from_right)
    good_rows = np.flatnonzero(known.any(axis=1))
    nearest = good_rows[np.abs(rows - good_rows[None]).argmin(axis=1)]
    return np.ascontiguousarray(np.where(known, values, filled[nearest]), np.float32)


def _numbers(file: Path) -> tuple[Floats, bool]:
    """Return the numbers of a file, and whether they are from 0 to 1 already."""
    suffix = file.suffix.lower()
    if suffix in (".npy", ".npz"):
        values, marked = _array(file), False
    elif suffix == ".png":
        values, marked = _picture(file)
    else:
        raise VivantError(
            f"'{file.suffix}' is no kind of depth map that is read", where=str(file), remedy=_READ, exit_status=2
        )
    values = np.squeeze(values)
    if values.ndim != 2 or min(values.shape) < LEAST_SIDE:
        raise _no_map(file, f"its numbers have the shape {tuple(values.shape)}, not (height, width)")
    if marked:
        values = values / np.float32(WHITE)
    return np.ascontiguousarray(values, np.float32), marked


def _array(file: Path) -> npt.NDArray[Any]:
    try:
        if file.suffix.lower() == ".npy":
            # mapped, so that a file that claims to be huge takes no memory
            found: npt.NDArray[Any] = np.load(file, mmap_mode="r", allow_pickle=False)
        else:
            with np.load(file, allow_pickle=False) as arrays:
                names = list(arrays.files)
                name = names[0] if len(names) == 1 else next((n for n in _NAMES if n in names), None)
                if name is None:
                    raise _no_map(file, f"it holds {', '.join(names) or 'nothing'}, and none is called depth")
                found = arrays[name]
    except VivantError:
        raise
    except PermissionError:
        raise _unreadable(file) from None
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, MemoryError, AttributeError) as error:
        # numpy and zipfile raise many things when they read what was not written by them
        raise _damaged(file, error) from error
    if found.dtype.kind not in "fiub":
        raise _no_map(file, f"its numbers are of the type {found.dtype}")
    if found.size > MOST_NUMBERS:
        raise _too_large(file, found.size)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # what is too large for float32 becomes infinite: missing
        return np.array(found, np.float32)


def _picture(file: Path) -> tuple[npt.NDArray[Any], bool]:
    from PIL import Image, UnidentifiedImageError

    try:
        with file.open("rb") as stream, warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # MOST_NUMBERS decides, just below
            with Image.open(stream, formats=("PNG",)) as opened:
                if opened.width * opened.height > MOST_NUMBERS:
                    raise _too_large(file, opened.width * opened.height)
                opened.load()
                marked = is_marked(opened)
                image = opened.convert("RGB") if opened.mode in ("P", "RGBA") else opened
                image = image.getchannel(0) if image.mode == "LA" else image
                values = np.asarray(image, np.float32)
    except VivantError:
        raise
    except PermissionError:
        raise _unreadable(file) from None
    except Image.DecompressionBombError:
        raise _too_large(file, 2 * MOST_NUMBERS) from None
    except UnidentifiedImageError:
        raise _no_map(file, "it is not a PNG picture") from None
    except Exception as error:
        # decoders fail with whatever they tripped over: OSError, SyntaxError, struct.error
        raise _damaged(file, error) from error
    if values.ndim == 3:
        if np.ptp(values, axis=2).max(initial=0.0) > 2:
            raise _no_map(file, "it is a picture in colours: depth is grey")
        values = values[..., 0]
    return values, marked


def _no_map(file: Path, why: str) -> VivantError:
    return VivantError(f"this file is no depth map: {why}", where=str(file), remedy=_READ, exit_status=2)


def _damaged(file: Path, error: BaseException) -> VivantError:
    return VivantError(
        f"this depth map is damaged or not complete ({error})",
        where=str(file),
        remedy=f"copy or make it again; {_READ}",
        exit_status=2,
    )


def _too_large(file: Path, numbers: int) -> VivantError:
    return VivantError(
        f"this depth map is too large: the limit is {MOST_NUMBERS // 1_000_000} megapixels, it has {numbers / 1e6:.0f}",
        where=str(file),
        remedy="make it as large as the picture, or smaller",
        exit_status=2,
    )


def _unreadable(file: Path) -> VivantError:
    return VivantError(
        "this depth map may not be read",
        where=str(file),
        remedy="give yourself permission to read the file and its folders",
        exit_status=2,
    )
