"""Node classes by type: found through entry points, imported when asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from vivant.graph.errors import VivantError
from vivant.graph.node import Node
from vivant.graph.problem import listed, nearest_name, quoted

GROUP = "vivant.nodes"
"""The entry-point group; packages of others add their nodes under it."""

AnyNode = Node[Any, Any, Any]


class NodeTypeError(VivantError):
    """A node type that cannot be had.

    Attributes:
        nearest: The type that was probably meant, or None.
    """

    def __init__(self, what: str, *, nearest: str | None = None, remedy: str = "") -> None:
        super().__init__(what, remedy=remedy, exit_status=2)
        self.nearest = nearest


class Registry:
    """Knows node classes by their type. Importing a class waits until somebody asks for it."""

    def __init__(self, classes: Mapping[str, type[AnyNode]]) -> None:
        self._loaders: dict[str, Callable[[], object]] = {}
        self._loaded: dict[str, type[AnyNode]] = dict(classes)
        self._broken: dict[str, NodeTypeError] = {}

    @classmethod
    def installed(cls) -> Registry:
        """Return the registry of all installed packages, Vivant's own and others'."""
        registry = cls({})
        found: dict[str, list[EntryPoint]] = {}
        for point in entry_points(group=GROUP):
            # an editable install beside its build leaves the same entry twice: no conflict
            if all(point.value != other.value for other in found.setdefault(point.name, [])):
                found[point.name].append(point)
        for name, points in found.items():
            if len(points) == 1:
                registry._loaders[name] = points[0].load
            else:
                registry._broken[name] = NodeTypeError(
                    f"node type {quoted(name)} is claimed twice: {listed(p.value for p in points)}",
                    remedy="uninstall one of the packages",
                )
        return registry

    def types(self) -> tuple[str, ...]:
        """Return the names of all types, sorted, without importing any."""
        return tuple(sorted({*self._loaded, *self._loaders, *self._broken}))

    def get(self, type_name: str) -> type[AnyNode]:
        """Return the class of a node type, importing it at the first time.

        Raises:
            NodeTypeError: No such type (with the nearest one), or its package does not import.
        """
        if type_name in self._loaded:
            return self._loaded[type_name]
        if type_name in self._broken:
            raise self._broken[type_name]
        if type_name not in self._loaders:
            nearest = nearest_name(type_name, self.types())
            hint = "" if nearest else f"; there are: {listed(self.types(), 40)}"
            raise NodeTypeError(f"{quoted(type_name)} is no node type{hint}", nearest=nearest)
        try:
            self._loaded[type_name] = _checked(type_name, self._loaders[type_name]())
        except Exception as error:
            # whatever a third party's module does at import, it is one problem of this preset
            reason = str(error).strip().split("\n")[0]
            self._broken[type_name] = NodeTypeError(
                f"node type {quoted(type_name)} does not load: {type(error).__name__}: {reason}"
            )
            raise self._broken[type_name] from error
        return self._loaded[type_name]


def _checked(type_name: str, found: object) -> type[AnyNode]:
    if not (isinstance(found, type) and issubclass(found, Node)):
        raise TypeError(f"{found!r} is no node class")
    if getattr(found, "type", None) != type_name:
        raise TypeError(f"{found.__name__} calls itself {getattr(found, 'type', None)!r}")
    return found
