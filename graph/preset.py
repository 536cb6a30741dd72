"""Preset files: reading JSON that may come from anywhere, and overriding single values in it."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vivant.graph.errors import VivantError
from vivant.graph.migration import Document, migrate
from vivant.graph.problem import PresetError, Problem, json_path, listed, nearest_name, quoted

MAX_BYTES = 1 << 20
"""A preset is a page or two; a file of more than 1 MiB is something else."""
MAX_DEPTH = 32
"""Levels of nesting; parameters need four or five."""


def load_preset(path: Path) -> Document:
    """Read a preset file and bring it to the current format version. Its content is not checked yet.

    Raises:
        VivantError: The file cannot be read.
        PresetError: It is no JSON object (with line and column), too large or too deep, names a key twice, or
            is of a newer format version.
    """
    return parse_preset(read_preset(path), where=str(path))


def read_preset(path: Path) -> bytes:
    """Return the bytes of a preset file, of one that is too large only enough to tell.

    Raises:
        VivantError: The file cannot be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise VivantError("there is no such preset", where=str(path), exit_status=2) from None
    except OSError as error:
        raise VivantError(
            f"the preset cannot be read: {error.strerror or error}", where=str(path), exit_status=2
        ) from None
    return data


def parse_preset(data: bytes, *, where: str = "") -> Document:
    """Read a preset from the bytes of its file; see `load_preset`."""

    def fail(what: str, path: str = "") -> PresetError:
        return PresetError([Problem(path, what)], where=where)

    if len(data) > MAX_BYTES:
        raise fail(f"the file is larger than {MAX_BYTES // 1024} KiB: that is no preset")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise fail(f"no UTF-8 text (byte {error.start})") from None
    deep = _too_deep(text)
    if deep is not None:
        raise fail(f"line {deep[0]}, column {deep[1]}: nested more than {MAX_DEPTH} levels deep")
    try:
        document = json.loads(
            text,
            object_pairs_hook=_object_without_duplicates,
            parse_constant=_no_constant,
            parse_float=_finite,
            parse_int=_short_integer,
        )
        # "\ud800" is valid JSON and no valid text: printing it later would fail
        json.dumps(document, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise fail(f"line {error.lineno}, column {error.colno}: no valid JSON: {error.msg}") from None
    except UnicodeEncodeError:
        raise fail("a text holds half of a surrogate pair (\\ud800 to \\udfff)") from None
    except _NotAPreset as error:
        raise fail(str(error)) from None
    if not isinstance(document, dict):
        raise fail(f"a preset is a JSON object {{...}}, this is {json_kind(document)}")
    return migrate(document, where=where)


def apply_overrides(document: Document, overrides: Sequence[str]) -> Document:
    """Return a copy of a document with parameters replaced, as ``--set node.param=value`` asks for.

    A value is read as JSON, and where it is none, as the text it is. Whether the parameter exists and bears
    the value is for `validate` to say, like for everything else in the document.

    Args:
        document: A preset's document.
        overrides: ``node.param=value`` each; ``node.param.key=value`` and ``node.param.0=value`` reach
            inside.

    Raises:
        PresetError: An override is not of this form or names an unknown node (with the nearest name).
    """
    if not overrides:
        return document
    result = copy.deepcopy(document)
    nodes = result.get("nodes")
    known = nodes if isinstance(nodes, dict) else {}
    problems = []
    for override in overrides:
        name, equals, text = override.partition("=")
        steps = name.strip().split(".")
        path = f"--set {quoted(override)}"
        if not equals or len(steps) < 2 or not all(steps):
            problems.append(Problem(path, "an override has the form node.param=value"))
        elif steps[0] not in known or not isinstance(known[steps[0]], dict):
            nearest = nearest_name(steps[0], known)
            hint = "" if nearest else f"; it has: {listed(known)}"
            problems.append(Problem(path, f"the preset has no node {quoted(steps[0])}{hint}", nearest))
        else:
            fault = _replace(known[steps[0]].setdefault("params", {}), steps[1:], _override_value(text))
            if fault:
                problems.append(Problem(path, fault))
    if problems:
        raise PresetError(problems, where="command line")
    return result


def json_kind(value: object) -> str:
    """Name the kind of a JSON value for people."""
    if isinstance(value, bool):
        return "true or false"
    kinds: tuple[tuple[type, str], ...] = (
        (dict, "an object"), (list, "a list"), (str, "a text"), (int, "a number"), (float, "a number"),
    )  # fmt: skip
    return next((name for kind, name in kinds if isinstance(value, kind)), "null")


class _NotAPreset(Exception):  # noqa: N818 - carries a message from json's hooks to parse_preset
    pass


def _replace(params: object, steps: Sequence[str], value: object) -> str | None:
    target: Any = params
    for index, step in enumerate(steps):
        last = index == len(steps) - 1
        if isinstance(target, dict):
            if last:
                target[step] = value
            else:
                target = target.setdefault(step, {})
        elif (
            isinstance(target, list) and step.isascii() and step.isdigit() and len(step) < 6 and int(step) < len(target)
        ):
            if last:
                target[int(step)] = value
            else:
                target = target[int(step)]
        else:
            return f"{json_path('params', *steps[:index])} is {json_kind(target)}, it has no {quoted(step)}"
    return None


def _override_value(text: str) -> Any:
    try:
        if _too_deep(text) is not None:
            return text
        return json.loads(
            text,
            object_pairs_hook=_object_without_duplicates,
            parse_constant=_no_constant,
            parse_float=_finite,
            parse_int=_short_integer,
        )
    except (json.JSONDecodeError, _NotAPreset):
        return text


def _object_without_duplicates(pairs: list[tuple[str, Any]]) -> Document:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                among = listed((quoted(other) for other in result), 6)
                raise _NotAPreset(f"the key {quoted(key)} stands twice in one object (that with {among})")
            seen.add(key)
    return result


def _no_constant(name: str) -> Any:
    raise _NotAPreset(f"{name} is no JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _NotAPreset(f"the number {quoted(text)} is too large")
    return value


def _short_integer(text: str) -> int:
    if len(text) > 40:
        raise _NotAPreset(f"the number {quoted(text)} is too large")
    return int(text)


def _too_deep(text: str) -> tuple[int, int] | None:
    """Return line and column where the nesting exceeds its limit. json itself would exhaust the stack."""
    depth, line, line_start, in_text, skip = 0, 1, 0, False, False
    for position, char in enumerate(text):
        if char == "\n":
            line, line_start = line + 1, position + 1
        if in_text:
            if skip:
                skip = False
            elif char == "\\":
                skip = True
            elif char == '"':
                in_text = False
        elif char == '"':
            in_text = True
        elif char in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                return line, position - line_start + 1
        elif char in "]}":
            depth -= 1
    return None
