"""``vivant models``: the model files and samples, and fetching them."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text


def models(
    names: Annotated[list[str] | None, typer.Argument(help="Models to fetch.", metavar="[NAME]...")] = None,
    fetch: Annotated[
        bool, typer.Option("--fetch", help="Fetch the named ones, or all that the shipped presets need.")
    ] = False,
) -> None:
    """List the model files with licence and place, or fetch them now."""
    from vivant.runtime.model_table import NEEDED
    from vivant.runtime.models import ModelStore, describe_models
    from vivant.runtime.progress import FetchProgress

    with FetchProgress() as fetching:
        store = ModelStore(progress=fetching)
        if fetch or names:
            for name in names or NEEDED:
                typer.echo(f"{name}: {store.fetch(name)}")
            return
    table = Table(box=None, pad_edge=False)
    for column in ("name", "state", "size", "licence", "what it is"):
        table.add_column(column, no_wrap=column == "name")
    for row in describe_models(store):
        size = f"{row.bytes / 1e6:.1f} MB" if row.bytes else "?"
        table.add_row(row.name, row.state, size, row.licence, Text(row.about))
    Console().print(table)
    typer.echo(f"kept in {store.cache_dir}")
