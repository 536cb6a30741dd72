"""Finding presets: by path, or by the name of one that comes with Vivant."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from vivant.graph.errors import VivantError
from vivant.graph.problem import nearest_name

_NOT_PRESETS = {"schema.json"}


def shipped_presets() -> dict[str, Path]:
    """Return the presets that come with Vivant, path by name, in alphabetical order."""
    folder = Path(str(resources.files("vivant.presets")))
    return {path.stem: path for path in sorted(folder.glob("*.json")) if path.name not in _NOT_PRESETS}


def find_preset(name: str) -> Path:
    """Return the file of a preset.

    Args:
        name: A path (it ends in .json or has a folder), or the name of a shipped preset.

    Raises:
        VivantError: There is none; exit status 2.
    """
    shipped = shipped_presets()
    if name in shipped:
        return shipped[name]
    path = Path(name).expanduser()
    if path.is_file():
        return path.absolute()
    if path.is_dir():
        raise VivantError(f"'{name}' is a folder, no preset", exit_status=2)
    if path.suffix == ".json" or len(path.parts) > 1:
        beside = [p.name for p in path.parent.glob("*.json")] if path.parent.is_dir() else []
        nearest = nearest_name(path.name, beside)
        found = f"did you mean {path.parent / nearest}?" if nearest else _names(shipped)
        raise VivantError(f"no such preset file: {name}", remedy=found, exit_status=2)
    nearest = nearest_name(name, shipped)
    found = f"did you mean '{nearest}'?" if nearest else _names(shipped)
    raise VivantError(f"there is no preset called '{name}'", remedy=found, exit_status=2)


def _names(shipped: dict[str, Path]) -> str:
    return f"give a .json file, or one of: {', '.join(shipped)}"
