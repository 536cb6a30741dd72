"""Waits for OpenGL without holding up Python's other threads."""

from __future__ import annotations

import ctypes
import ctypes.util
import sys
from collections.abc import Callable


def finisher() -> Callable[[], object]:
    """Return a function that waits until everything drawn so far is drawn.

    It is ``glFinish`` called through ctypes, which lets go of Python's global lock meanwhile; reading a frame back
    through moderngl waits with the lock held. In software, where waiting is most of a frame, tracking of the next
    frame could otherwise not go on. Where the library is not found the function does nothing: reading back waits.
    """
    try:
        if sys.platform == "win32":
            return ctypes.WinDLL("opengl32").glFinish
        if sys.platform == "darwin":
            library = "/System/Library/Frameworks/OpenGL.framework/OpenGL"
        else:
            library = ctypes.util.find_library("GL") or "libGL.so.1"
        return ctypes.CDLL(library).glFinish
    except (OSError, AttributeError):
        return lambda: None
