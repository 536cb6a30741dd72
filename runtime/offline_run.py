"""An offline run as the commands start it: context, services, progress, Ctrl-C, and a line at the end."""

from __future__ import annotations

import dataclasses
from functools import reduce
from typing import TYPE_CHECKING, NamedTuple

import typer

from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph
from vivant.graph.node import Outcome
from vivant.runtime.drawing import gl_for
from vivant.runtime.faults import show_line
from vivant.runtime.interrupt import say_at_once, stop_on_interrupt
from vivant.runtime.models import ModelStore, build_cache_dir
from vivant.runtime.notices import Notices
from vivant.runtime.output_trial import try_outputs
from vivant.runtime.progress import FetchProgress, FrameProgress

if TYPE_CHECKING:
    from vivant.runtime.report import RunResult
    from vivant.runtime.trace import Trace


class Go(NamedTuple):
    """A graph that is run to the end of its driver, and what the progress bar says meanwhile."""

    graph: Graph
    label: str


def run_offline(*goes: Go, made: str, trace: Trace | None = None) -> RunResult:
    """Run graphs, one after the other, and tell of them as one.

    What the last one needs for drawing and writing is tried before the first begins: it may take long.

    Args:
        goes: One or more; the last writes something.
        made: What is written, for the line at the end.
        trace: Where the calls of all nodes are noted, if anywhere.

    Raises:
        VivantError: A run failed, or was interrupted (what was written until then is kept and named).
    """
    from vivant.runtime.offline import OfflineEngine
    from vivant.runtime.report import RunResult
    from vivant.runtime.services import Services

    *_, last = goes
    results: list[RunResult] = []
    with (
        Notices() as notice,
        FetchProgress() as fetching,
        stop_on_interrupt(say_at_once) as stop,
        gl_for(last.graph, window=False) as gl,
    ):
        services = Services(
            fetch=ModelStore(progress=fetching, stopped=stop.is_set).fetch,
            notice=notice,
            gl=gl,
            trace=trace,
            cache_dir=build_cache_dir(),
            say=show_line,
            stopped=stop.is_set,
        )
        if len(goes) > 1:
            try_outputs(last.graph, services)
        for go in goes:
            own = services if go is last else dataclasses.replace(services, say=None)
            with FrameProgress(go.label) as progress:
                results.append(OfflineEngine(go.graph, own, progress=progress).run(stop))
            if results[-1].outcome is Outcome.INTERRUPTED:
                break
    if results[-1].outcome is Outcome.INTERRUPTED:
        some = len(results) == len(goes) and results[-1].frames
        kept = f"{made} holds the {results[-1].frames} frames made until then" if some else "nothing was made"
        raise VivantError(f"interrupted: {kept}")
    whole = reduce(RunResult.followed_by, results)
    typer.echo(f"{made}: {whole.frames} frames in {whole.duration_s:.1f} s ({whole.fps:.1f} fps)")
    return whole
