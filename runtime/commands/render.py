"""``vivant render``: a preset that needs nobody into a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vivant.runtime.command_options import Overrides, Preset, Report, TraceFile, from_here


def render(
    preset: Preset,
    out: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="OUT", help="A video (.mp4 .mov .mkv .webm), a picture, or a folder."),
    ],
    set_: Overrides = None,
    duration: Annotated[
        float | None,
        typer.Option("--duration", metavar="S", min=0.001, help="How many seconds; without it once through."),
    ] = None,
    report: Report = None,
    trace: TraceFile = None,
) -> None:
    """Write what a preset shows into a file, as fast as it goes: a picture in depth, the demo."""
    from vivant.graph.preset import apply_overrides, load_preset
    from vivant.graph.registry import Registry
    from vivant.graph.validation import validate
    from vivant.runtime.given_files import output_file
    from vivant.runtime.offline_run import Go, run_offline
    from vivant.runtime.rendered_document import rendered_document
    from vivant.runtime.report import write_report
    from vivant.runtime.report_file import check_report_path
    from vivant.runtime.shipped_presets import find_preset
    from vivant.runtime.trace import Trace

    if report is not None:
        check_report_path(report)
    if trace is not None:
        check_report_path(trace, "trace")
    events = Trace() if trace is not None else None
    path, registry = find_preset(preset), Registry.installed()
    document = apply_overrides(load_preset(path), from_here(set_, Path.cwd()))
    shown = validate(document, registry, path.parent, where=str(path))
    given = (str(spec.params.model_dump().get("path") or "") for spec in shown.nodes if spec.node_class.output_ports)
    inputs = (str(path.parent / Path(name).expanduser()) for name in given if name and not name.startswith("sample:"))
    out_path = output_file(out, *inputs)
    document = rendered_document(document, shown, registry, out=out_path, duration_s=duration)
    graph = validate(document, registry, path.parent, where=str(path))
    result = run_offline(Go(graph, out.name), made=str(out), trace=events)
    if report is not None:
        write_report(result, report)
    if events is not None and trace is not None:
        events.write(trace)
