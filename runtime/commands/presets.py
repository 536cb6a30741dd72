"""``vivant presets``: the graphs that come with Vivant."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text


def presets() -> None:
    """List the presets that come with Vivant."""
    from vivant.graph.errors import VivantError
    from vivant.graph.preset import load_preset
    from vivant.runtime.shipped_presets import shipped_presets

    table = Table(box=None, pad_edge=False)
    table.add_column("preset", no_wrap=True)
    table.add_column("what it does")
    table.add_column("file", overflow="fold")
    for name, path in shipped_presets().items():
        try:
            about = str(load_preset(path).get("about", ""))
        except VivantError as error:
            about = error.what
        table.add_row(name, Text(about), Text(str(path)))
    Console().print(table)
