"""``vivant run``: a preset, live."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vivant.runtime.command_options import Overrides, Preset, Report, TraceFile, from_here


def run(
    preset: Preset,
    set_: Overrides = None,
    headless: Annotated[
        bool, typer.Option("--headless", help="Run without a window; what needs one is left out.")
    ] = False,
    duration: Annotated[
        float | None, typer.Option("--duration", metavar="S", min=0.0, help="Stop after so many seconds.")
    ] = None,
    report: Report = None,
    trace: TraceFile = None,
    orders: Annotated[
        Path | None,
        typer.Option(
            "--orders",
            metavar="FILE",
            help="Carry out what is added to this file meanwhile, one NODE.COMMAND a line; or a named pipe.",
        ),
    ] = None,
) -> None:
    """Run a preset live, until the window is closed or Ctrl-C is pressed. What is saved in it takes effect at once."""
    from vivant.graph.registry import Registry
    from vivant.runtime.live_run import run_live
    from vivant.runtime.orders_file import OrdersFile
    from vivant.runtime.preset_watch import PresetWatch
    from vivant.runtime.report import write_report
    from vivant.runtime.report_file import check_report_path
    from vivant.runtime.shipped_presets import find_preset
    from vivant.runtime.trace import Trace

    if report is not None:
        check_report_path(report)
    if trace is not None:
        check_report_path(trace, "trace")
    events = Trace() if trace is not None else None
    saved = PresetWatch(find_preset(preset), from_here(set_, Path.cwd()), Registry.installed())
    graph = saved.load()
    told = OrdersFile(orders) if orders is not None else None
    result = run_live(graph, headless=headless, duration_s=duration, edits=saved, trace=events, orders=told)
    if report is not None:
        write_report(result, report)
    if events is not None and trace is not None:
        events.write(trace)
