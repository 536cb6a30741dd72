"""Draws a puppet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vivant.graph.node import Lane, Node
from vivant.graph.packet import Packet
from vivant.graph.params import Cost, NodeParams, param
from vivant.graph.port import latest, output, trigger
from vivant.nodes.formats.picture import Picture
from vivant.nodes.formats.puppet import Puppet, SkinnedMesh
from vivant.nodes.formats.surface import Surface
from vivant.nodes.render.own_shaders import OwnShaders


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


class RenderPuppet(OwnShaders, Node[RenderParams, RenderInputs, RenderOutputs], type="render.puppet", lane=Lane.RENDER):
    """Draws a puppet with OpenGL 4.1, on the GPU or in software."""

    @staticmethod
    def shaders_type() -> Any:
        """Return the class of the shaders."""
        from vivant.nodes.render.puppet_shaders import PuppetShaders

        return PuppetShaders

    def expect(self, known: Mapping[str, Packet[Any]]) -> None:
        """Take the puppet to the GPU and draw it once, at rest: until then a driver puts off what takes it long."""
        if "puppet" not in known:
            return
        puppet: Puppet = known["puppet"].value
        self._load(puppet)
        still = np.zeros((len(puppet.plane), 1), np.float32)
        self._renderer.draw(np.concatenate([puppet.plane, puppet.ray, still], axis=1))
        self.drawn()

    def process(self, inputs: RenderInputs) -> RenderOutputs | None:
        """Draw one frame."""
        puppet = inputs.puppet.value
        if len(inputs.mesh.value.vertices) != len(puppet.plane):
            return None  # the mesh of the puppet before
        self._load(puppet)
        self._renderer.draw(inputs.mesh.value.vertices, inputs.mesh.value.shown)
        return RenderOutputs(*self.drawn())

    def _load(self, puppet: Puppet) -> None:
        if puppet is self._loaded:
            return
        from vivant.nodes.render.puppet_renderer import PuppetRenderer, is_software
        from vivant.nodes.render.readback import Readback

        size = self._size_of(puppet.size, self.params.height)
        if self._renderer is None or self._renderer.size != size:
            self._release()
            samples = self.params.samples
            if samples < 0:
                samples = 1 if is_software(self._gl) else 4
            self._renderer = PuppetRenderer(self._gl, size, samples, self._shaders)
            self._readback = Readback(size)
        self._renderer.load(puppet)
        self._loaded = puppet
