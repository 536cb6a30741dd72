"""A user's fragment shader, compiled, with the values of its uniforms."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vivant.shaders.effect_source import effect_floats, effect_source
from vivant.shaders.program import link_program
from vivant.shaders.source import ShaderSource

VERTEX = "window.vert"


class EffectShader:
    """Holds the program of an effect.

    Args:
        context: ``moderngl.Context``; every call must come from the thread that owns it.
        file: The user's shader.

    Raises:
        VivantError: It cannot be read or does not compile; says file and line.
    """

    def __init__(self, context: Any, file: Path) -> None:
        source = effect_source(file)
        self.floats = effect_floats(source)
        """Names of the single floats that it declares as uniforms."""
        self.program = link_program(context, ShaderSource.read(VERTEX), source)
        self.triangle = context.vertex_array(self.program, [])
        # what the file itself gives them: 0 without an initialiser; a driver drops those that it finds unused
        self._own = {name: float(self.program[name].value) for name in self.floats if name in self.program}

    def set_values(self, values: Mapping[str, float]) -> frozenset[str]:
        """Set the user's uniforms; those that are not named have what the file gives them.

        Returns:
            The names for which there is no uniform float.
        """
        for name, own in self._own.items():
            self.program[name].value = values.get(name, own)
        return frozenset(values) - self.floats

    def set(self, name: str, value: Any) -> None:
        """Set one of the uniforms that every effect is given, if it is used."""
        if name in self.program:
            self.program[name].value = value

    def release(self) -> None:
        """Give it back to OpenGL."""
        self.triangle.release()
        self.program.release()
