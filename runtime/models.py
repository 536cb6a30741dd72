"""Model files: fetched once into the user's cache, verified before they are loaded, never sent anywhere."""

from __future__ import annotations

import difflib
import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from vivant.graph.errors import VivantError
from vivant.runtime.download import SourceError, fetch_source
from vivant.runtime.model_table import ModelFile, known_models

ModelProgress = Callable[[str, int, int | None], None]
"""Called with a file's name, the bytes fetched so far, and the bytes in all where they are known."""


class ModelStore:
    """The cache of model files and samples.

    Safe in several threads and processes at once: one fetches, the others wait for it.
    """

    def __init__(
        self,
        cache_dir: Path | None = None,
        progress: ModelProgress | None = None,
        offline: bool | None = None,
        table: Mapping[str, ModelFile] | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        """Make a store; nothing is read or fetched yet.

        Args:
            cache_dir: Where files are kept. None: the environment's ``VIVANT_CACHE``, else the user's cache
                folder for Vivant.
            progress: Called while a file is fetched.
            offline: Never fetch. None: true where the environment has ``VIVANT_OFFLINE`` set to anything
                but 0.
            table: The files there are. None: those that Vivant knows.
            stopped: Looked at while a file is fetched: whether to give up.
        """
        self.cache_dir = cache_dir or default_cache_dir()
        self.offline = os.environ.get("VIVANT_OFFLINE", "0") not in ("", "0") if offline is None else offline
        self.table = known_models() if table is None else table
        self._progress = progress
        self._stopped = stopped
        self._verified: set[str] = set()

    def path(self, name: str) -> Path:
        """Return where the file is kept, whether it is there or not."""
        return self.cache_dir / self._entry(name).filename

    def fetch(self, name: str) -> Path:
        """Return the path of a file whose hash is right, fetching it when it is not there.

        Raises:
            VivantError: There is no such name, its hash is wrong, or it cannot be fetched.
        """
        from filelock import FileLock

        entry = self._entry(name)
        path = self.cache_dir / entry.filename
        if name in self._verified and path.is_file():
            return path
        try:
            self.cache_dir.mkdir(parents=True, exist_ok=True)
            # A read-only cache, filled by hand or by an administrator, needs no lock
            if path.is_file() and not os.access(self.cache_dir, os.W_OK):
                self._verify_cached(entry, path)
            else:
                with FileLock(f"{path}.lock"):
                    if path.is_file():
                        self._verify_cached(entry, path)
                    else:
                        self._fetch_new(entry, path)
        except OSError as error:
            raise VivantError(
                f"The file '{name}' cannot be kept: {error.strerror or error}",
                where=str(error.filename or path),
                remedy="make room or give access there, or name another folder in the environment variable "
                "VIVANT_CACHE",
            ) from error
        self._verified.add(name)
        return path

    def _entry(self, name: str) -> ModelFile:
        entry = self.table.get(name)
        if entry is not None:
            return entry
        close = difflib.get_close_matches(name, self.table, 1, 0.5)
        hint = f"did you mean '{close[0]}'? " if close else ""
        raise VivantError(
            f"There is no model or sample called '{name}'.",
            remedy=f"{hint}known are: {', '.join(self.table)}",
            exit_status=2,
        )

    def _verify_cached(self, entry: ModelFile, path: Path) -> None:
        found = file_sha256(path)
        if found == entry.sha256:
            return
        rejected = path.with_name(f"{path.name}.rejected")
        try:
            path.replace(rejected)
            moved = f"it was moved to {rejected.name}; run again to fetch it afresh"
        except OSError:
            moved = "remove it and run again"
        if self.offline:
            moved += ", without VIVANT_OFFLINE, which forbids fetching"
        raise VivantError(
            f"The file '{entry.name}' is damaged or not the one that Vivant knows, and was not loaded "
            f"(SHA-256 {found} instead of {entry.sha256}).",
            where=str(path),
            remedy=moved,
        )

    def _fetch_new(self, entry: ModelFile, path: Path) -> None:
        if self.offline:
            raise VivantError(
                f"The file '{entry.name}' is not in the cache, and VIVANT_OFFLINE forbids fetching it.",
                where=str(path),
                remedy=f"unset VIVANT_OFFLINE once, or {_by_hand(entry, path)}",
            )
        reasons = []
        for number, source in enumerate(entry.sources):
            # a part per source: bytes of two sources are never joined
            part = path.with_name(f"{path.name}.{number}.part")
            try:
                self._fetch_verified(entry, source, part)
            except SourceError as error:
                reasons.append(f"{source}: {error}")
                if self._stopped():
                    break
                continue
            part.replace(path)
            for leftover in path.parent.glob(f"{path.name}.*.part"):
                leftover.unlink(missing_ok=True)
            return
        tried = "\n    ".join(reasons)
        raise VivantError(
            f"The file '{entry.name}' is not in the cache and could not be fetched. Tried:\n    {tried}",
            where=str(path),
            remedy=f"check the network and run again, or {_by_hand(entry, path)}",
        )

    def _fetch_verified(self, entry: ModelFile, source: str, part: Path) -> None:
        def report(done: int, total: int | None) -> None:
            if self._progress is not None:
                self._progress(entry.name, done, total)

        continued = part.exists() and part.stat().st_size > 0
        fetch_source(source, part, entry.bytes, report, self._stopped)
        found = file_sha256(part)
        if found != entry.sha256 and continued:
            # What an earlier run left may have been what was wrong
            part.unlink()
            fetch_source(source, part, entry.bytes, report, self._stopped)
            found = file_sha256(part)
        if found != entry.sha256:
            part.unlink()
            raise SourceError(f"what it gave has a wrong hash (SHA-256 {found}) and was thrown away")


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One line of `vivant models`.

    Attributes:
        name: The file's name in presets.
        state: ``ready``, ``missing``, or ``damaged`` (its hash is wrong; it will not be loaded).
        bytes: Its size where known.
        licence: SPDX name, or words.
        about: What it is.
        path: Where it is, or would be, kept.
    """

    name: str
    state: str
    bytes: int | None
    licence: str
    about: str
    path: Path


def describe_models(store: ModelStore) -> list[ModelRow]:
    """List all files with their state, without fetching or moving anything."""
    rows = []
    for entry in store.table.values():
        path = store.path(entry.name)
        state, size = "missing", entry.bytes
        if path.is_file():
            state = "ready" if file_sha256(path) == entry.sha256 else "damaged"
            size = path.stat().st_size
        rows.append(ModelRow(entry.name, state, size, entry.licence, entry.about, path))
    return rows


def default_cache_dir() -> Path:
    """Return the folder of model files: ``VIVANT_CACHE``, else one in the user's cache."""
    named = os.environ.get("VIVANT_CACHE")
    if named:
        return Path(named).expanduser()
    import platformdirs

    return platformdirs.user_cache_path("vivant", appauthor=False) / "models"


def build_cache_dir() -> Path | None:
    """Return the folder for what is built from the user's pictures, beside the model files.

    None where the environment has ``VIVANT_NO_CACHE`` set to anything but 0: then nothing is kept.
    """
    if os.environ.get("VIVANT_NO_CACHE", "0") not in ("", "0"):
        return None
    return default_cache_dir() / "built"


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _by_hand(entry: ModelFile, path: Path) -> str:
    return (
        f"put the file there by hand, as {path} (its SHA-256 must be {entry.sha256}); "
        "the environment variable VIVANT_CACHE names another folder"
    )
