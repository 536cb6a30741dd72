"""Run by test_window.py in a process of its own, with a display: prints what a window showed, as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import glfw
import numpy as np
import numpy.typing as npt

from vivant.graph.node import NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.nodes.formats.surface import Surface
from vivant.nodes.outputs.window import WindowInputs, WindowOutput, WindowParams
from vivant.runtime.gl_context import GLContext
from vivant.shaders.program import build_program

U8 = npt.NDArray[np.uint8]


class Eye:
    """Sees each frame before it is swapped to the screen, where reading is no longer defined."""

    def __init__(self, gl: Any) -> None:
        self.frames: list[U8] = []
        self.errors: list[str] = []
        self._gl = gl
        self._swap = glfw.swap_buffers
        glfw.swap_buffers = self.look

    def look(self, window: Any) -> None:
        self.errors.append(self._gl.error)
        width, height = glfw.get_framebuffer_size(window)
        data = self._gl.screen.read(viewport=(0, 0, width, height), components=3, alignment=1)
        # moderngl reads "attachment 0" of the window, which has none by that name: Mesa says so, and reads
        assert self._gl.error in ("GL_NO_ERROR", "GL_INVALID_OPERATION")
        self.frames.append(np.frombuffer(data, np.uint8).reshape(height, width, 3))
        self._swap(window)


def main() -> None:
    gl = GLContext.windowed("before", (300, 200), vsync=False)
    window: Any = gl.window
    sent: list[str] = []
    context = NodeContext(
        now_ns=lambda: 0,
        base_dir=Path(),
        fetch=lambda name: Path(name),
        notice=lambda line: None,
        connected=frozenset(),
        offline=False,
        gl=gl.context,
        window=window,
        status=lambda: ("60 fps", "face: running"),
        send=sent.append,
    )
    node = WindowOutput(WindowParams(title="a title", keys={"c": "calibration.neutral"}))
    node.open(context)
    eye = Eye(gl.context)
    seen: dict[str, Any] = {"title": glfw.get_window_title(window)}

    picture = np.random.default_rng(0).integers(0, 256, (200, 200, 4), np.uint8)
    surface = shown(gl, picture)
    node.process(WindowInputs(Packet(surface, 0, 0)))
    frame = eye.frames[-1]
    seen["exact at full size"] = bool((frame[:, 50:250] == picture[..., :3]).all())
    seen["black beside"] = int(max(frame[:, :50].max(), frame[:, 250:].max()))

    stripes = np.zeros((800, 1200, 4), np.uint8)
    # In a window of a quarter of the size the middle of every pixel falls on black
    stripes[:, 0::4] = stripes[:, 3::4] = 255
    node.process(WindowInputs(Packet(shown(gl, stripes), 0, 1)))
    seen["reduced"] = [int(eye.frames[-1].min()), int(eye.frames[-1].max())]

    wide = np.zeros((10, 30, 4), np.uint8)
    wide[5:] = (255, 0, 0, 255)  # OpenGL's row 0 is at the bottom: red is above
    node.process(WindowInputs(Packet(shown(gl, wide), 0, 2)))
    frame = eye.frames[-1]
    seen["rows"] = [frame[y, 150].tolist() for y in (20, 80, 120, 180)]

    plain = eye.frames[-1]
    on_letter: Any = glfw.set_char_callback(window, ignore)
    on_letter(window, ord("o"))
    node.process(WindowInputs(Packet(shown(gl, wide), 0, 2)))
    changed = np.argwhere((eye.frames[-1] != plain).any(axis=2))
    # read as OpenGL has it: the upper rows come last
    seen["overlay"] = [changed.size > 0, int(changed[:, 0].min()) > 100, int(changed[:, 1].max()) < 200]
    seen["letters are white"] = int(eye.frames[-1][150:, :50].min(axis=2).max())
    on_letter(window, ord("o"))
    node.process(WindowInputs(Packet(shown(gl, wide), 0, 2)))
    seen["without it again"] = bool((eye.frames[-1] == plain).all())
    glfw.set_char_callback(window, on_letter)

    count = len(eye.frames)
    seen["how others filter is left as it was"] = colours_of_two_texels(gl.context)

    refresh: Any = glfw.set_window_refresh_callback(window, ignore)
    refresh(window)
    seen["drawn again when the system asks"] = len(eye.frames) - count

    on_key: Any = glfw.set_key_callback(window, ignore)
    on_character: Any = glfw.set_char_callback(window, ignore)
    on_character(window, ord("f"))
    gl.poll()
    screen = glfw.get_video_mode(glfw.get_primary_monitor()).size
    seen["f covers the screen"] = list(glfw.get_window_size(window)) == [screen.width, screen.height]
    on_character(window, ord("F"))
    gl.poll()
    seen["f again"] = list(glfw.get_window_size(window))
    for letter in "cCnc":
        on_character(window, ord(letter))
    node.update(WindowParams(title="another", full_screen=True, keys={"n": "other.thing"}))
    for letter in "cn":
        on_character(window, ord(letter))
    seen["keys sent"] = sent
    seen["updated"] = [glfw.get_window_title(window), bool(glfw.get_window_monitor(window))]
    node.update(WindowParams(title="another"))
    seen["window again"] = not glfw.get_window_monitor(window)

    on_character(window, ord("x"))
    seen["x closes"] = gl.should_close()
    glfw.set_window_should_close(window, False)
    on_character(window, ord("q"))
    seen["q closes"] = gl.should_close()
    glfw.set_window_should_close(window, False)
    on_key(window, glfw.KEY_ESCAPE, 0, glfw.PRESS, 0)
    seen["Esc closes"] = gl.should_close()

    surface.texture.release()
    node.process(WindowInputs(Packet(surface_of(gl), 0, 3)))
    node._last = surface  # what was shown last is gone
    count = len(eye.frames)
    refresh(window)
    seen["drawn after its texture is gone"] = len(eye.frames) - count

    count = len(eye.frames)
    node.close(Outcome.DONE)
    register: Any
    for register in (glfw.set_window_refresh_callback, glfw.set_key_callback, glfw.set_char_callback):
        left = register(window, ignore)
        left(window, glfw.KEY_ESCAPE, 0, glfw.PRESS, 0)
    seen["drawn after close"] = len(eye.frames) - count
    seen["errors"] = sorted({*eye.errors, gl.context.error})
    gl.release()
    json.dump(seen, sys.stdout)


def shown(gl: GLContext, pixels: U8) -> Surface:
    """Put pixels, row 0 at the bottom, on the GPU."""
    height, width = pixels.shape[:2]
    return Surface(gl.context.texture((width, height), 4, np.ascontiguousarray(pixels).tobytes()), (width, height))


def colours_of_two_texels(gl: Any) -> int:
    """Enlarge a black and a white texel by a texture that says NEAREST, and count the colours that come out."""
    texture = gl.texture((2, 1), 4, bytes([0, 0, 0, 255, 255, 255, 255, 255]))
    texture.filter = (gl.NEAREST, gl.NEAREST)
    frame = gl.framebuffer([gl.texture((64, 1), 4)])
    frame.use()
    gl.viewport = (0, 0, 64, 1)
    texture.use(0)
    program = build_program(gl, "window.vert", "window.frag")
    program["frame"].value = 0
    gl.vertex_array(program, []).render(gl.TRIANGLES, vertices=3)
    return len(set(frame.read(components=1)))


def ignore(*event: object) -> None:
    pass


def surface_of(gl: GLContext) -> Surface:
    return shown(gl, np.zeros((4, 4, 4), np.uint8))


if __name__ == "__main__":
    main()
