"""Reload with OpenGL: shaders from files, no frame without a picture, nothing left behind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph, Link, NodeSpec
from vivant.graph.node import Lane, Node, NodeContext, Outcome
from vivant.graph.packet import Packet, Tick
from vivant.graph.params import Cost, NodeParams, param
from vivant.graph.port import NoOutputs, output, tick, trigger
from vivant.runtime.clock import VirtualClock
from vivant.runtime.edits import Edit
from vivant.runtime.gl_context import GLContext
from vivant.runtime.live import LiveEngine
from vivant.runtime.services import Services
from vivant.shaders.program import build_program
from vivant.shaders.source import shader_files

BuildGraph = Callable[..., Graph]
MS = 1_000_000
VERTEX = """#version 410 core
void main() { gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0); }
"""
FRAGMENT = """#version 410 core
#include "tint.glsl"
uniform float green;
out vec4 colour;
void main() { colour = vec4(tint(), green, 1.0, 1.0); }
"""


class PaintParams(NodeParams):
    folder: str = param("", cost=Cost.REOPEN)
    green: int = param(0, ge=0, le=255)
    size: int = param(4, cost=Cost.REOPEN)


@dataclass(frozen=True)
class PaintInputs:
    tick: Packet[Tick] = tick()


@dataclass(frozen=True)
class CopyInputs:
    texture: Packet[object] = trigger("What to copy.")


@dataclass(frozen=True)
class Painted:
    texture: object = output("A texture.")


class Paint(Node[PaintParams, PaintInputs, Painted], type="reload_gl.paint", lane=Lane.RENDER):
    """Fills a texture with one colour."""

    def open(self, context: NodeContext) -> None:
        self._gl = context.gl
        self._folder = Path(self.params.folder)
        self._program = build_program(self._gl, "a.vert", "a.frag", folder=self._folder)
        self._mesh = self._gl.vertex_array(self._program, [])
        self._texture = self._gl.texture((self.params.size, self.params.size), 4)
        self._target = self._gl.framebuffer([self._texture])

    def files(self) -> frozenset[Path]:
        return shader_files("a.vert", "a.frag", folder=self._folder)

    def reload(self, changed: frozenset[Path]) -> None:
        program = build_program(self._gl, "a.vert", "a.frag", folder=self._folder)
        self._mesh.release()
        self._program.release()
        self._program, self._mesh = program, self._gl.vertex_array(program, [])

    def process(self, inputs: PaintInputs) -> Painted:
        self._target.use()
        self._target.clear()
        if "green" in self._program:
            self._program["green"].value = self.params.green / 255
        self._mesh.render(self._gl.TRIANGLES, vertices=3)
        return Painted(self._texture)

    def close(self, outcome: Outcome) -> None:
        for item in (self._mesh, self._program, self._target, self._texture):
            item.release()


class Copy(Node[PaintParams, CopyInputs, Painted], type="reload_gl.copy", lane=Lane.RENDER):
    """Copies a texture."""

    def open(self, context: NodeContext) -> None:
        self._gl = context.gl
        self._texture = self._gl.texture((4, 4), 4)

    def process(self, inputs: CopyInputs) -> Painted:
        given: Any = inputs.texture.value
        self._texture.write(given.read()[:64])
        return Painted(self._texture)

    def close(self, outcome: Outcome) -> None:
        self._texture.release()


class LookParams(NodeParams):
    seen: Any = param(None, cost=Cost.REOPEN)


class Look(Node[LookParams, CopyInputs, NoOutputs], type="reload_gl.look", lane=Lane.RENDER):
    """Notes the colour of each frame."""

    def process(self, inputs: CopyInputs) -> None:
        texture: Any = inputs.texture.value
        pixels = np.frombuffer(texture.read(), np.uint8).reshape(-1, 4)
        assert (pixels == pixels[0]).all()
        self.params.seen.append(tuple(int(v) for v in pixels[0]))


class Script:
    """At each look the next thing is done; it says what changed."""

    def __init__(self, *steps: Callable[[], Edit | None]) -> None:
        self._steps = list(steps)
        self.at_end: Callable[[], None] = lambda: None

    def look(self, files: frozenset[Path]) -> Edit | None:
        if self._steps:
            return self._steps.pop(0)()
        self.at_end()
        return None


class Told:
    def __init__(self) -> None:
        self.faults: list[VivantError] = []
        self.applied_count = 0

    def applied(self, summary: str) -> None:
        self.applied_count += 1

    def refused(self, fault: VivantError) -> None:
        self.faults.append(fault)


@pytest.fixture
def shaders(tmp_path: Path) -> Path:
    folder = tmp_path / "shaders"
    folder.mkdir()
    (folder / "a.vert").write_text(VERTEX)
    (folder / "a.frag").write_text(FRAGMENT)
    (folder / "tint.glsl").write_text("float tint() { return 0.0; }\n")
    return folder


@pytest.fixture
def live_gl() -> Iterator[GLContext]:
    try:
        gl = GLContext.headless()
    except VivantError as error:
        pytest.skip(f"no OpenGL here: {error.what}")
    try:
        yield gl
        assert gl.context.error == "GL_NO_ERROR"
    finally:
        gl.release()


def painting(build_graph: BuildGraph, shaders: Path, seen: list[tuple[int, ...]]) -> Graph:
    return build_graph(
        paint=(Paint, {"folder": str(shaders)}, {}),
        look=(Look, {"seen": seen}, {"texture": "paint.texture"}),
    )


def with_params(graph: Graph, **params: object) -> Edit:
    nodes = tuple(replace(s, params=s.params.model_copy(update=params)) if s.id == "paint" else s for s in graph.nodes)
    return Edit(graph=replace(graph, nodes=nodes))


def with_copy(graph: Graph) -> Edit:
    paint, look = graph.nodes
    copy = NodeSpec("copy", Copy, PaintParams(), MappingProxyType({"texture": Link("paint", "texture")}))
    return Edit(graph=replace(graph, nodes=(paint, copy, replace(look, links={"texture": Link("copy", "texture")}))))


def test_a_shader_that_is_saved_draws_the_next_frames_and_a_bad_one_leaves_the_last_good_one(
    build_graph: BuildGraph, services: Services, shaders: Path, live_gl: GLContext
) -> None:
    def write(name: str, text: str) -> Callable[[], Edit]:
        def step() -> Edit:
            (shaders / name).write_text(text)
            return Edit(files=frozenset({shaders / name}))

        return step

    seen: list[tuple[int, ...]] = []
    script = Script(
        lambda: None,
        write("tint.glsl", "float tint() { return 1.0; }\n"),
        write("tint.glsl", "float tint() {\n  return vec2(1.0);\n}\n"),
        write("a.frag", FRAGMENT.replace("vec4(tint()", '\n#include "more.glsl"\nvec4(0.5')),
        write("more.glsl", "\n"),
        write("tint.glsl", "float tint() { return 0.25; }\n"),
    )
    told = Told()
    LiveEngine(
        painting(build_graph, shaders, seen), replace(services, gl=live_gl), clock=VirtualClock(), duration_s=1,
        edits=script, reload_listener=told,
    ).run(threading.Event())  # fmt: skip
    assert list(dict.fromkeys(seen)) == [(0, 0, 255, 255), (255, 0, 255, 255), (128, 0, 255, 255)]
    # bad: tint.glsl; a.frag beside it includes what is not there; more.glsl comes, but tint.glsl is still bad
    assert [fault.where for fault in told.faults] == ["tint.glsl:2", "a.frag:6", "tint.glsl:2"]
    assert told.applied_count == 2
    assert len(seen) == 61


@pytest.mark.parametrize("rounds", [40])
def test_reloads_leave_nothing_behind_and_no_frame_out(
    build_graph: BuildGraph,
    services: Services,
    shaders: Path,
    live_gl: GLContext,
    gl_names: Callable[[], dict[str, int]],
    rounds: int,
) -> None:
    seen: list[tuple[int, ...]] = []
    graph = painting(build_graph, shaders, seen)
    counts: list[dict[str, int]] = []
    tint = shaders / "tint.glsl"

    def shader(text: str) -> Callable[[], Edit]:
        def step() -> Edit:
            tint.write_text(text)
            return Edit(files=frozenset({tint}))

        return step

    one_round: list[Callable[[], Edit | None]] = [
        lambda: with_params(graph, green=200),
        shader("float tint() { return 1.0; }\n"),
        shader("float tint() { return 1.0 }\n"),
        lambda: with_params(graph, size=8),  # the shader is no good now: refused
        shader("float tint() { return 0.0; }\n"),
        lambda: with_params(graph, size=8),
        lambda: with_copy(graph),
        lambda: Edit(graph=graph),
        lambda: Edit(fault=VivantError("no JSON")),
        lambda: None,
    ]
    script = Script(*one_round * rounds)
    stop = threading.Event()
    script.at_end = stop.set
    polled = 0

    class Watched(GLContext):
        def poll(self) -> None:
            nonlocal polled
            super().poll()
            polled += 1
            if polled in (120, 240):
                counts.append(gl_names())

    live_gl.__class__ = Watched
    told = Told()
    result = LiveEngine(
        graph, replace(services, gl=live_gl), clock=VirtualClock(), edits=script, reload_listener=told
    ).run(stop)
    counts.append(gl_names())
    assert len(told.faults) == 3 * rounds
    assert all(blue == 255 for _, _, blue, _ in seen)
    assert len(seen) == result.frames == polled - 1
    assert {colour[0] for colour in seen} == {0, 255}
    assert {colour[1] for colour in seen} == {0, 200}
    assert counts[0]["Texture"] > 0
    assert counts[0] == counts[1]
    assert counts[2]["Texture"] == counts[2]["Framebuffer"] == counts[2]["VertexArray"] == 0
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("vivant")]
