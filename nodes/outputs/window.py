"""A window on the screen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from vivant.graph.errors import VivantError
from vivant.graph.node import Lane, Node, NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.graph.params import NodeParams, param
from vivant.graph.port import NoOutputs, trigger
from vivant.nodes.formats.surface import Surface
from vivant.nodes.outputs.overlay import OVERLAY_SHADERS, Overlay

_SHADERS = ("window.vert", "window.frag")


OWN_KEYS = "qfo"


def _free(key: str) -> str:
    if key in OWN_KEYS:
        raise ValueError(f"the window itself uses {key}")
    return key


Key = Annotated[str, Field(pattern=r"^[a-z0-9]$"), AfterValidator(_free)]
Command = Annotated[str, Field(pattern=r"^[^.]+\.[^.]+$")]


class WindowParams(NodeParams):
    """Parameters of `WindowOutput`."""

    title: str = param("", "What stands above the window; empty: the name of the preset.")
    full_screen: bool = param(False, "Cover the screen.")
    overlay: bool = param(False, "Tell over the picture how the run and each of its nodes are doing.")
    keys: dict[Key, Command] = param(
        {}, 'What other keys tell other nodes, such as {"n": "calibration.neutral"}; `vivant nodes` lists commands.'
    )


@dataclass(frozen=True)
class WindowInputs:
    """Inputs of `WindowOutput`."""

    surface: Packet[Surface] = trigger("What to show.")


class WindowOutput(
    Node[WindowParams, WindowInputs, NoOutputs], type="output.window", lane=Lane.RENDER, shows=True, exclusive=True
):
    """Shows the drawn frames in a window: Esc or q closes it, f covers the screen, o tells how the run is doing.

    The frame keeps its proportions; what is left of the window is black.
    """

    _glfw: Any = None
    _last: Surface | None = None

    def open(self, context: NodeContext) -> None:
        """Take the run's window.

        Raises:
            VivantError: The run has no window.
        """
        if context.window is None:
            raise VivantError(
                "this run has no window to show anything in",
                remedy="run it where there is a display, or give --headless",
            )
        import glfw

        from vivant.shaders.program import build_program

        self._gl, self._window = context.gl, context.window
        self._program = build_program(context.gl, *_SHADERS)
        self._triangle = context.gl.vertex_array(self._program, [])
        # A sampler of its own: how the texture is filtered elsewhere stays as it is.
        self._sampler = context.gl.sampler(
            repeat_x=False, repeat_y=False, filter=(context.gl.LINEAR, context.gl.LINEAR)
        )
        self._overlay = Overlay(context.gl, context.status, context.now_ns)
        self._told = self.params.overlay
        self._send = context.send
        self._last = None
        self._place = (0, 0, 0, 0)
        self._glfw = glfw
        glfw.set_key_callback(self._window, self._on_key)
        glfw.set_char_callback(self._window, self._on_character)
        glfw.set_window_refresh_callback(self._window, self._on_refresh)
        self.update(self.params)

    def process(self, inputs: WindowInputs) -> None:
        """Show a frame; waits for the display where the window was made so."""
        if self._glfw is None:
            raise RuntimeError("process() before open()")
        self._last = inputs.surface.value
        self._show(self._last)

    def update(self, params: WindowParams) -> None:
        """Take over title, full screen and overlay."""
        if params.overlay != self.params.overlay:
            self._told = params.overlay
        super().update(params)
        if params.title:
            self._glfw.set_window_title(self._window, params.title)
        if params.full_screen != self._covers_screen():
            self._toggle_full_screen()

    def files(self) -> frozenset[Path]:
        """Return the files of the shaders."""
        from vivant.shaders.source import shader_files

        return shader_files(*_SHADERS, *OVERLAY_SHADERS)

    def reload(self, changed: frozenset[Path]) -> None:
        """Compile the shaders again.

        Raises:
            VivantError: One does not compile; says file and line. The last good ones stay in use.
        """
        from vivant.shaders.program import build_program

        self._overlay.compile()
        program = build_program(self._gl, *_SHADERS)
        triangle = self._gl.vertex_array(program, [])
        self._triangle.release()
        self._program.release()
        self._program, self._triangle = program, triangle

    def close(self, outcome: Outcome) -> None:
        """Leave the window to the run that made it."""
        if self._glfw is None:
            return
        for forget in (
            self._glfw.set_key_callback,
            self._glfw.set_char_callback,
            self._glfw.set_window_refresh_callback,
        ):
            # None would crash in the next event: the wrapper makes a callback that calls the number 0 (2.11)
            forget(self._window, _ignore)
        for item in (self._overlay, self._triangle, self._program, self._sampler):
            item.release()
        self._glfw = self._last = None

    def _show(self, surface: Surface) -> None:
        width, height = self._glfw.get_framebuffer_size(self._window)
        if width == 0 or height == 0:
            return  # iconified
        gl = self._gl
        gl.screen.use()
        gl.enable_only(gl.NOTHING)
        gl.viewport = (0, 0, width, height)
        gl.clear(0.0, 0.0, 0.0, 1.0)
        gl.viewport = fitted(surface.size, (width, height))
        surface.texture.use(0)
        self._sampler.use(0)
        if "frame" in self._program:  # a driver drops uniforms that it finds unused
            self._program["frame"].value = 0
        self._triangle.render(gl.TRIANGLES, vertices=3)
        # A sampler left here would override the filters of whatever texture is used next at this place.
        self._sampler.clear(0)
        if self._told:
            self._overlay.draw((width, height), self._glfw.get_window_content_scale(self._window)[0])
        self._glfw.swap_buffers(self._window)

    def _on_key(self, window: Any, key: int, scancode: int, action: int, modifiers: int) -> None:
        if key == self._glfw.KEY_ESCAPE and action == self._glfw.PRESS:
            self._glfw.set_window_should_close(window, True)

    def _on_character(self, window: Any, code: int) -> None:
        # Letters come as characters, so that q is where the user's keyboard has it.
        letter = chr(code).lower()
        if letter == "q":
            self._glfw.set_window_should_close(window, True)
        elif letter == "f":
            self._toggle_full_screen()
        elif letter == "o":
            self._told = not self._told
        elif letter in self.params.keys:
            self._send(self.params.keys[letter])

    def _on_refresh(self, window: Any) -> None:
        import moderngl

        # The system wants the window drawn again, maybe long before the next frame. Whoever drew the last one
        # may have let go of it since.
        if self._last is not None and not isinstance(self._last.texture.mglo, moderngl.InvalidObject):
            self._show(self._last)

    def _covers_screen(self) -> bool:
        return bool(self._glfw.get_window_monitor(self._window))

    def _toggle_full_screen(self) -> None:
        glfw, window = self._glfw, self._window
        if self._covers_screen():
            x, y, width, height = self._place
            glfw.set_window_monitor(window, None, x, y, width, height, glfw.DONT_CARE)
            return
        self._place = (*glfw.get_window_pos(window), *glfw.get_window_size(window))
        monitors = glfw.get_monitors()
        if not monitors:
            return
        screens = [(*glfw.get_monitor_pos(m), *glfw.get_video_mode(m).size) for m in monitors]
        index = max(range(len(monitors)), key=lambda i: overlap(self._place, screens[i]))
        mode = glfw.get_video_mode(monitors[index])
        glfw.set_window_monitor(window, monitors[index], 0, 0, mode.size.width, mode.size.height, mode.refresh_rate)


def _ignore(*event: object) -> None:
    pass


def fitted(size: tuple[int, int], room: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return x, y, width, height of the largest rectangle shaped as `size` is, in the middle of `room`."""
    scale = min(room[0] / size[0], room[1] / size[1])
    width, height = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
    return (room[0] - width) // 2, (room[1] - height) // 2, width, height


def overlap(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> int:
    """Return the area that two rectangles (x, y, width, height) have in common."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return max(0, width) * max(0, height)
