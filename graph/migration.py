"""From older versions of the preset format to the current one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeGuard

from vivant.graph.problem import PresetError, Problem

Document = dict[str, Any]
"""A preset as read from JSON."""

CURRENT_VERSION = 1

MIGRATIONS: Mapping[int, Callable[[Document], Document]] = MappingProxyType({})
"""For each older version, the step to the next. Version 1 is the first: nothing to migrate yet.

A step gets a document of its version, returns a new one with ``version`` raised by one, and must not fail on
documents that are wrong in other ways: validation comes after it and reports those.
"""


def migrate(
    document: Document,
    *,
    where: str = "",
    steps: Mapping[int, Callable[[Document], Document]] = MIGRATIONS,
    current: int = CURRENT_VERSION,
) -> Document:
    """Bring a document to the current version; one without a usable version is returned as it is.

    Raises:
        PresetError: The document is newer than this program, or older than anything it knows.
    """
    version = document.get("version")
    if not is_version(version):
        return document  # validation says so, together with everything else
    if version > current:
        raise PresetError(
            [Problem("version", f"this preset has format version {version}, this Vivant reads up to {current}")],
            where=where,
            remedy="update Vivant, or save the preset with the older version",
        )
    while version < current:
        if version not in steps:
            raise PresetError(
                [Problem("version", f"there is no format version {version}; the current one is {current}")],
                where=where,
            )
        document = steps[version](document)
        version += 1
    return document


def is_version(value: object) -> TypeGuard[int]:
    """Whether a value can be a version: an integer, and JSON's ``true`` is none."""
    return isinstance(value, int) and not isinstance(value, bool)
