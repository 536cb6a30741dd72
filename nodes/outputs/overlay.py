"""Text over what a window shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

EVERY_NS = 250_000_000
MARGIN = 12


class Overlay:
    """Draws what a run says of itself into the upper left corner, written anew four times a second.

    Args:
        context: ``moderngl.Context``.
        lines: Returns the text.
        now_ns: The run's clock.
    """

    def __init__(self, context: Any, lines: Callable[[], tuple[str, ...]], now_ns: Callable[[], int]) -> None:
        from vivant.shaders.program import build_program

        self._context = context
        self._lines = lines
        self._now_ns = now_ns
        self._program = build_program(context, "window.vert", "overlay.frag")
        self._triangle = context.vertex_array(self._program, [])
        self._texture: Any = None
        self._written: tuple[str, ...] | None = None
        self._next_ns = 0

    def draw(self, room: tuple[int, int]) -> None:
        """Draw into the framebuffer in use.

        Args:
            room: Its width and height in pixels.
        """
        self._write()
        if self._texture is None:
            return
        context = self._context
        width, height = self._texture.size
        context.viewport = (MARGIN, room[1] - MARGIN - height, width, height)
        context.enable_only(context.BLEND)
        context.blend_func = (context.ONE, context.ONE_MINUS_SRC_ALPHA)
        self._texture.use(0)
        self._program["picture"].value = 0
        self._triangle.render(context.TRIANGLES, vertices=3)
        context.enable_only(context.NOTHING)

    def release(self) -> None:
        """Give everything back to OpenGL."""
        for item in (self._texture, self._triangle, self._program):
            if item is not None:
                item.release()
        self._texture = None

    def _write(self) -> None:
        from vivant.nodes.outputs.text_picture import text_picture

        now_ns = self._now_ns()
        if self._written is not None and now_ns < self._next_ns:
            return
        self._next_ns = now_ns + EVERY_NS
        lines = self._lines()
        if lines == self._written:
            return
        self._written = lines
        pixels = text_picture(lines) if lines else None
        size = None if pixels is None else (pixels.shape[1], pixels.shape[0])
        if self._texture is not None and self._texture.size != size:
            self._texture.release()
            self._texture = None
        if pixels is None:
            return
        if self._texture is None:
            self._texture = self._context.texture(size, 4)
            self._texture.filter = (self._context.NEAREST, self._context.NEAREST)
        self._texture.write(pixels.tobytes())
