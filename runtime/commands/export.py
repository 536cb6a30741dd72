"""``vivant export``: a portrait as a model for other programs, or as a page that shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vivant.runtime.command_options import Overrides, from_here


def export(
    portrait: Annotated[str, typer.Argument(help="The picture, or sample:astronaut.")],
    out: Annotated[
        Path,
        typer.Option(
            "-o", "--output", metavar="FILE",
            help="What to write, by its ending: .glb (glTF with bones, 52 ARKit shapes and textures), .html (a page "
            "that shows it, without a network), .obj with .mtl and textures, .ply with colours.",
        ),
    ],
    performance: Annotated[
        str | None,
        typer.Option(
            "--performance", metavar="CLIP",
            help="Add an animation, into .glb or .html: a video of a face, a recorded performance (.json), or hello.",
        ),
    ] = None,
    backdrop: Annotated[
        bool, typer.Option("--backdrop/--no-backdrop", help="Also write what is behind the person.")
    ] = True,
    texture_size: Annotated[
        int,
        typer.Option("--texture-size", metavar="PIXELS", min=64, max=16384, help="Longer side of a texture at most."),
    ] = 2048,
    preset: Annotated[
        str, typer.Option("--preset", metavar="PRESET", help="The graph that makes the puppet.")
    ] = "portrait-video",
    set_: Overrides = None,
) -> None:  # fmt: skip
    """Write a portrait as a 3-D model: face, eyes, teeth, tongue, hair and shoulders, with all that moves them."""
    from vivant.runtime.export_portrait import export_portrait
    from vivant.runtime.given_files import output_file, portrait_file
    from vivant.runtime.interrupt import say_at_once, stop_on_interrupt
    from vivant.runtime.models import ModelStore, build_cache_dir
    from vivant.runtime.notices import Notices
    from vivant.runtime.progress import FetchProgress
    from vivant.runtime.services import Services

    path = portrait_file(portrait)
    target = output_file(out, path)
    with Notices() as notice, FetchProgress() as fetching, stop_on_interrupt(say_at_once) as stop:
        store = ModelStore(progress=fetching, stopped=stop.is_set)
        services = Services(fetch=store.fetch, notice=notice, gl=None, cache_dir=build_cache_dir())
        written = export_portrait(
            path, target, preset, from_here(set_, Path.cwd()), services, stop,
            performance=performance, backdrop=backdrop, texture_px=texture_size,
        )  # fmt: skip
    beside = len(written) - 1
    size_mb = max(sum(written.values()) / 1e6, 0.001)
    typer.echo(f"{out}{f' and {beside} files beside it' if beside else ''}: {size_mb:.3g} MB")
