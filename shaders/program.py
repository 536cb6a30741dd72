"""Programs compiled from shader files, with errors that name file and line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from vivant.graph.errors import VivantError
from vivant.shaders.compile_check import compile_fault
from vivant.shaders.source import ShaderSource


def build_program(context: Any, vertex: str, fragment: str, *, folder: Path | None = None) -> Any:
    """Compile and link two shaders.

    Args:
        context: ``moderngl.Context``; the call must come from the thread that owns it.
        vertex: Name of the vertex shader: ``window.vert``.
        fragment: Name of the fragment shader.
        folder: Folder of shaders; None: the one of this package.

    Returns:
        The ``moderngl.Program``.

    Raises:
        VivantError: A file is missing, or they do not compile or link. A program that was built before is not
            touched, so that the caller can go on with it.
    """
    return link_program(context, ShaderSource.read(vertex, folder), ShaderSource.read(fragment, folder))


def link_program(context: Any, vertex: ShaderSource, fragment: ShaderSource) -> Any:
    """Compile and link two shaders that have been read.

    Args:
        context: ``moderngl.Context``; the call must come from the thread that owns it.
        vertex: The vertex shader.
        fragment: The fragment shader.

    Returns:
        The ``moderngl.Program``.

    Raises:
        VivantError: They do not compile or link. A program that was built before is not touched.
    """
    import moderngl

    sources = {"vertex_shader": vertex, "fragment_shader": fragment}
    for stage, source in sources.items():
        log = compile_fault(stage, source.text)
        if log is not None:
            raise _does_not_compile(source, log)
    try:
        return context.program(**{stage: source.text for stage, source in sources.items()})
    except moderngl.Error as error:
        log = str(error)
        # moderngl heads the driver's log with the stage: "fragment_shader\n======"
        heading = re.search(r"^(vertex_shader|fragment_shader)\n=+\n", log, re.MULTILINE)
        if heading is None:
            body = re.sub(r"\A.*?\n=+\n", "", log, flags=re.DOTALL).strip()
            where = f"{vertex.name} with {fragment.name}"
            raise VivantError(f"the shaders do not fit together:\n{body}", where=where) from error
        raise _does_not_compile(sources[heading[1]], log[heading.end() :].strip()) from error


def _does_not_compile(source: ShaderSource, log: str) -> VivantError:
    body = source.locate(log)
    place = re.match(r"\S+?:\d+(?=: )", body)
    return VivantError(f"the shader {source.name} does not compile:\n{body}", where=place[0] if place else source.name)
