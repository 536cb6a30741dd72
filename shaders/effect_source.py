"""A user's fragment shader made into one that OpenGL takes, line for line."""

from __future__ import annotations

import re
from pathlib import Path

from vivant.graph.errors import VivantError
from vivant.shaders.source import ShaderSource, shader_files

_INPUTS, _MAIN = "lib/effect_inputs.glsl", "lib/effect_main.glsl"
_VERSION = "#version 410 core"

_COMMENT = re.compile(r"//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_UNIFORM = re.compile(r"\buniform\s+(?:(?:lowp|mediump|highp)\s+)?(\w+)\s+([^;]+);")
_OWN_OUTPUT = re.compile(r"(?:^|;|\}|\))\s*out\s+(?:(?:lowp|mediump|highp)\s+)?vec4\s+\w+\s*;", re.MULTILINE)


def effect_source(path: Path) -> ShaderSource:
    """Read an effect and add what it needs to be a whole shader.

    Three forms are taken: ``void mainImage(out vec4 fragColor, in vec2 fragCoord)`` as on shadertoy.com; a plain
    ``void main()`` that writes ``fragColor``, or an output of its own; and a whole shader with a line ``#version``,
    which stays as it is. The first two are given ``lib/effect_inputs.glsl``, without what the file declares itself.

    Args:
        path: The file. What it includes lies beside it.

    Raises:
        VivantError: A file cannot be read, or it is none of the three.
    """
    own = ShaderSource.read(path.name, path.parent)
    code = _COMMENT.sub(" ", own.text)
    if re.search(r"^\s*#\s*version\b", code, re.MULTILINE):
        return own
    ends_in_image = re.search(r"\bvoid\s+mainImage\s*\(", code) is not None
    if not ends_in_image and re.search(r"\bvoid\s+main\s*\(", code) is None:
        raise VivantError(
            f"the effect {path.name} has no function to draw with",
            where=path.name,
            remedy="write void mainImage(out vec4 fragColor, in vec2 fragCoord), or void main()",
        )
    declared = _declared(code)
    lines = [(_VERSION, (_INPUTS, 1))]
    for line, place in _lines(ShaderSource.read(_INPUTS)):
        if not declared.keys() & _declared(_COMMENT.sub(" ", line)).keys():
            lines.append((line, place))
    if not ends_in_image and not _OWN_OUTPUT.search(code):
        lines.append(("out vec4 fragColor;", (_INPUTS, 1)))
    lines += _lines(own)
    if ends_in_image:
        lines += _lines(ShaderSource.read(_MAIN))
    return ShaderSource(path.name, "".join(f"{line}\n" for line, _ in lines), tuple(place for _, place in lines))


def effect_files(path: Path) -> frozenset[Path]:
    """Return the files that an effect is made of: its own, what it includes, and what it is given."""
    return shader_files(path.name, folder=path.parent) | shader_files(_INPUTS, _MAIN)


def effect_floats(source: ShaderSource) -> frozenset[str]:
    """Return the names of the single floats that an effect declares as uniforms, used or not."""
    declared = _declared(_COMMENT.sub(" ", source.text))
    return frozenset(name for name, kind in declared.items() if kind == "float") - {"iTime", "iTimeDelta"}


def _lines(source: ShaderSource) -> list[tuple[str, tuple[str, int]]]:
    return list(zip(source.text.splitlines(), source.places, strict=True))


def _declared(code: str) -> dict[str, str]:
    """Return the type of every uniform that a text without comments declares; arrays have the type ``TYPE[]``."""
    found = {}
    for kind, names in _UNIFORM.findall(code):
        for part in _top_level(names):
            name = re.match(r"\s*(\w+)\s*(\[)?", part)
            if name is not None:
                found[name[1]] = f"{kind}[]" if name[2] else kind
    return found


def _top_level(names: str) -> list[str]:
    """Split at commas that stand in no brackets: ``a = max(1.0, 2.0), b``."""
    parts, depth = [""], 0
    for sign in names:
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return parts
