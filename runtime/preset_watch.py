"""A preset file that is watched while its graph runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vivant.graph.document_lines import with_lines
from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph
from vivant.graph.preset import apply_overrides, parse_preset, read_preset
from vivant.graph.problem import PresetError
from vivant.graph.registry import Registry
from vivant.graph.validation import validate
from vivant.runtime.edits import Edit
from vivant.runtime.file_watch import FileWatch


class PresetWatch:
    """A preset with overrides that stay in force, whatever is saved in its file."""

    def __init__(self, path: Path, overrides: Sequence[str], registry: Registry) -> None:
        """Begin to watch. What is saved between this and `load` is not missed.

        Args:
            path: The preset's file.
            overrides: ``node.param=value`` each.
            registry: Where node types are found.
        """
        self._path = path
        self._overrides = tuple(overrides)
        self._registry = registry
        self._watch = FileWatch([path])

    def load(self) -> Graph:
        """Return the graph of the file as it is now.

        Raises:
            VivantError: The file cannot be read.
            PresetError: It is no valid preset; problems that have a place in the file say their line.
        """
        where = str(self._path)
        data = read_preset(self._path)
        document = parse_preset(data, where=where)
        try:
            return validate(apply_overrides(document, self._overrides), self._registry, self._path.parent, where=where)
        except PresetError as error:
            if error.where != where:
                raise  # the command line has no lines
            raise with_lines(error, data.decode("utf-8-sig")) from None

    def look(self, files: frozenset[Path]) -> Edit | None:
        """See `Edits.look`."""
        changed = self._watch.look(files | {self._path})
        if not changed:
            return None
        graph, fault = None, None
        if self._path in changed:
            try:
                graph = self.load()
            except VivantError as error:
                fault = error
        return Edit(graph, changed & files, fault)
