"""OpenGL: a context with or without a window, owned by one thread."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any

from vivant.graph.errors import VivantError
from vivant.runtime.graphics_loss import GraphicsLoss
from vivant.runtime.services import GraphicsLostError

LEAST_VERSION = 410
"""OpenGL 4.1 core: macOS has no more."""

_APT_LINE = "apt-get install libegl1 libgl1 libgl1-mesa-dri libgles2 libglx-mesa0 libegl-mesa0"


class GLContext:
    """An OpenGL context and the window it draws to, if there is one.

    It belongs to the thread that made it; any other is refused, because Mesa lets it read silent zeros.
    Make it with `headless` or `windowed`, give it back with `release`.

    Attributes:
        window: The GLFW window, None without one.
        renderer: What draws: renderer, vendor and OpenGL version.
    """

    def __init__(
        self, context: Any, window: Any, clean_up: Callable[[], None], lost: Callable[[], str] = lambda: ""
    ) -> None:
        """Take over a context that is current in this thread.

        Args:
            context: ``moderngl.Context``.
            window: The GLFW window that is shown, or None.
            clean_up: Called last when it is released.
            lost: Says why nothing can be drawn any more, or an empty string.
        """
        self._owner = threading.current_thread()
        self._context = context
        self._clean_up = clean_up
        self._lost = lost
        self._released = False
        self.window = window
        info = context.info
        self.renderer = f"{info['GL_RENDERER']}, {info['GL_VENDOR']}, OpenGL {info['GL_VERSION']}"
        # Python's garbage collector runs in any thread; what it finds is deleted in poll(), in this one.
        context.gc_mode = "context_gc"

    @classmethod
    def headless(cls) -> GLContext:
        """Make a context without a window.

        Raises:
            VivantError: There is no OpenGL 4.1.
        """
        import moderngl

        linux = sys.platform not in ("win32", "darwin")
        settings: dict[str, Any] = {"backend": "egl"} if linux else {}
        try:
            context = moderngl.create_context(standalone=True, require=LEAST_VERSION, **settings)
        except Exception as error:  # glcontext raises bare Exception for whatever is missing
            if not linux:
                raise _no_opengl(str(error)) from error
            try:
                return cls._with_glfw("", (16, 16), vsync=False, visible=False)
            except VivantError:
                raise _no_opengl(str(error)) from error
        return cls(context, None, lambda: None)

    @classmethod
    def windowed(cls, title: str, size: tuple[int, int], *, vsync: bool = True) -> GLContext:
        """Open a window with a context. Only the main thread may, on any system.

        Args:
            title: What stands above it.
            size: Width and height of its inside, in screen coordinates.
            vsync: Wait for the display in every swap.

        Raises:
            VivantError: There is no display, or no OpenGL 4.1.
            RuntimeError: Called from another thread.
        """
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError(
                f"a window belongs to the thread {threading.main_thread().name!r}, "
                f"not to {threading.current_thread().name!r}"
            )
        return cls._with_glfw(title, size, vsync=vsync, visible=True)

    @property
    def context(self) -> Any:
        """The ``moderngl.Context``.

        Raises:
            RuntimeError: Asked for from another thread.
        """
        self.require_owner()
        return self._context

    def require_owner(self) -> None:
        """Refuse every thread but the one that made the context.

        Raises:
            RuntimeError: This is another thread; both are named.
        """
        current = threading.current_thread()
        if current is not self._owner:
            raise RuntimeError(f"OpenGL belongs to the thread {self._owner.name!r}, not to {current.name!r}")

    def should_close(self) -> bool:
        """Whether the user asked the window to close; without a window never. Any thread may ask."""
        if self.window is None:
            return False
        import glfw

        return bool(glfw.window_should_close(self.window))

    def poll(self) -> None:
        """Handle the window's events and delete what Python has let go of. Called once per step.

        Raises:
            GraphicsLostError: Display or context are gone.
        """
        self.require_owner()
        self._require_graphics()
        if self.window is not None:
            import glfw

            glfw.poll_events()
            self._require_graphics()  # this is where a broken connection shows
        self.collect_garbage()

    def _require_graphics(self) -> None:
        reason = self._lost()
        if reason:
            raise GraphicsLostError(
                reason, remedy="start it again; a service manager does so by itself (see the README)"
            )

    def collect_garbage(self) -> None:
        """Delete the objects that Python has let go of.

        Not ``context.gc()``: an object that was released by hand comes into the same queue when Python lets go
        of it, as a husk that cannot be released again, and moderngl 5.13 stumbles over it.
        """
        self.require_owner()
        queue = self._context.objects
        while queue:
            item = queue.popleft()
            if hasattr(item, "release"):
                item.release()

    def release(self) -> None:
        """Give context and window back. A second call does nothing."""
        self.require_owner()
        if self._released:
            return
        self._released = True
        self.collect_garbage()
        self._context.release()
        self.window = None
        self._clean_up()

    @classmethod
    def _with_glfw(cls, title: str, size: tuple[int, int], *, vsync: bool, visible: bool) -> GLContext:
        import glfw
        import moderngl

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its errors come as warnings: they are asked for and told below
            if not glfw.init():
                raise _no_window(_glfw_error(glfw))
            try:
                window = _create_window(glfw, title, size, visible)
                glfw.make_context_current(window)
                glfw.swap_interval(1 if vsync else 0)
                # GLFW knows whether GLX, EGL, WGL or CGL is behind it; moderngl would guess by the system.
                functions: Any = _GlfwFunctions(glfw)
                context = moderngl.create_context(require=LEAST_VERSION, context=functions)
                loss = GraphicsLoss(glfw)
            except VivantError:
                glfw.terminate()
                raise
            except Exception as error:
                glfw.terminate()
                raise _no_opengl(str(error)) from error

        def clean_up() -> None:
            glfw.destroy_window(window)
            glfw.terminate()
            loss.release()

        return cls(context, window if visible else None, clean_up, loss.reason)


class _GlfwFunctions:
    """What moderngl wants to know of a context that somebody else made."""

    def __init__(self, glfw: Any) -> None:
        self._glfw = glfw

    def load_opengl_function(self, name: str) -> int:
        return self._glfw.get_proc_address(name) or 0

    def release(self) -> None:
        pass

    def __enter__(self) -> _GlfwFunctions:
        return self

    def __exit__(self, *error: object) -> None:
        pass


def _create_window(glfw: Any, title: str, size: tuple[int, int], visible: bool) -> Any:
    glfw.default_window_hints()
    glfw.window_hint(glfw.CLIENT_API, glfw.OPENGL_API)
    glfw.window_hint(glfw.CONTEXT_VERSION_MAJOR, LEAST_VERSION // 100)
    glfw.window_hint(glfw.CONTEXT_VERSION_MINOR, LEAST_VERSION // 10 % 10)
    glfw.window_hint(glfw.OPENGL_PROFILE, glfw.OPENGL_CORE_PROFILE)
    glfw.window_hint(glfw.OPENGL_FORWARD_COMPAT, True)  # macOS gives a core profile only with it
    # where the driver can: after a reset of the card it says so, instead of drawing nothing for ever
    glfw.window_hint(glfw.CONTEXT_ROBUSTNESS, glfw.LOSE_CONTEXT_ON_RESET)
    glfw.window_hint(glfw.VISIBLE, visible)
    glfw.window_hint(glfw.DEPTH_BITS, 0)  # frames are drawn into textures: the window needs colours only
    glfw.window_hint(glfw.STENCIL_BITS, 0)
    window = glfw.create_window(size[0], size[1], title, None, None)
    if not window:
        raise _no_opengl(_glfw_error(glfw))
    return window


def _glfw_error(glfw: Any) -> str:
    _, text = glfw.get_error()
    return text.decode(errors="replace") if isinstance(text, bytes) else str(text or "no reason given")


def _no_window(reason: str) -> VivantError:
    return VivantError(
        f"no window can be opened here: {reason}",
        remedy="without a display give --headless, or write a file with `vivant animate`",
    )


def _no_opengl(reason: str) -> VivantError:
    remedy = "install the driver of the graphics card, or run where OpenGL 4.1 is there"
    if sys.platform not in ("win32", "darwin"):
        remedy = f"on Debian and Ubuntu: sudo {_APT_LINE}"
    return VivantError(f"there is no OpenGL 4.1 here: {reason}", remedy=remedy)
