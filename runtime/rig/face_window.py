"""The window in which somebody points a face out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from vivant.runtime.gl_context import GLContext
from vivant.runtime.rig.editor_drawing import BAR, compose
from vivant.runtime.rig.face_editing import FaceEditing
from vivant.runtime.rig.picture_view import PictureView

U8: TypeAlias = npt.NDArray[np.uint8]

_GRASP = 12.0
"""Pixels of the window within which a point is taken hold of."""
_ZOOM = 1.15
_WAIT_S = 0.2


class FaceWindow:
    """Shows a picture with its points and lets them be moved, until it is closed.

    Args:
        gl: A window with its context.
        pixels: The picture, ``uint8 (h, w, 3)``.
        editing: The points.
        save: Writes them; returns a line that says what came of it, and whether they are saved.
        message: The first line.
    """

    def __init__(
        self,
        gl: GLContext,
        pixels: U8,
        editing: FaceEditing,
        save: Callable[[], tuple[str, bool]],
        message: str,
    ) -> None:
        import glfw

        from vivant.shaders.program import build_program

        self._glfw: Any = glfw
        self._gl, self._window = gl, gl.window
        self._pixels, self._editing, self._save, self._message = pixels, editing, save, message
        self._program = build_program(gl.context, "window.vert", "window.frag")
        self._triangle = gl.context.vertex_array(self._program, [])
        self._texture: Any = None
        self._hovered: str | None = None
        self._dragged: str | None = None
        self._panning = False
        self._leaving = False
        self._stale = True
        self._cursor = (0.0, 0.0)
        self._view = PictureView((pixels.shape[1], pixels.shape[0]), self._room())
        self._view.show_all()

    def run(self, stopped: Callable[[], bool]) -> None:
        """Serve the window until the user closes it, or `stopped` says so."""
        glfw, window = self._glfw, self._window
        glfw.set_cursor_pos_callback(window, self._on_cursor)
        glfw.set_mouse_button_callback(window, self._on_button)
        glfw.set_scroll_callback(window, self._on_scroll)
        glfw.set_key_callback(window, self._on_key)
        glfw.set_char_callback(window, self._on_character)
        glfw.set_framebuffer_size_callback(window, self._on_size)
        glfw.set_window_refresh_callback(window, self._on_refresh)
        glfw.set_window_close_callback(window, self._on_close)
        try:
            while not stopped() and not self._gl.should_close():
                if self._stale:
                    self._draw()
                glfw.wait_events_timeout(_WAIT_S)
                self._gl.poll()
        finally:
            self._release()

    def _room(self) -> tuple[int, int]:
        width, height = self._glfw.get_framebuffer_size(self._window)
        return max(width, 64), max(height - BAR, 64)

    def _draw(self) -> None:
        self._stale = False
        self._editing.follow()
        frame = compose(self._pixels, self._editing, self._view, self._hovered, self._message)
        gl = self._gl.context
        size = frame.shape[1], frame.shape[0]
        if self._texture is None or self._texture.size != size:
            if self._texture is not None:
                self._texture.release()
            self._texture = gl.texture(size, 3, alignment=1)
        self._texture.write(np.ascontiguousarray(frame[::-1]), alignment=1)
        gl.screen.use()
        gl.enable_only(gl.NOTHING)
        gl.viewport = (0, 0, *self._glfw.get_framebuffer_size(self._window))
        self._texture.use(0)
        if "frame" in self._program:
            self._program["frame"].value = 0
        self._triangle.render(gl.TRIANGLES, vertices=3)
        self._glfw.swap_buffers(self._window)

    def _release(self) -> None:
        glfw, window = self._glfw, self._window
        for forget in (
            glfw.set_cursor_pos_callback,
            glfw.set_mouse_button_callback,
            glfw.set_scroll_callback,
            glfw.set_key_callback,
            glfw.set_char_callback,
            glfw.set_framebuffer_size_callback,
            glfw.set_window_refresh_callback,
            glfw.set_window_close_callback,
        ):
            forget(window, _ignore)
        for item in (self._triangle, self._program, self._texture):
            if item is not None:
                item.release()

    def _at(self, x: float, y: float) -> tuple[float, float]:
        """Map screen coordinates of the window to its pixels; on some screens they are not the same."""
        width, height = self._glfw.get_window_size(self._window)
        across, down = self._glfw.get_framebuffer_size(self._window)
        return x * across / max(width, 1), y * down / max(height, 1)

    def _nearest(self) -> str | None:
        def away(name: str) -> float:
            x, y = self._view.to_window(self._editing.places[name])
            return float(np.hypot(x - self._cursor[0], y - self._cursor[1]))

        near = [name for name in self._editing.places if away(name) <= _GRASP]
        # Points that are needed and were not set yet come before those that lie on them.
        return min(near, key=lambda name: (name not in self._editing.wanted(), away(name)), default=None)

    def _on_cursor(self, window: Any, x: float, y: float) -> None:
        before, self._cursor = self._cursor, self._at(x, y)
        if self._dragged is not None:
            self._editing.move(self._dragged, self._view.to_picture(*self._cursor))
            self._stale = True
        elif self._panning:
            self._view.pan(self._cursor[0] - before[0], self._cursor[1] - before[1])
            self._stale = True
        elif (nearest := self._nearest()) != self._hovered:
            self._hovered, self._stale = nearest, True

    def _on_button(self, window: Any, button: int, action: int, modifiers: int) -> None:
        if action == self._glfw.RELEASE:
            self._dragged, self._panning = None, False
            return
        self._leaving = False
        self._hovered = self._nearest()
        if button == self._glfw.MOUSE_BUTTON_LEFT and self._hovered is not None:
            self._editing.begin()
            self._dragged = self._hovered
        else:
            self._panning = True
        self._stale = True

    def _on_scroll(self, window: Any, across: float, up: float) -> None:
        self._view.zoom_at(*self._cursor, _ZOOM**up)
        self._stale = True

    def _on_key(self, window: Any, key: int, scancode: int, action: int, modifiers: int) -> None:
        glfw = self._glfw
        if action == glfw.RELEASE:
            return
        if key == glfw.KEY_ESCAPE:
            self._leave()
        elif key in (glfw.KEY_DELETE, glfw.KEY_BACKSPACE):
            self._command("x")
        elif key == glfw.KEY_HOME:
            self._command("0")
        elif modifiers & (glfw.MOD_CONTROL | glfw.MOD_SUPER):
            # with Ctrl no character comes; the key's own name follows the user's keyboard
            self._command((glfw.get_key_name(key, scancode) or "").lower())

    def _on_character(self, window: Any, code: int) -> None:
        self._command(chr(code).lower())

    def _command(self, letter: str) -> None:
        editing = self._editing
        if letter == "q":
            self._leave()
            return
        self._leaving = False
        if letter == "s":
            self._message, done = self._save()
            if done:
                editing.saved()
        elif letter == "z":
            self._message = "taken back" if editing.undo() else "there is nothing to take back"
        elif letter == "y":
            self._message = "done again" if editing.redo() else "there is nothing to do again"
        elif letter == "x" and self._hovered is not None:
            editing.free(self._hovered)
        elif letter == "0":
            self._view.show_all()
        self._hovered = self._nearest() if letter in "zyx0" else None
        self._stale = True

    def _leave(self) -> None:
        if self._editing.changed and not self._leaving:
            self._leaving, self._stale, self._hovered = True, True, None
            self._message = "not saved yet: s saves, the same key again leaves without"
            return
        self._glfw.set_window_should_close(self._window, True)

    def _on_close(self, window: Any) -> None:
        if self._editing.changed and not self._leaving:
            self._glfw.set_window_should_close(window, False)
            self._leave()

    def _on_size(self, window: Any, width: int, height: int) -> None:
        if width and height:
            self._view.resize(self._room())
            self._stale = True

    def _on_refresh(self, window: Any) -> None:
        self._stale = True


def _ignore(*event: object) -> None:
    pass
