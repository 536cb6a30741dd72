"""``vivant demo``: the sample portrait plays the recorded performance."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vivant.runtime.command_options import Overrides, from_here


def demo(
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="DIR", help="Write files to this folder, display or not."),
    ] = None,
    set_: Overrides = None,
) -> None:
    """Show the sample portrait in a window; without a display, write a video and a picture of it here."""
    from vivant.graph.graph import Graph
    from vivant.graph.preset import apply_overrides, load_preset
    from vivant.graph.registry import Registry
    from vivant.graph.validation import validate
    from vivant.runtime.drawing import NoWindowError, has_display
    from vivant.runtime.given_files import output_file
    from vivant.runtime.live_run import run_live
    from vivant.runtime.offline_document import offline_document
    from vivant.runtime.offline_run import Go, run_offline
    from vivant.runtime.shipped_presets import find_preset
    from vivant.runtime.strip import telling_moments, write_strip

    path, registry = find_preset("demo"), Registry.installed()
    document = apply_overrides(load_preset(path), from_here(set_, Path.cwd()))

    def checked(overrides: list[str]) -> Graph:
        return validate(apply_overrides(document, overrides), registry, path.parent, where=str(path))

    if output is None and has_display():
        typer.echo("Esc or q in the window, or Ctrl-C here, ends the demo.", err=True)
        try:
            run_live(checked(["driver.loop=true"]), headless=False, duration_s=None)
        except NoWindowError as error:
            typer.echo(f"no window ({error.what}): writing files instead", err=True)
        else:
            return
    folder = output if output is not None else Path()
    video, picture = output_file(folder / "vivant-demo.mp4"), output_file(folder / "vivant-demo.png")
    graph = checked([])
    portrait, driver = (str(graph[node].params.model_dump()["path"]) for node in ("portrait", "driver"))
    performance = path.parent / driver
    written = offline_document(
        document,
        graph,
        registry,
        portrait=portrait if portrait.startswith("sample:") else str(path.parent / portrait),
        driver=performance,
        out=video,
    )
    run_offline(Go(validate(written, registry, path.parent), "demo"), made=str(video))
    write_strip(video, telling_moments(performance), picture)
    typer.echo(f"{picture}: a few moments of it")
