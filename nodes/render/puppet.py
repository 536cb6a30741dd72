"""Draws a puppet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vivant.graph.node import Lane, Node, NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.graph.params import Cost, NodeParams, param
from vivant.graph.port import latest, output, trigger
from vivant.nodes.formats.picture import Picture
from vivant.nodes.formats.puppet import Puppet, SkinnedMesh
from vivant.nodes.formats.surface import Surface


class RenderParams(NodeParams):
    """What is drawn."""

    height: int = param(
        0, "Height of what is drawn in pixels; 0: as high as the picture.", ge=0, le=4320, cost=Cost.REOPEN
    )
    samples: int = param(
        -1,
        "Samples per pixel, for smooth edges; -1: 4 on a GPU, 1 where OpenGL draws in software.",
        ge=-1,
        le=16,
        cost=Cost.REOPEN,
    )


@dataclass(frozen=True)
class RenderInputs:
    """What is drawn."""

    mesh: Packet[SkinnedMesh] = trigger("The bent mesh.")
    puppet: Packet[Puppet] = latest("The puppet.")


@dataclass(frozen=True)
class RenderOutputs:
    """The drawn frame, on the GPU and on the CPU."""

    surface: Surface = output("The frame on the GPU, valid until the next.")
    frame: Picture | None = output("The frame on the CPU, read back where something is wired to it.", sometimes=True)


class RenderPuppet(Node[RenderParams, RenderInputs, RenderOutputs], type="render.puppet", lane=Lane.RENDER):
    """Draws a puppet with OpenGL 4.1, on the GPU or in software."""

    _renderer: Any = None
    _readback: Any = None
    _shaders: Any = None

    def open(self, context: NodeContext) -> None:
        """Compile the shaders; buffers are made with the first puppet.

        Raises:
            VivantError: A shader does not compile; says file and line.
        """
        from vivant.nodes.render.puppet_shaders import PuppetShaders

        self._gl = context.gl
        self._shaders = PuppetShaders(context.gl)
        self._reads = "frame" in context.connected
        self._windowed = context.window is not None
        self._loaded: Puppet | None = None

    def process(self, inputs: RenderInputs) -> RenderOutputs | None:
        """Draw one frame."""
        puppet = inputs.puppet.value
        if len(inputs.mesh.value.vertices) != len(puppet.plane):
            return None  # the mesh of the puppet before
        self._load(puppet)
        self._renderer.draw(inputs.mesh.value.vertices, inputs.mesh.value.shown)
        if not (self._windowed or self._reads):
            self._gl.finish()  # nobody else waits for the drawing: it would pile up in the driver's queue
        picture = self._readback.read(self._renderer.framebuffer) if self._reads else None
        return RenderOutputs(Surface(self._renderer.texture, self._renderer.size), picture)

    def files(self) -> frozenset[Path]:
        """Return the files of the shaders."""
        from vivant.nodes.render.puppet_shaders import PuppetShaders

        return PuppetShaders.files()

    def reload(self, changed: frozenset[Path]) -> None:
        """Compile the shaders again and draw with them.

        Raises:
            VivantError: One does not compile; says file and line. The last good ones stay in use.
        """
        from vivant.nodes.render.puppet_shaders import PuppetShaders

        fresh = PuppetShaders(self._gl)
        try:
            if self._renderer is not None:
                self._renderer.use(fresh)
        except Exception:
            fresh.release()
            raise
        self._shaders.release()
        self._shaders = fresh

    def reconnect(self, connected: frozenset[str]) -> None:
        """Read the frame back as long as something is wired to it."""
        self._reads = "frame" in connected

    def close(self, outcome: Outcome) -> None:
        """Give everything back to OpenGL."""
        self._release()
        if self._shaders is not None:
            self._shaders.release()
            self._shaders = None

    def _load(self, puppet: Puppet) -> None:
        if puppet is self._loaded:
            return
        from vivant.nodes.render.puppet_renderer import PuppetRenderer, is_software
        from vivant.nodes.render.readback import Readback

        width, height = puppet.size
        if self.params.height:
            width, height = max(1, round(width * self.params.height / height)), self.params.height
        if self._renderer is None or self._renderer.size != (width, height):
            self._release()
            samples = self.params.samples
            if samples < 0:
                samples = 1 if is_software(self._gl) else 4
            self._renderer = PuppetRenderer(self._gl, (width, height), samples, self._shaders)
            self._readback = Readback((width, height))
        self._renderer.load(puppet)
        self._loaded = puppet

    def _release(self) -> None:
        if self._renderer is not None:
            self._renderer.release()
        self._renderer = self._readback = None
