"""``vivant rig``: what was found in a portrait, as a sheet; or its points, to be put right by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vivant.runtime.command_options import Overrides, from_here


def rig(
    portrait: Annotated[str, typer.Argument(help="The picture, or sample:astronaut.")],
    out: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="SHEET", help="The sheet to write (.png or .jpg).")
    ] = None,
    edit: Annotated[
        bool, typer.Option("--edit", help="Open a window to point the face out; saved as NAME.face.json beside it.")
    ] = False,
    preset: Annotated[
        str, typer.Option("--preset", metavar="PRESET", help="The graph that makes the puppet.")
    ] = "portrait-video",
    set_: Overrides = None,
) -> None:
    """Draw what was found in a portrait and what it can do on one sheet, or point its face out by hand."""
    from vivant.graph.errors import VivantError
    from vivant.runtime.given_files import output_file, portrait_file

    if edit == (out is not None):
        raise VivantError(
            "say what to do: write a sheet, or edit the points" if out is None else "a sheet or the editor, not both",
            where=portrait,
            remedy="vivant rig PICTURE -o sheet.png, or vivant rig PICTURE --edit",
            exit_status=2,
        )
    path = portrait_file(portrait)
    if out is None:
        from vivant.runtime.rig.edit_face import edit_face

        edit_face(path)
        return
    sheet_path = output_file(out, path)
    if sheet_path.suffix.lower() not in (".png", ".jpg", ".jpeg", ".webp"):
        raise VivantError(
            f"'{sheet_path.suffix}' is no ending of a sheet",
            where=str(out),
            remedy="use .png, .jpg or .webp",
            exit_status=2,
        )
    from vivant.runtime.gl_context import GLContext
    from vivant.runtime.interrupt import say_at_once, stop_on_interrupt
    from vivant.runtime.models import ModelStore
    from vivant.runtime.notices import Notices
    from vivant.runtime.progress import FetchProgress
    from vivant.runtime.rig.rig_sheet import rig_sheet
    from vivant.runtime.rig.sheet_file import write_sheet
    from vivant.runtime.services import Services

    with Notices() as notice, FetchProgress() as fetching, stop_on_interrupt(say_at_once) as stop:
        gl = GLContext.headless()
        try:
            services = Services(fetch=ModelStore(progress=fetching).fetch, notice=notice, gl=gl)
            sheet = rig_sheet(path, preset, from_here(set_, Path.cwd()), services, stop)
        finally:
            gl.release()
    write_sheet(sheet, sheet_path)
    typer.echo(f"{out}: {sheet.width} x {sheet.height} pixels")
