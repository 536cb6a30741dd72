"""Text over what a window shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

EVERY_NS = 250_000_000
MARGIN = 12
LETTERS = 15
"""Their height in pixels, on a screen of the usual density."""
OVERLAY_SHADERS = ("window.vert", "overlay.frag")


class Overlay:
    """Draws what a run says of itself into the upper left corner, written anew four times a second."""

    def __init__(self, context: Any, lines: Callable[[], tuple[str, ...]], now_ns: Callable[[], int]) -> None:
        """Compile the shaders.

        Args:
            context: ``moderngl.Context``.
            lines: Returns the text; tabs separate columns.
            now_ns: The run's clock.

        Raises:
            VivantError: A shader does not compile; says file and line.
        """
        self._context = context
        self._lines = lines
        self._now_ns = now_ns
        self._program: Any = None
        self._triangle: Any = None
        self._texture: Any = None
        self._written: tuple[tuple[str, ...], int, float] | None = None
        self._next_ns = 0
        self.compile()

    def compile(self) -> None:
        """Compile the shaders again.

        Raises:
            VivantError: One does not compile. The last good ones stay in use.
        """
        from vivant.shaders.program import build_program

        program = build_program(self._context, *OVERLAY_SHADERS)
        triangle = self._context.vertex_array(program, [])
        for item in (self._triangle, self._program):
            if item is not None:
                item.release()
        self._program, self._triangle = program, triangle

    def draw(self, room: tuple[int, int], scale: float = 1.0) -> None:
        """Draw into the framebuffer in use.

        Args:
            room: Its width and height in pixels.
            scale: Pixels of the screen for each pixel of the usual density.
        """
        self._write(room[0] - 2 * MARGIN, scale)
        if self._texture is None:
            return
        context = self._context
        width, height = self._texture.size
        context.viewport = (MARGIN, room[1] - MARGIN - height, width, height)
        context.enable_only(context.BLEND)
        context.blend_func = (context.ONE, context.ONE_MINUS_SRC_ALPHA)
        self._texture.use(0)
        if "picture" in self._program:  # a driver drops uniforms that it finds unused
            self._program["picture"].value = 0
        self._triangle.render(context.TRIANGLES, vertices=3)
        context.enable_only(context.NOTHING)

    def release(self) -> None:
        """Give everything back to OpenGL."""
        for item in (self._texture, self._triangle, self._program):
            if item is not None:
                item.release()
        self._texture = None

    def _write(self, width: int, scale: float) -> None:
        from vivant.nodes.outputs.text_picture import text_picture

        now_ns = self._now_ns()
        if self._written is not None and now_ns < self._next_ns and self._written[1:] == (width, scale):
            return
        self._next_ns = now_ns + EVERY_NS
        wanted = (self._lines(), width, scale)
        if wanted == self._written:
            return
        self._written = wanted
        pixels = text_picture(wanted[0], round(LETTERS * scale), width) if wanted[0] else None
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
