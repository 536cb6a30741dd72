from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vivant.graph.errors import VivantError
from vivant.shaders.program import build_program

VERTEX = "#version 410 core\nvoid main() { gl_Position = vec4(1.0); }\n"
FRAGMENT = '#version 410 core\n#include "lib/tint.glsl"\nout vec4 c;\nvoid main() { c = tint(); }\n'
TINT = "vec4 tint() {\n    return vec4(0.5);\n}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lib").mkdir()
    (tmp_path / "a.vert").write_text(VERTEX)
    (tmp_path / "a.frag").write_text(FRAGMENT)
    (tmp_path / "lib" / "tint.glsl").write_text(TINT)
    return tmp_path


def test_shaders_with_an_include_compile(gl: Any, folder: Path) -> None:
    program = build_program(gl, "a.vert", "a.frag", folder=folder)
    program.release()


def test_a_fault_in_an_include_is_found_there(gl: Any, folder: Path) -> None:
    (folder / "lib" / "tint.glsl").write_text(TINT.replace("vec4(0.5)", "vec3(0.5)"))
    with pytest.raises(VivantError, match=r"a\.frag does not compile") as caught:
        build_program(gl, "a.vert", "a.frag", folder=folder)
    assert caught.value.where.startswith("lib/tint.glsl:2")


def test_a_fault_in_the_vertex_shader_is_found_there(gl: Any, folder: Path) -> None:
    (folder / "a.vert").write_text(VERTEX.replace("vec4(1.0)", "nothing"))
    with pytest.raises(VivantError, match=r"a\.vert does not compile") as caught:
        build_program(gl, "a.vert", "a.frag", folder=folder)
    assert caught.value.where.startswith("a.vert:2")


def test_shaders_that_do_not_fit_together_are_both_named(gl: Any, folder: Path) -> None:
    (folder / "a.vert").write_text(
        "#version 410 core\nout vec2 t;\nvoid main() { t = vec2(1); gl_Position = vec4(t, t); }\n"
    )
    (folder / "a.frag").write_text("#version 410 core\nin vec3 t;\nout vec4 c;\nvoid main() { c = vec4(t, 1); }\n")
    with pytest.raises(VivantError, match="do not fit together") as caught:
        build_program(gl, "a.vert", "a.frag", folder=folder)
    assert caught.value.where == "a.vert with a.frag"
