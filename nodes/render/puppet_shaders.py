"""The programs that a puppet is drawn with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vivant.shaders.program import build_program
from vivant.shaders.source import shader_files

_SKIN = ("puppet.vert", "puppet.frag")
_BACK = ("backdrop.vert", "backdrop.frag")


class PuppetShaders:
    """Holds compiled programs, of all layers and of the backdrop. They do not depend on what is drawn, nor how large.

    Args:
        context: ``moderngl.Context``; every call must come from the thread that owns it.

    Raises:
        VivantError: A shader does not compile; says file and line.
    """

    def __init__(self, context: Any) -> None:
        from moderngl import Uniform

        self.skin = build_program(context, *_SKIN)
        try:
            self.back = build_program(context, *_BACK)
        except Exception:
            self.skin.release()
            raise
        self._values: dict[str, Any] = {}
        self._uniforms = {name: self.skin[name] for name in self.skin if isinstance(self.skin[name], Uniform)}

    def set(self, name: str, value: Any) -> None:
        """Give a uniform of all layers its value; nothing happens where a driver dropped it, finding it unused."""
        uniform = self._uniforms.get(name)
        # layer by layer most are as they were, and a driver checks its state again for each that is set
        if uniform is not None and self._values.get(name) != value:
            uniform.value = value
            self._values[name] = value

    def release(self) -> None:
        """Give them back to OpenGL."""
        self.skin.release()
        self.back.release()

    @staticmethod
    def files() -> frozenset[Path]:
        """Return all files that the programs are made of, as they are now."""
        return shader_files(*_SKIN, *_BACK)
