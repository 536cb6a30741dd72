"""Keeps on disk what took long to make, by what it was made from."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

Arrays: TypeAlias = "dict[str, npt.NDArray[Any]]"

T = TypeVar("T")

_FOLDER = "puppets"
MOST_BYTES = 400_000_000
_ABANDONED_S = 3600.0
_ENDING = ".npz"


class BuildCache:
    """Named arrays under keys, in a folder that does not grow without end; what was not used longest goes first.

    A cache may fail in every way without harm: a damaged file is as if it were not there, a folder that cannot be
    written keeps nothing.

    Args:
        folder: Made when it is first written to.
        most_bytes: What all files together may take.
    """

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._most_bytes = most_bytes

    def load(self, key: str) -> Arrays | None:
        """Return what was stored under `key`, or None."""
        path = self._folder / (key + _ENDING)
        try:
            with np.load(path, allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
            os.utime(path)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, RuntimeError, MemoryError, zlib.error):
            # numpy and zipfile raise many things when they read what was not written by them
            _remove(path)
            return None
        return arrays

    def store(self, key: str, arrays: Arrays) -> bool:
        """Store arrays under `key`, all or nothing; False: that was not possible."""
        written: str | None = None
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            number, written = tempfile.mkstemp(suffix=".part", dir=self._folder)
            now = os.fstat(number).st_mtime
            with os.fdopen(number, "wb") as file:
                np.savez(file, **arrays)  # type: ignore[arg-type]
            Path(written).replace(self._folder / (key + _ENDING))
        except OSError:
            if written is not None:
                _remove(Path(written))
            return False
        with contextlib.suppress(OSError):  # somebody has cleared the folder away
            self._trim(now)
        return True

    def _trim(self, now: float) -> None:
        kept: list[tuple[float, int, Path]] = []
        for path in self._folder.iterdir():
            try:
                about = path.stat()
            except OSError:
                continue  # another run removed it
            if path.suffix == ".part":
                if now - about.st_mtime > _ABANDONED_S:
                    _remove(path)
            elif path.suffix == _ENDING:
                kept.append((about.st_mtime, about.st_size, path))
        total = sum(size for _, size, _ in kept)
        for _, size, path in sorted(kept)[:-1]:
            if total <= self._most_bytes:
                break
            _remove(path)
            total -= size


def kept(
    cache_dir: Path | None,
    made_from: tuple[object, ...],
    make: Callable[[], T],
    to_arrays: Callable[[T], Arrays],
    from_arrays: Callable[[Arrays], T],
) -> T:
    """Take something out of the cache, or make and keep it.

    Args:
        cache_dir: Where nodes may keep things; None: nowhere, it is made.
        made_from: What it is made from, its kind first; the code that makes it counts besides. As for `key_of`.
        make: Makes it.
        to_arrays: Takes it apart.
        from_arrays: Puts it together again; raises KeyError, TypeError or ValueError where the arrays are of
            something else: then it is made anew and written over.

    Returns:
        The same, bit for bit, whether it was made or kept.
    """
    if cache_dir is None:
        return make()
    cache = BuildCache(cache_dir / _FOLDER)
    key = key_of(code_version(), *made_from)
    stored = cache.load(key)
    if stored is not None:
        with contextlib.suppress(KeyError, TypeError, ValueError):
            return from_arrays(stored)
    made = make()
    cache.store(key, to_arrays(made))
    return made


def fields_of(value: Any) -> Arrays:
    """Take a dataclass of arrays, numbers and tuples of numbers apart."""
    return {field.name: np.asarray(getattr(value, field.name)) for field in dataclasses.fields(value)}


def expected(arrays: Arrays, name: str, dtype: type[np.generic], shape: tuple[int | None, ...]) -> npt.NDArray[Any]:
    """Return one of the arrays that is of this type and shape, None: of any length.

    Raises:
        KeyError, ValueError: It is not there, or another one.
    """
    found = arrays[name]
    if found.dtype != dtype or len(found.shape) != len(shape):
        raise ValueError(f"{name} is not what was stored")
    if any(wanted not in (None, count) for wanted, count in zip(shape, found.shape, strict=True)):
        raise ValueError(f"{name} is not what was stored")
    return found


def key_of(*parts: object) -> str:
    """Name content: arrays, numbers, text, None, enumerations, and tuples, lists, dicts and dataclasses of them.

    Raises:
        TypeError: Something else is among them.
    """
    digest = hashlib.blake2b(digest_size=20)
    for part in parts:
        _feed(digest, part)
    return digest.hexdigest()


@cache
def code_version() -> str:
    """Name the code that makes puppets, scenes and what they are made from: what other code made is not used."""
    import cv2

    folders = (Path(__file__).parent.parent / name for name in ("puppet", "face", "formats", "depth", "scene"))
    files = sorted(path for folder in folders for path in folder.iterdir() if path.suffix in (".py", ".npz"))
    return key_of(cv2.__version__, np.__version__, [(path.name, path.read_bytes()) for path in files])


def _feed(digest: hashlib.blake2b, part: object) -> None:
    if isinstance(part, np.ndarray):
        digest.update(f"array {part.dtype.str} {part.shape};".encode())
        digest.update(np.ascontiguousarray(part).data)
    elif isinstance(part, bytes):
        digest.update(f"bytes {len(part)};".encode())
        digest.update(part)
    elif isinstance(part, tuple | list):
        digest.update(f"list {len(part)};".encode())
        for item in part:
            _feed(digest, item)
    elif isinstance(part, dict):
        _feed(digest, [(name, part[name]) for name in sorted(part)])
    elif dataclasses.is_dataclass(part) and not isinstance(part, type):
        _feed(digest, [type(part).__name__, *((f.name, getattr(part, f.name)) for f in dataclasses.fields(part))])
    elif isinstance(part, Enum):
        _feed(digest, (type(part).__name__, part.name))
    elif part is None or isinstance(part, str | bool | int | float | np.generic):
        _feed(digest, f"{type(part).__name__} {part!r}".encode())
    else:
        raise TypeError(f"{type(part).__name__} cannot be part of a key")


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):  # another run reads it, or it is not ours: no harm
        path.unlink(missing_ok=True)
