"""The OpenGL context that a graph needs, if it needs one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from vivant.graph.graph import Graph
from vivant.graph.node import Lane

if TYPE_CHECKING:
    from vivant.runtime.gl_context import GLContext

WINDOW_SIZE = (960, 720)


@contextmanager
def gl_for(graph: Graph, *, window: bool) -> Iterator[GLContext | None]:
    """Give the context that `graph` draws with, and release it afterwards.

    Args:
        graph: What is to run.
        window: Whether its nodes that show something get a window. Without such nodes there is none.

    Yields:
        The context; None when no node draws.

    Raises:
        VivantError: There is no OpenGL, or no display for a window.
    """
    if not any(spec.node_class.lane is Lane.RENDER for spec in graph.nodes):
        yield None
        return
    from vivant.runtime.gl_context import GLContext

    if window and any(spec.node_class.shows for spec in graph.nodes):
        gl = GLContext.windowed(f"Vivant: {graph.name}", WINDOW_SIZE)
    else:
        gl = GLContext.headless()
    try:
        yield gl
    finally:
        gl.release()
