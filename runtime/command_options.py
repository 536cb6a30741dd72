"""Arguments that several commands share, and how their values are read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

Preset = Annotated[str, typer.Argument(help="A preset file, or the name of one that comes with Vivant.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NODE.PARAM=VALUE", help="Change a parameter; may be given several times."),
]
Report = Annotated[
    Path | None, typer.Option("--report", metavar="FILE", help="Write what was measured to a JSON file.")
]

TraceFile = Annotated[
    Path | None,
    typer.Option("--trace", metavar="FILE", help="Write what every thread did when, for ui.perfetto.dev."),
]


def from_here(overrides: list[str] | None, folder: Path) -> list[str]:
    """Make relative paths in overrides start in `folder`: inside a preset they would start beside the preset.

    Args:
        overrides: Texts ``node.param=value``; whatever is not of that form is passed on as it is.
        folder: Where the user is.

    Returns:
        The overrides, those of parameters called ``path`` or ``..._path`` with an absolute path.
    """
    return [_anchored(text, folder) for text in overrides or ()]


def _anchored(override: str, folder: Path) -> str:
    target, equals, value = override.partition("=")
    name = target.rpartition(".")[2]
    if not equals or not (name == "path" or name.endswith("_path")):
        return override
    try:
        path = json.loads(value)
    except ValueError:
        path = value
    if not isinstance(path, str) or not path or ":" in path.split("/")[0].split("\\")[0][2:]:
        return override  # no path at all, or the name of a sample (a drive letter is one character)
    return f"{target}={json.dumps(str(folder / Path(path).expanduser()))}"
