"""``vivant presets``: the graphs that come with Vivant."""

from __future__ import annotations

import typer


def presets() -> None:
    """List the presets that come with Vivant."""
    from vivant.graph.errors import VivantError
    from vivant.graph.preset import load_preset
    from vivant.runtime.shipped_presets import shipped_presets

    shipped = shipped_presets()
    width = max(map(len, shipped))
    for name, path in shipped.items():
        try:
            about = str(load_preset(path).get("about", ""))
        except VivantError as error:
            about = error.what
        typer.echo(f"{name:{width}}  {about}")
    for folder in {path.parent for path in shipped.values()}:
        typer.echo(f"They lie in {folder}; copy one to make your own.")
