"""What nodes that draw with Vivant's own shaders have in common: they compile them, take over edits, give all back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vivant.graph.node import NodeContext, Outcome
from vivant.nodes.formats.surface import Surface


class OwnShaders:
    """Before `Node` among a class's bases; the class says which shaders, and makes a renderer when it has what to draw.

    A renderer has ``use(shaders)``, ``release()``, ``framebuffer``, ``texture`` and ``size``.
    """

    _renderer: Any = None
    _readback: Any = None
    _shaders: Any = None

    @staticmethod
    def shaders_type() -> Any:
        """Return the class of the shaders, called with the context; its ``files()`` says where they are."""
        raise NotImplementedError

    def open(self, context: NodeContext) -> None:
        """Compile the shaders; buffers are made with what is to be drawn.

        Raises:
            VivantError: A shader does not compile; says file and line.
        """
        self._gl, self._window = context.gl, context.window
        self._shaders = self.shaders_type()(context.gl)
        self._reads = "frame" in context.connected
        self._loaded: Any = None

    def drawn(self) -> tuple[Surface, Any]:
        """Return what the renderer has drawn, and the same on the CPU where something is wired to that, else None."""
        if not (self._window is not None or self._reads):
            self._gl.finish()  # nobody else waits for the drawing: it would pile up in the driver's queue
        picture = self._readback.read(self._renderer.framebuffer) if self._reads else None
        return Surface(self._renderer.texture, self._renderer.size), picture

    def files(self) -> frozenset[Path]:
        """Return the files of the shaders."""
        return frozenset(self.shaders_type().files())

    def reload(self, changed: frozenset[Path]) -> None:
        """Compile the shaders again and draw with them.

        Raises:
            VivantError: One does not compile; says file and line. The last good ones stay in use.
        """
        fresh = self.shaders_type()(self._gl)
        try:
            if self._renderer is not None:
                self._renderer.use(fresh)
        except Exception:
            fresh.release()
            raise
        self._shaders.release()
        self._shaders = fresh

    def reconnect(self, connected: frozenset[str]) -> None:
        """Read the frame back as long as something is wired to it."""
        self._reads = "frame" in connected

    def close(self, outcome: Outcome) -> None:
        """Give everything back to OpenGL."""
        self._release()
        if self._shaders is not None:
            self._shaders.release()
            self._shaders = None

    def _size_of(self, size: tuple[int, int], height: int) -> tuple[int, int]:
        """Return the size of a drawing that is so high; 0: as what is drawn."""
        return (max(1, round(size[0] * height / size[1])), height) if height else size

    def _release(self) -> None:
        if self._renderer is not None:
            self._renderer.release()
        self._renderer = self._readback = None
