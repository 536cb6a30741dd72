"""``vivant depth``: how deep a picture is, as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vivant.runtime.command_options import Overrides, from_here


def depth(
    picture: Annotated[str, typer.Argument(help="The picture, or sample:astronaut.")],
    out: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="OUT", help="The map to write: a .png with 16 bits, white is near."),
    ],
    preview: Annotated[
        Path | None,
        typer.Option("--preview", metavar="FILE", help="Also write it in colours, to look at (.png or .jpg)."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", metavar="NAME|FILE.onnx", help="The network: a known model (see `vivant models`), or a file."
        ),
    ] = None,
    set_: Overrides = None,
) -> None:
    """Estimate how deep a picture is, into a file; other settings are those of its nodes `depth` and `portrait`."""
    from vivant.runtime.depth_of_picture import depth_of_picture
    from vivant.runtime.given_files import output_file, portrait_file
    from vivant.runtime.interrupt import say_at_once, stop_on_interrupt
    from vivant.runtime.models import ModelStore, build_cache_dir
    from vivant.runtime.notices import Notices
    from vivant.runtime.progress import FetchProgress
    from vivant.runtime.services import Services

    path = portrait_file(picture)
    target = output_file(out, path)
    shown = None if preview is None else output_file(preview, path)
    network = str(Path(model).expanduser().absolute()) if model and model.lower().endswith(".onnx") else model
    with Notices() as notice, FetchProgress() as fetching, stop_on_interrupt(say_at_once) as stop:
        store = ModelStore(progress=fetching, stopped=stop.is_set)
        services = Services(fetch=store.fetch, notice=notice, gl=None, cache_dir=build_cache_dir())
        width, height = depth_of_picture(path, target, shown, network, from_here(set_, Path.cwd()), services, stop)
    typer.echo(f"{out}: {width} x {height} pixels, white is near")
