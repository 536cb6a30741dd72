"""A live run as the commands start it: context, services, Ctrl-C, and a line at the end."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

from vivant.graph.graph import Graph
from vivant.runtime.drawing import gl_for
from vivant.runtime.faults import show_line
from vivant.runtime.interrupt import say_at_once, stop_on_interrupt
from vivant.runtime.models import ModelStore, build_cache_dir
from vivant.runtime.notices import Notices
from vivant.runtime.progress import FetchProgress
from vivant.runtime.reload_notices import ReloadNotices
from vivant.runtime.sd_notify import ServiceNotifier
from vivant.runtime.status_line import StatusLine

if TYPE_CHECKING:
    from vivant.runtime.edits import Edits
    from vivant.runtime.orders_file import OrdersFile
    from vivant.runtime.report import RunResult
    from vivant.runtime.trace import Trace


def run_live(
    graph: Graph,
    *,
    headless: bool,
    duration_s: float | None,
    edits: Edits | None = None,
    trace: Trace | None = None,
    orders: OrdersFile | None = None,
) -> RunResult:
    """Run `graph` until its duration is over, its window is closed, its sources end or Ctrl-C.

    Args:
        graph: What to run.
        headless: Leave out what needs a display.
        duration_s: How long; None: no limit.
        edits: What is saved meanwhile, to be taken over; None: it stays as it is.
        trace: Where the calls of all nodes are noted, if anywhere.
        orders: Where commands of nodes come from while it runs; closed at the end.

    Raises:
        VivantError: It cannot start.
    """
    from vivant.runtime.live import LiveEngine
    from vivant.runtime.services import Services

    with (
        Notices() as notice,
        FetchProgress() as fetching,
        stop_on_interrupt(say_at_once) as stop,
        ServiceNotifier() as presented,
        gl_for(graph, window=not headless) as gl,
        StatusLine() as status_line,
        orders or nullcontext(),
    ):
        services = Services(
            fetch=ModelStore(progress=fetching, stopped=stop.is_set).fetch,
            notice=notice,
            gl=gl,
            trace=trace,
            cache_dir=build_cache_dir(),
            presented=presented,
            say=show_line,
            watch=status_line,
        )
        engine = LiveEngine(
            graph,
            services,
            duration_s=duration_s,
            headless=headless,
            edits=edits,
            reload_listener=ReloadNotices(),
            orders=orders.new if orders else None,
        )
        result = engine.run(stop)
    sys.stderr.write(f"{result.frames} frames in {result.duration_s:.1f} s ({result.fps:.1f} fps)\n")
    return result
