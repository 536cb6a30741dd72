"""Softens the lips' edge where a frame has one sample per pixel."""

from __future__ import annotations

from typing import Any

from vivant.nodes.render.opening_bounds import Box
from vivant.nodes.render.puppet_shaders import PuppetShaders


class MouthEdge:
    """Steps of whole pixels between lips and the dark of a mouth are what an eye sees first in a face of 100 pixels.

    More samples would mend it, at several times the cost of drawing in software; this adds a thirtieth (725 x 725,
    measured).

    Args:
        context: ``moderngl.Context``; every call must come from the thread that owns it.
        size: Of the frame, in pixels.
    """

    def __init__(self, context: Any, size: tuple[int, int]) -> None:
        self._context = context
        self._texture = context.texture(size, 4)
        self._scratch = context.framebuffer([self._texture])
        self._meshes: list[Any] = []

    def use(self, shaders: PuppetShaders) -> None:
        """Draw with these shaders from now on.

        Raises:
            Exception: Whatever moderngl raises where they do not fit. Those of before stay in use.
        """
        for program, names in ((shaders.soften, ("frame", "depth")), (shaders.copy, ("frame",))):
            for unit, name in enumerate(names):
                if name in program:  # a driver drops uniforms that it finds unused
                    program[name].value = unit
        meshes = [self._context.vertex_array(program, []) for program in (shaders.soften, shaders.copy)]
        self._release_meshes()
        self._meshes = meshes

    def soften(self, target: Any, frame: Any, depth: Any, box: Box) -> None:
        """Soften what lies in a box of a frame.

        Args:
            target: Framebuffer of the frame.
            frame: Its texture.
            depth: Texture of its depth.
            box: The mouth's.
        """
        self._context.enable_only(self._context.NOTHING)
        depth.use(1)
        there_and_back = ((self._scratch, frame), (target, self._texture))
        for mesh, (framebuffer, texture) in zip(self._meshes, there_and_back, strict=True):
            framebuffer.use()
            framebuffer.scissor = box
            texture.use(0)
            mesh.render(self._context.TRIANGLES, vertices=3)
            framebuffer.scissor = None

    def release(self) -> None:
        """Give everything back to OpenGL."""
        self._release_meshes()
        self._scratch.release()
        self._texture.release()

    def _release_meshes(self) -> None:
        for mesh in self._meshes:
            mesh.release()
        self._meshes = []
