"""An offline run as the commands start it: context, services, progress, Ctrl-C, and a line at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph
from vivant.graph.node import Outcome
from vivant.runtime.drawing import gl_for
from vivant.runtime.faults import show_line
from vivant.runtime.interrupt import say_at_once, stop_on_interrupt
from vivant.runtime.models import ModelStore, build_cache_dir
from vivant.runtime.notices import Notices
from vivant.runtime.progress import FetchProgress, FrameProgress

if TYPE_CHECKING:
    from vivant.runtime.report import RunResult
    from vivant.runtime.trace import Trace


def run_offline(
    graph: Graph, *, label: str, made: str, trace: Trace | None = None, first: RunResult | None = None
) -> RunResult:
    """Run `graph` to the end of its driver and say what was made.

    Args:
        graph: A graph that writes something.
        label: What the progress bar says.
        made: What is written, for the line at the end; empty: something on the way, of which nothing is said or kept.
        trace: Where the calls of all nodes are noted, if anywhere.
        first: How the go before went, where this is the second of two: they are told of as one.

    Raises:
        VivantError: The run failed, or was interrupted (what was written until then is kept and named).
    """
    from vivant.runtime.offline import OfflineEngine
    from vivant.runtime.services import Services

    with (
        Notices() as notice,
        FetchProgress() as fetching,
        stop_on_interrupt(say_at_once) as stop,
        gl_for(graph, window=False) as gl,
    ):
        services = Services(
            fetch=ModelStore(progress=fetching, stopped=stop.is_set).fetch,
            notice=notice,
            gl=gl,
            trace=trace,
            cache_dir=build_cache_dir(),
            say=show_line,
        )
        with FrameProgress(label) as progress:
            result = OfflineEngine(graph, services, progress=progress).run(stop)
    if result.outcome is Outcome.INTERRUPTED:
        some = made and result.frames
        kept = f"{made} holds the {result.frames} frames made until then" if some else "nothing was made"
        raise VivantError(f"interrupted: {kept}")
    if first is not None:
        result = first.followed_by(result)
    if made:
        typer.echo(f"{made}: {result.frames} frames in {result.duration_s:.1f} s ({result.fps:.1f} fps)")
    return result
