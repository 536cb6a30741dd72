"""``vivant check``: is a preset valid."""

from __future__ import annotations

from pathlib import Path

import typer

from vivant.runtime.command_options import Overrides, Preset, from_here


def check(preset: Preset, set_: Overrides = None) -> None:
    """Check a preset and the points beside its pictures, and tell everything that is wrong; nothing is started."""
    from vivant.graph.preset import apply_overrides, load_preset
    from vivant.graph.registry import Registry
    from vivant.graph.validation import validate
    from vivant.runtime.rig.side_files import check_side_files
    from vivant.runtime.shipped_presets import find_preset

    path = find_preset(preset)
    document = apply_overrides(load_preset(path), from_here(set_, Path.cwd()))
    graph = validate(document, Registry.installed(), path.parent, where=str(path))
    check_side_files(graph)
    typer.echo(f"{graph.name or path.stem}: valid, {len(graph.nodes)} nodes")
    for spec in graph.nodes:
        inputs = ", ".join(f"{name} from {link}" for name, link in spec.links.items())
        typer.echo(f"  {spec.id} ({spec.node_class.type}){': ' + inputs if inputs else ''}")
