"""The programs that a puppet is drawn with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vivant.shaders.program import build_program, link_program
from vivant.shaders.source import ShaderSource, shader_files

_SKIN = ("puppet.vert", "puppet.frag")
_BACK = ("backdrop.vert", "backdrop.frag")


class LayerProgram:
    """A compiled program for layers, and what its uniforms hold.

    Attributes:
        program: ``moderngl.Program``.
    """

    def __init__(self, program: Any) -> None:
        from moderngl import Uniform

        self.program = program
        self._values: dict[str, Any] = {}
        self._uniforms = {name: program[name] for name in program if isinstance(program[name], Uniform)}

    def set(self, name: str, value: Any) -> None:
        """Give a uniform its value; nothing happens where a driver dropped it, finding it unused."""
        uniform = self._uniforms.get(name)
        # layer by layer most are as they were, and a driver checks its state again for each that is set
        if uniform is not None and self._values.get(name) != value:
            uniform.value = value
            self._values[name] = value


class PuppetShaders:
    """Holds compiled programs, of layers and of the backdrop. They do not depend on what is drawn, nor how large.

    Args:
        context: ``moderngl.Context``; every call must come from the thread that owns it.

    Attributes:
        skin: For what is blended.
        opaque: For triangles that show opaque texels alone.
        back: ``moderngl.Program`` of the backdrop.

    Raises:
        VivantError: A shader does not compile; says file and line.
    """

    def __init__(self, context: Any) -> None:
        vertex, fragment = (ShaderSource.read(name) for name in _SKIN)
        built: list[Any] = []
        try:
            for source in (fragment, fragment.defining("OPAQUE")):
                built.append(link_program(context, vertex, source))
            self.back = build_program(context, *_BACK)
        except Exception:
            for program in built:
                program.release()
            raise
        self.skin, self.opaque = map(LayerProgram, built)

    def release(self) -> None:
        """Give them back to OpenGL."""
        for program in (self.skin.program, self.opaque.program, self.back):
            program.release()

    @staticmethod
    def files() -> frozenset[Path]:
        """Return all files that the programs are made of, as they are now."""
        return shader_files(*_SKIN, *_BACK)
