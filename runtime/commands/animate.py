"""``vivant animate``: a picture and a driver into a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vivant.runtime.command_options import Overrides, Report, TraceFile, from_here


def animate(
    portrait: Annotated[str, typer.Argument(help="The picture, or sample:astronaut.")],
    driver: Annotated[str, typer.Argument(help="A video of a face, or a performance (.json).")],
    out: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="OUT", help="A video (.mp4 .mov .mkv .webm), a picture, or a folder."),
    ],
    preset: Annotated[
        str, typer.Option("--preset", metavar="PRESET", help="The graph that does it.")
    ] = "portrait-video",
    study: Annotated[
        bool | None,
        typer.Option(
            "--study/--no-study",
            help="Read the whole driver first and look at the puppet in its moments: truer turns and mouths.",
            show_default="where driver and preset allow it",
        ),
    ] = None,
    set_: Overrides = None,
    report: Report = None,
    trace: TraceFile = None,
) -> None:
    """Let a video drive a picture, and write the result: one frame for each frame of the driver."""
    from contextlib import nullcontext

    from vivant.graph.preset import apply_overrides, load_preset
    from vivant.graph.registry import Registry
    from vivant.graph.validation import validate
    from vivant.runtime.given_files import driver_file, output_file, portrait_file
    from vivant.runtime.offline_document import offline_document
    from vivant.runtime.offline_run import Go, run_offline
    from vivant.runtime.report import write_report
    from vivant.runtime.report_file import check_report_path
    from vivant.runtime.shipped_presets import find_preset
    from vivant.runtime.studied_run import studied
    from vivant.runtime.trace import Trace

    portrait_path, driver_path = portrait_file(portrait), driver_file(driver)
    out_path = output_file(out, portrait_path, str(driver_path))
    if report is not None:
        check_report_path(report)
    if trace is not None:
        check_report_path(trace, "trace")
    events = Trace() if trace is not None else None
    path, registry = find_preset(preset), Registry.installed()
    document = load_preset(path)
    document = offline_document(
        document,
        validate(document, registry, path.parent, where=str(path)),
        registry,
        portrait=portrait_path,
        driver=driver_path,
        out=out_path,
    )
    document = apply_overrides(document, from_here(set_, Path.cwd()))
    graph = validate(document, registry, path.parent, where=str(path))
    plain = nullcontext() if study is False else studied(document, graph, registry, asked=bool(study))
    with plain as graphs:
        goes = [Go(graphs.reading, f"reading {driver_path.name}")] if graphs else []
        goes.append(Go(graphs.drawing if graphs else graph, out.name))
        result = run_offline(*goes, made=str(out), trace=events)
    if report is not None:
        write_report(result, report)
    if events is not None and trace is not None:
        events.write(trace)
