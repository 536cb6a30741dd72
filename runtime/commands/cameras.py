"""``vivant cameras``: the cameras that can be used."""

from __future__ import annotations

import typer


def cameras() -> None:
    """List the cameras, with the number or name to give as `--set driver.device=...`."""
    from vivant.runtime.camera_list import camera_lines

    lines = camera_lines()
    for line in lines or ["no camera found"]:
        typer.echo(line)
