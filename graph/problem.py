"""What is wrong with a preset: records with a path, a cause and the nearest right name."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vivant.graph.errors import VivantError

_SHOWN = 40  # more problems than a person reads; a hostile file could bring a hundred thousand
_PLAIN_KEY = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]*")


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a preset.

    Attributes:
        path: JSON path of the place, such as ``nodes.face.inputs.frame``; empty for the whole file.
        what: What is wrong there, one sentence without a full stop.
        nearest: The name that was probably meant, or None.
        line: Line of the place in the preset's file, counted from 1, where it is known.
    """

    path: str
    what: str
    nearest: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        hint = f" (did you mean {quoted(self.nearest)}?)" if self.nearest is not None else ""
        place = f"line {self.line}: " if self.line is not None else ""
        return f"{place}{self.path}: {self.what}{hint}" if self.path else f"{place}{self.what}{hint}"


class PresetError(VivantError):
    """A preset that cannot be used, with every problem found in it.

    Attributes:
        problems: All of them, in the order of the document.
    """

    def __init__(self, problems: Sequence[Problem], *, where: str = "", remedy: str = "") -> None:
        self.problems = tuple(problems)
        lines = [f"  {problem}" for problem in self.problems[:_SHOWN]]
        if len(self.problems) > _SHOWN:
            lines.append(f"  ... and {len(self.problems) - _SHOWN} more")
        count = "a problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        super().__init__("\n".join([f"the preset has {count}:", *lines]), where=where, remedy=remedy, exit_status=2)


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """Return the name in `known` that looks most like `name`, or None when none is similar."""
    by_folded: dict[str, str] = {}
    for candidate in known:
        by_folded.setdefault(candidate.casefold(), candidate)
    # difflib takes quadratic time: nothing sensible is longer than this
    found = difflib.get_close_matches(name[:80].casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def json_path(*steps: str | int) -> str:
    """Write a JSON path: ``json_path("nodes", "a b", "size", 0)`` is ``nodes["a b"].size[0]``."""
    path = ""
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        elif _PLAIN_KEY.fullmatch(step) and len(step) <= 80:
            path += f".{step}" if path else step
        else:
            path += "[" + quoted(step, '"') + "]"
    return path


def quoted(value: object, quote: str = "'") -> str:
    """Show a value from a preset on one short line, with control characters escaped."""
    if isinstance(value, str):
        return f"{quote}{plain(value)}{quote}"
    shown = json.dumps(value, default=str)
    return shown if len(shown) <= 60 else shown[:57] + "..."


def plain(text: str) -> str:
    """Return a name from a preset as it may stand in a message: on one short line, without control characters."""
    shown = text if len(text) <= 60 else text[:57] + "..."
    # ASCII for whatever a terminal could take as a command; readable for every letter
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)


def listed(names: Iterable[str], limit: int = 12) -> str:
    """Join names for a sentence, cutting long lists and names; ``nothing`` when there are none."""
    known = [plain(name) for name in names]
    if not known:
        return "nothing"
    tail = f", ... ({len(known)} in all)" if len(known) > limit else ""
    return ", ".join(known[:limit]) + tail
