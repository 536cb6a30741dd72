"""The OpenGL context that a graph needs, if it needs one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph

if TYPE_CHECKING:
    from vivant.runtime.gl_context import GLContext

WINDOW_SIZE = (960, 720)


class NoWindowError(VivantError):
    """A window was wanted and cannot be had."""


@contextmanager
def gl_for(graph: Graph, *, window: bool) -> Iterator[GLContext | None]:
    """Give the context that `graph` draws with, and release it afterwards.

    Args:
        graph: What is to run.
        window: Whether its nodes that show something get a window. Without such nodes there is none.

    Yields:
        The context; None when no node draws.

    Raises:
        NoWindowError: There is no display for a window.
        VivantError: There is no OpenGL.
    """
    kept = graph if window else graph.without_display()
    if not any(spec.node_class.draws for spec in kept.nodes):
        yield None
        return
    if window and any(spec.node_class.shows for spec in graph.nodes):
        gl = _windowed(f"Vivant: {graph.name}")
    else:
        from vivant.runtime.gl_context import GLContext

        gl = GLContext.headless()
    try:
        yield gl
    finally:
        gl.release()


def has_display() -> bool:
    """Whether this session seems to have a screen; opening a window may still fail."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _windowed(title: str) -> GLContext:
    if not has_display():
        raise NoWindowError(
            "there is no display for a window",
            remedy="give --headless, or write a file with `vivant animate`",
        )
    from vivant.runtime.gl_context import GLContext

    try:
        return GLContext.windowed(title, WINDOW_SIZE)
    except VivantError as error:
        raise NoWindowError(error.what, where=error.where, remedy=error.remedy) from error
