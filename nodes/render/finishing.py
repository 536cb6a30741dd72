"""Waiting until OpenGL has drawn, while other threads of Python go on."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any


def finisher(context: Any) -> Callable[[], None]:
    """Return a function that waits until everything drawn so far is done.

    Every call of moderngl holds Python's lock while it lasts. Where the processor draws, reading a frame waits
    several milliseconds for it, and tracking and encoding stood still meanwhile (measured: 64 frames/s, 76 without).
    Calls through ctypes give the lock away.

    Args:
        context: ``moderngl.Context``. The function is for the thread that owns it.
    """
    load = getattr(getattr(context.mglo, "_context", None), "load_opengl_function", None)
    address = load("glFinish") if load is not None else 0
    if not address:  # a version of moderngl that keeps its loader to itself
        return lambda: context.finish()
    finish = ctypes.CFUNCTYPE(None)(address)
    return lambda: finish()
