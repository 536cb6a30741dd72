"""Draws a frame through a shader of the user's own."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from vivant.graph.errors import VivantError
from vivant.graph.node import Lane, Node, NodeContext, Outcome
from vivant.graph.packet import Packet, Tick
from vivant.graph.params import Cost, NodeParams, param
from vivant.graph.port import latest, output, tick
from vivant.nodes.formats.picture import Picture
from vivant.nodes.formats.surface import Surface

SHIPPED = "effect:"
"""What a path begins with that names an effect that comes with Vivant."""
_GIVEN = ("iResolution", "iChannelResolution", "iTime", "iTimeDelta", "iFrame", "iMouse", "iChannel0")


def _own_name(name: str) -> str:
    if name in _GIVEN or name.startswith("gl_"):
        raise ValueError(f"{name} is given by Vivant itself: name a uniform of your own")
    return name


Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$"), AfterValidator(_own_name)]


class EffectParams(NodeParams):
    """Parameters of `RenderEffect`."""

    path: str = param(
        "",
        "The fragment shader: a file, or effect:NAME of one that comes with Vivant (film, scanlines, vignette).",
        cost=Cost.RECOMPILE,
    )
    values: dict[Name, float] = param(
        {}, 'Values of its uniforms of type float, by name: {"strength": 0.4}.', max_length=32
    )
    loop_s: float = param(
        3600.0,
        "After how many seconds iTime begins again at 0: the numbers of a shader grow coarse in long runs.",
        ge=0.1,
        le=36000,
    )


@dataclass(frozen=True)
class EffectInputs:
    """What it is drawn through."""

    tick: Packet[Tick] = tick()
    surface: Packet[Surface] = latest("The drawn frame; the shader reads it as iChannel0.")


@dataclass(frozen=True)
class EffectOutputs:
    """The drawn frame, on the GPU and on the CPU."""

    surface: Surface = output("The frame on the GPU, valid until the next.")
    frame: Picture | None = output("The frame on the CPU, read back where something is wired to it.", sometimes=True)


class RenderEffect(Node[EffectParams, EffectInputs, EffectOutputs], type="render.effect", lane=Lane.RENDER):
    """Draws a frame through your own fragment shader, written as on shadertoy.com; a saved one is taken over at once.

    Several in a row are fine. Time is that of the run: into a file the same at every run.
    """

    _shader: Any = None
    _renderer: Any = None
    _readback: Any = None

    def open(self, context: NodeContext) -> None:
        """Compile the shader.

        Raises:
            VivantError: There is no such file, or it does not compile; says file and line.
        """
        self._context = context
        self._gl = context.gl
        self._reads = "frame" in context.connected
        self._began_ns: int | None = None
        self._frames = 0
        self._file, self._shader = self._compiled(self.params.path)
        self._set_values(self.params)

    def process(self, inputs: EffectInputs) -> EffectOutputs:
        """Draw one frame."""
        from vivant.nodes.render.effect_renderer import EffectMoment

        surface, now = inputs.surface.value, inputs.tick.value
        self._prepare(surface.size)
        if self._began_ns is None:
            self._began_ns = now.now_ns
        # the remainder first: after weeks a float of seconds is coarse
        time_ns = (now.now_ns - self._began_ns) % round(self.params.loop_s * 1e9)
        delta_ns = now.dt_ns if self._frames else 0
        moment = EffectMoment(time_ns / 1e9, delta_ns / 1e9, self._frames)
        self._renderer.draw(self._shader, surface.texture, moment)
        self._frames = (self._frames + 1) & 0x7FFFFFFF
        if not (self._context.window is not None or self._reads):
            self._gl.finish()  # nobody else waits for the drawing: it would pile up in the driver's queue
        picture = self._readback.read(self._renderer.framebuffer) if self._reads else None
        return EffectOutputs(Surface(self._renderer.texture, self._renderer.size), picture)

    def update(self, params: EffectParams) -> None:
        """Take over another shader, other values.

        Raises:
            VivantError: The shader is no good; says file and line. The one before stays in use.
        """
        if params.path != self.params.path:
            file, shader = self._compiled(params.path)
            self._shader.release()
            self._file, self._shader = file, shader
        super().update(params)
        self._set_values(params)

    def files(self) -> frozenset[Path]:
        """Return the files of the shader: the user's own, what it includes, and what it is given."""
        from vivant.nodes.render.effect_shader import VERTEX
        from vivant.shaders.effect_source import effect_files
        from vivant.shaders.source import shader_files

        return effect_files(self._file) | shader_files(VERTEX)

    def reload(self, changed: frozenset[Path]) -> None:
        """Compile the shader again and draw with it.

        Raises:
            VivantError: It does not compile; says file and line. The last good one stays in use.
        """
        file, fresh = self._compiled(self.params.path)
        self._shader.release()
        self._file, self._shader = file, fresh
        self._set_values(self.params)

    def reconnect(self, connected: frozenset[str]) -> None:
        """Read the frame back as long as something is wired to it."""
        self._reads = "frame" in connected

    def close(self, outcome: Outcome) -> None:
        """Give everything back to OpenGL."""
        self._release()
        if self._shader is not None:
            self._shader.release()
            self._shader = None

    def _compiled(self, path: str) -> tuple[Path, Any]:
        from vivant.nodes.render.effect_shader import EffectShader

        file = effect_file(self._context, path)
        return file, EffectShader(self._gl, file)

    def _set_values(self, params: EffectParams) -> None:
        """Set the user's uniforms. A name too many is no error: shader and preset are saved one after the other."""
        shader = self._shader
        for name in sorted(shader.set_values(params.values)):
            near = difflib.get_close_matches(name, shader.floats, n=1)
            there = ", ".join(sorted(shader.floats)) or "none"
            hint = f"did you mean {near[0]}?" if near else f"there are: {there}"
            self._context.notice(f"{self._file.name} has no uniform float '{name}': {hint}")

    def _prepare(self, size: tuple[int, int]) -> None:
        if self._renderer is not None and self._renderer.size == size:
            return
        from vivant.nodes.render.effect_renderer import EffectRenderer
        from vivant.nodes.render.readback import Readback

        self._release()
        self._renderer = EffectRenderer(self._gl, size)
        self._readback = Readback(size)

    def _release(self) -> None:
        if self._renderer is not None:
            self._renderer.release()
        self._renderer = self._readback = None


def effect_file(context: NodeContext, path: str) -> Path:
    """Return the file of the shader that parameter `path` names.

    Raises:
        VivantError: Nothing is named, or nothing of that name is there.
    """
    from vivant.nodes.sources.given_file import given_file
    from vivant.shaders.source import shader_folder

    if not path.startswith(SHIPPED):
        return given_file(context, path, "effect")
    folder = shader_folder() / "effects"
    shipped = {file.stem: file for file in sorted(folder.glob("*.frag"))}
    name = path.removeprefix(SHIPPED)
    if name not in shipped:
        near = difflib.get_close_matches(name, shipped, n=1)
        raise VivantError(
            f"no effect '{name}' comes with Vivant",
            where=path,
            remedy=f"did you mean {SHIPPED}{near[0]}?" if near else f"there are: {', '.join(shipped)}",
            exit_status=2,
        )
    return shipped[name]
