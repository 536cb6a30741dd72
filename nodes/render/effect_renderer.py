"""Draws a frame through a user's fragment shader with OpenGL 4.1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vivant.nodes.render.effect_shader import EffectShader


@dataclass(frozen=True, slots=True)
class EffectMoment:
    """When a frame is drawn.

    Attributes:
        time_s: Seconds since the effect began.
        delta_s: Seconds since the frame before; 0 at the first.
        frame: Frames drawn before.
    """

    time_s: float
    delta_s: float
    frame: int


class EffectRenderer:
    """Draws into a framebuffer of its own.

    Args:
        context: ``moderngl.Context``; every call must come from the thread that owns it.
        size: Width and height of what is drawn, in pixels.
    """

    def __init__(self, context: Any, size: tuple[int, int]) -> None:
        self._context = context
        self.size = size
        self.texture = context.texture(size, 4)
        self.framebuffer = context.framebuffer([self.texture])
        # A sampler of its own: how the texture that comes in is filtered elsewhere stays as it is.
        self._sampler = context.sampler(repeat_x=False, repeat_y=False, filter=(context.LINEAR, context.LINEAR))

    def draw(self, shader: EffectShader, texture: Any, moment: EffectMoment) -> None:
        """Draw one frame.

        Args:
            shader: What it is drawn with.
            texture: ``moderngl.Texture`` of the frame that comes in, of the same size.
            moment: When.
        """
        width, height = self.size
        shader.set("iResolution", (float(width), float(height), 1.0))
        shader.set("iChannelResolution", (float(width), float(height), 1.0))
        shader.set("iTime", moment.time_s)
        shader.set("iTimeDelta", moment.delta_s)
        shader.set("iFrame", moment.frame)
        shader.set("iChannel0", 0)
        texture.use(0)
        self._sampler.use(0)
        self.framebuffer.use()
        self.framebuffer.viewport = (0, 0, width, height)
        self._context.enable_only(self._context.NOTHING)
        shader.triangle.render(self._context.TRIANGLES, vertices=3)
        self._sampler.clear(0)

    def release(self) -> None:
        """Give everything back to OpenGL."""
        # moderngl binds what it thinks is bound again whenever it makes a framebuffer: a deleted one is an error.
        (self._context.screen or self._context.detect_framebuffer(0)).use()
        for item in (self.framebuffer, self.texture, self._sampler):
            item.release()
