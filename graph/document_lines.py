"""Where in its file a place of a preset stands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace

from vivant.graph.problem import PresetError, json_path

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}:,\n]|[^\s\[\]{}:,"]+')

_LAST_STEP = re.compile(r'(?:\.[^.\[\]"]+|\["(?:[^"\\]|\\.)*"\]|\[\d+\]|^[^.\[\]"]+)$')


def document_lines(text: str) -> dict[str, int]:
    """Return the line, counted from 1, of each place of a JSON document.

    Args:
        text: Valid JSON.

    Returns:
        Lines by JSON path as in `Problem.path`; the line of a key, where it has one.
    """
    lines: dict[str, int] = {}
    # for each open object or list: its path and, in a list, the index of the element that comes
    open_: list[tuple[tuple[str | int, ...], int | None]] = []
    path: tuple[str | int, ...] = ()
    waits_for_key = False
    for token, line in _tokens(text):
        if token == ",":
            parent, index = open_[-1]
            if index is None:
                waits_for_key = True
            else:
                open_[-1] = (parent, index + 1)
                path = (*parent, index + 1)
        elif token in "]}":
            path, _ = open_.pop()
            waits_for_key = False
        elif token == ":":
            waits_for_key = False
        elif waits_for_key:
            path = (*open_[-1][0], json.loads(token, strict=False))
            lines.setdefault(json_path(*path), line)
        else:
            lines.setdefault(json_path(*path), line)
            if token in "[{":
                open_.append((path, 0 if token == "[" else None))
                waits_for_key = token == "{"
                path = (*path, 0) if token == "[" else path
    return lines


def with_lines(error: PresetError, text: str) -> PresetError:
    """Return the error with the line of each problem whose place, or what it lies in, is in the document.

    Args:
        error: What is wrong with the document.
        text: The document, valid JSON.
    """
    lines = document_lines(text)
    problems = [replace(p, line=next((lines[s] for s in _around(p.path) if s in lines), None)) for p in error.problems]
    return PresetError(problems, where=error.where, remedy=error.remedy)


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    line = 1
    for match in _TOKEN.finditer(text):
        if match[0] == "\n":
            line += 1
        else:
            yield match[0], line


def _around(path: str) -> Iterator[str]:
    """Yield a path, then the paths of what it lies in."""
    while path:
        yield path
        shorter = _LAST_STEP.sub("", path, count=1)
        path = shorter if shorter != path else ""
