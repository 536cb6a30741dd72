"""Finding out that the display, or the OpenGL context, is gone."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from typing import Any

_RESETS = {
    0x8253: "the graphics card was reset because of what this program drew",
    0x8254: "the graphics card was reset because of what another program drew",
    0x8255: "the graphics card was reset",
}
"""What ``glGetGraphicsResetStatus`` answers, OpenGL 4.5, section 2.3.2."""


class GraphicsLoss:
    """Knows whether the window's display or its context was lost; made when the context is current.

    Without it the X library ends the process by itself as soon as its server is gone, with every file half
    written.
    """

    def __init__(self, glfw: Any, platform: str = sys.platform) -> None:
        """Begin to watch.

        Args:
            glfw: The module, initialised.
            platform: As ``sys.platform``.
        """
        self._display_lost = False
        self._handlers: tuple[Any, ...] = ()
        self._x11: Any = None
        self._reset_status = _reset_status(glfw)
        if platform.startswith("linux"):
            self._watch_display(glfw)

    def reason(self) -> str:
        """Return what was lost and why, in words, or an empty string."""
        if self._display_lost:
            return "the display is gone: the connection to the X server broke"
        status = self._reset_status()
        return _RESETS.get(status, f"the OpenGL context is lost (reset status {status:#x})") if status else ""

    def release(self) -> None:
        """Leave the X library as it was. Called when GLFW has closed its display."""
        if self._x11 is not None:
            self._x11.XSetIOErrorHandler(None)
            self._x11, self._handlers = None, ()

    def _watch_display(self, glfw: Any) -> None:
        if glfw.get_platform() != glfw.PLATFORM_X11:
            return
        try:
            x11 = ctypes.CDLL("libX11.so.6")
            set_exit = x11.XSetIOErrorExitHandler
        except (OSError, AttributeError):
            return  # before libX11 1.7 nothing could be done
        exit_type = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)
        error_type = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)

        def on_exit(display: int | None, data: int | None) -> None:
            # returning, in place of ending the process: what is asked of the display from now on fails quietly
            self._display_lost = True

        def on_error(display: int | None) -> int:
            return 0  # X would print a line of its own

        # kept: they would be called after they were collected
        self._handlers = (exit_type(on_exit), error_type(on_error))
        set_exit.argtypes = [ctypes.c_void_p, exit_type, ctypes.c_void_p]
        set_exit.restype = None
        set_exit(glfw.get_x11_display(), self._handlers[0], None)
        x11.XSetIOErrorHandler.argtypes = [ctypes.c_void_p]
        x11.XSetIOErrorHandler.restype = ctypes.c_void_p
        x11.XSetIOErrorHandler(ctypes.cast(self._handlers[1], ctypes.c_void_p))
        self._x11 = x11


def _reset_status(glfw: Any) -> Callable[[], int]:
    """Return OpenGL's own question for a lost context, where the driver has it."""
    for name in ("glGetGraphicsResetStatus", "glGetGraphicsResetStatusARB"):
        address = glfw.get_proc_address(name)
        if address:
            # OpenGL's calling convention is another one on 32-bit Windows only, where Vivant does not run
            function: Callable[[], int] = ctypes.CFUNCTYPE(ctypes.c_uint)(address)
            return function
    return lambda: 0
