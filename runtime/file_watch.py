"""Finding out that files have changed, by looking at them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

LARGEST = 64 << 20
"""Bytes. Of a larger file only size and times are compared."""


class FileWatch:
    """Knows what files held when they were looked at last.

    A change counts when two looks in a row find the same new content: an editor that writes in pieces, or puts
    another file in the place of the old one, is never caught in the middle. A file that is not there has not
    changed; when it comes back with other content, it has.
    """

    def __init__(self, paths: Iterable[Path] = ()) -> None:
        """Take what these files hold now as known."""
        self._known: dict[Path, bytes | None] = {}
        self._seen: dict[Path, tuple[tuple[int, int, int], bytes]] = {}
        self._new: dict[Path, bytes] = {}
        for path in paths:
            self._known[path] = self._content(path)

    def look(self, paths: Iterable[Path]) -> frozenset[Path]:
        """Return those of `paths` whose content is another one than when they were last returned.

        A path that was not looked at before is taken as known.
        """
        wanted = frozenset(paths)
        for table in (self._known, self._seen, self._new):
            for gone in table.keys() - wanted:
                del table[gone]
        changed = set()
        for path in wanted:
            content = self._content(path)
            if path not in self._known:
                self._known[path] = content
            elif content is None or content == self._known[path]:
                self._new.pop(path, None)
            elif self._new.get(path) != content:
                self._new[path] = content
            else:
                self._known[path] = self._new.pop(path)
                changed.add(path)
        return frozenset(changed)

    def _content(self, path: Path) -> bytes | None:
        """Return what stands for a file's content; it is read only when size or times say that it may differ."""
        try:
            status = path.stat()
            mark = (status.st_mtime_ns, status.st_size, status.st_ino)
            seen = self._seen.get(path)
            if seen is not None and seen[0] == mark:
                return seen[1]
            if status.st_size > LARGEST:
                digest = repr(mark).encode()
            else:
                with path.open("rb") as file:
                    digest = hashlib.file_digest(file, "blake2b").digest()
        except OSError:
            return None
        self._seen[path] = (mark, digest)
        return digest
