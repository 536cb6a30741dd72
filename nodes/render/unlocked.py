"""OpenGL's calls that take long, without Python's global lock: other threads go on meanwhile."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from typing import Any

_TRIANGLES, _UNSIGNED_INT, _INDEX_BYTES = 0x0004, 0x1405, 4
_LONG_INDICES = 3000
"""From so many on a draw call lets go of the lock. To take it again may cost a wait: with all calls of a puppet's frame
`vivant bench animate` takes 1.04 of the time, with its two large ones 0.975 (two cores, in turns)."""


class UnlockedCalls:
    """Calls through ctypes, which lets go of the lock; moderngl keeps it.

    In software drawing is work of the thread that asks for it, half of what a frame costs. A function that is not found
    is called through moderngl.

    Args:
        context: ``moderngl.Context``; every call must come from the thread that owns it.
    """

    def __init__(self, context: Any) -> None:
        self._context = context
        self.finish: Callable[[], object] = _function(context, "glFinish") or context.finish
        """Waits until everything drawn so far is drawn."""
        self._draw_elements = _function(
            context, "glDrawElements", ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p
        )

    def draw_triangles(self, mesh: Any, count: int, first: int) -> None:
        """Draw a part of a mesh.

        Args:
            mesh: ``moderngl.VertexArray`` with indices of 32 bits.
            count: How many indices.
            first: The first of them.
        """
        if self._draw_elements is None or count < _LONG_INDICES:
            mesh.render(self._context.TRIANGLES, vertices=count, first=first)
            return
        mesh.render(self._context.TRIANGLES, vertices=0)  # draws nothing, but binds mesh and program
        self._draw_elements(_TRIANGLES, count, _UNSIGNED_INT, first * _INDEX_BYTES)


def _function(context: Any, name: str, *types: Any) -> Callable[..., object] | None:
    """Return a function of OpenGL that gives nothing back, None where it is not found.

    By the loader of the context itself, which moderngl keeps to itself: a library of the system's may be another
    maker's.
    """
    load = getattr(getattr(context.mglo, "_context", None), "load_opengl_function", None)
    address = load(name) if load is not None else 0
    if not address:
        return None
    prototype = ctypes.WINFUNCTYPE if sys.platform == "win32" else ctypes.CFUNCTYPE
    return prototype(None, *types)(address)
