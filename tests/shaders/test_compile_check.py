from __future__ import annotations

import threading
from typing import Any

from vivant.shaders.compile_check import compile_fault

GOOD = "#version 410 core\nout vec4 c;\nvoid main() { c = vec4(1.0); }\n"


def test_what_compiles_has_no_fault(gl: Any) -> None:
    assert compile_fault("fragment_shader", GOOD) is None


def test_the_compilers_own_words_are_given(gl: Any) -> None:
    fault = compile_fault("fragment_shader", GOOD.replace("vec4(1.0)", "nothing"))
    assert fault is not None
    assert "nothing" in fault
    assert "fragment_shader" not in fault


def test_a_fragment_shader_is_not_taken_for_a_vertex_shader(gl: Any) -> None:
    assert compile_fault("vertex_shader", GOOD.replace("c = vec4(1.0);", "c = gl_FragCoord;")) is not None


def test_a_thread_without_opengl_has_nothing_to_say(gl: Any) -> None:
    answers: list[str | None] = []
    thread = threading.Thread(target=lambda: answers.append(compile_fault("fragment_shader", "no GLSL")))
    thread.start()
    thread.join()
    assert answers == [None]
