"""``vivant schema``: the JSON Schema of presets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def schema(
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write it to a file.")] = None,
    face: Annotated[bool, typer.Option("--face", help="That of NAME.face.json, which points a face out.")] = False,
) -> None:
    """Print the JSON Schema of presets, for editors that complete and check while you type."""
    import json

    from vivant.graph.errors import VivantError
    from vivant.graph.registry import Registry
    from vivant.graph.schema import schema_text

    if face:
        from vivant.nodes.sources.face_file import face_schema

        text = json.dumps(face_schema(), indent=2) + "\n"
    else:
        text = schema_text(Registry.installed())
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise VivantError(
            f"the schema cannot be written: {error.strerror or error}", where=str(output), exit_status=2
        ) from error
