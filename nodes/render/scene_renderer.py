"""Draws a scene with OpenGL 4.1."""

from __future__ import annotations

from math import hypot
from typing import Any

import numpy as np

from vivant.graph.errors import VivantError
from vivant.nodes.formats.camera_pose import CameraPose
from vivant.nodes.formats.scene import Scene
from vivant.nodes.formats.stereo import Stereo
from vivant.nodes.render.scene_look import SceneLook
from vivant.nodes.render.scene_shaders import VERTEX, SceneShaders

_NEAREST = 0.2
"""Picture heights between the camera and the nearest part of a scene, at the very least."""


class SceneRenderer:
    """Holds one scene on the GPU and draws it into a framebuffer of its own.

    Args:
        context: ``moderngl.Context``; every call must come from the thread that owns it.
        view: Width and height of one view, in pixels.
        shaders: What it is drawn with; released by whoever made them.
        stereo: How two views share the frame.
    """

    def __init__(
        self, context: Any, view: tuple[int, int], shaders: SceneShaders, stereo: Stereo = Stereo.NONE
    ) -> None:
        self._context = context
        self.view = view
        self.size = stereo.frame(view)
        self._stereo = stereo
        self._shaders = shaders
        self.texture = context.texture(self.size, 4)
        self.framebuffer = context.framebuffer([self.texture])
        self._scene: Scene | None = None
        self._meshes: list[Any] = []
        self._drawn = 0  # which of the programs, and meshes
        self._held: list[Any] = []

    def load(self, scene: Scene) -> None:
        """Take a scene to the GPU in place of the one before."""
        self._unload()
        context = self._context
        self._vertices = context.buffer(np.ascontiguousarray(scene.vertices, np.float32).tobytes())
        self._index = context.buffer(np.ascontiguousarray(scene.triangles, np.int32).tobytes())
        self._meshes = self._meshes_for(self._shaders)
        self._textures = []
        for layer in scene.layers:
            pixels = layer.texture
            texture = context.texture((pixels.shape[1], pixels.shape[0]), 4, np.ascontiguousarray(pixels).tobytes())
            texture.repeat_x = texture.repeat_y = False
            if self.view[1] >= scene.size[1]:
                texture.filter = (context.LINEAR, context.LINEAR)
            else:
                texture.build_mipmaps()
            self._textures.append(texture)
        self._blurs = False
        self._held = [self._vertices, self._index, *self._textures]
        self._farthest, self._nearest = float(scene.vertices[:, 2].min()), float(scene.vertices[:, 2].max())
        self._scene = scene

    def use(self, shaders: SceneShaders) -> None:
        """Draw with other shaders from now on; the ones before are left to whoever made them.

        Raises:
            VivantError: They do not fit the mesh. Those of before stay in use.
        """
        if self._scene is not None:
            try:
                meshes = self._meshes_for(shaders)
            except Exception as error:  # moderngl raises whatever it stumbles over
                raise VivantError(
                    f"the shader does not take what a scene's vertices have: {error}", where=VERTEX
                ) from error
            for mesh in self._meshes:
                mesh.release()
            self._meshes = meshes
        self._shaders = shaders

    def draw(self, pose: CameraPose, eyes_apart: float = 0.0, look: SceneLook | None = None) -> None:
        """Draw the loaded scene.

        Args:
            pose: Where the camera stands; farther from its place than the scene allows it is brought back to the limit.
            eyes_apart: Distance of the two eyes where there are two, picture heights.
            look: Lens and fog; None: everything is sharp and clear.
        """
        if self._scene is None:
            raise RuntimeError("no scene is loaded")
        context = self._context
        self._wear(look or SceneLook(), self._scene)
        self.framebuffer.use()
        context.blend_func = (context.ONE, context.ONE_MINUS_SRC_ALPHA)
        self.framebuffer.color_mask = (True,) * 4
        self.framebuffer.viewport = (0, 0, *self.size)
        self.framebuffer.clear(0.0, 0.0, 0.0, 0.0)
        if self._stereo is Stereo.NONE:
            self._draw_view(pose, 0.0)
            return
        width, height = self.view
        for side in (-1, 1):
            if self._stereo is Stereo.SIDE_BY_SIDE:
                self.framebuffer.viewport = (0 if side < 0 else width, 0, width, height)
            elif self._stereo is Stereo.OVER_UNDER:
                # OpenGL counts from the bottom
                self.framebuffer.viewport = (0, height if side < 0 else 0, width, height)
            else:
                self.framebuffer.color_mask = (side < 0, side > 0, side > 0, side > 0)
            self.framebuffer.use()  # viewport and colour mask take effect here
            self._draw_view(pose, 0.5 * side * eyes_apart)
        self.framebuffer.color_mask = (True,) * 4
        self.framebuffer.viewport = (0, 0, *self.size)
        self.framebuffer.use()

    def release(self) -> None:
        """Give everything back to OpenGL."""
        self._unload()
        # moderngl binds what it thinks is bound again whenever it makes a framebuffer: a deleted one is an error.
        (self._context.screen or self._context.detect_framebuffer(0)).use()
        self.framebuffer.release()
        self.texture.release()

    def _draw_view(self, pose: CameraPose, aside: float) -> None:
        scene = self._scene
        assert scene is not None
        x, y, away = within_reach((pose.move[0] + aside, pose.move[1], pose.move[2]), scene.reach)
        z = max(scene.eye_z + away, self._nearest + _NEAREST)
        half_height = 0.5 * (z / scene.eye_z) ** (1 - pose.held) / pose.zoom
        aspect = scene.size[0] / scene.size[1]
        self._set("rest_eye_z", scene.eye_z)
        self._set("eye", (x, y, z))
        self._set("middle", (0.5 * aspect * pose.aim[0], 0.5 * pose.aim[1]))
        self._set("half_size", (aspect * half_height, half_height))
        self._set("picture", 0)
        # nothing lies behind the farthest, so it need not be mixed: in software that costs a tenth of the frame
        self._context.enable_only(self._context.NOTHING)
        for layer, texture in zip(scene.layers, self._textures, strict=True):
            texture.use(0)
            self._meshes[self._drawn].render(self._context.TRIANGLES, vertices=layer.count, first=layer.first)
            self._context.enable_only(self._context.BLEND)

    def _wear(self, look: SceneLook, scene: Scene) -> None:
        self._drawn = self._shaders.index(look)
        self._set("aperture", look.aperture)
        self._set("focus", look.focus)
        self._set("points", look.points)
        self._set("height", float(scene.size[1]))
        self._set("fog", look.fog)
        self._set("fog_colour", look.fog_colour)
        self._set("range", (self._farthest, self._nearest))
        if self.view[1] >= scene.size[1] and self._blurs != (self._drawn > 1):
            # at full size only a lens and points read the smaller pictures; in software asking for them costs time
            self._blurs = self._drawn > 1
            context = self._context
            least = context.LINEAR_MIPMAP_LINEAR if self._blurs else context.LINEAR
            for texture in self._textures:
                if self._blurs:  # not before: of a video each frame is a scene, and this is a fifth of its work
                    texture.build_mipmaps()
                texture.filter = (least, context.LINEAR)

    def _set(self, name: str, value: Any) -> None:
        program = self._shaders.programs[self._drawn]
        if name in program:  # a driver drops uniforms that it finds unused
            program[name].value = value

    def _meshes_for(self, shaders: SceneShaders) -> list[Any]:
        return [
            self._context.vertex_array(
                program,
                [(self._vertices, "3f 2f", "rest", "texture_place")],
                index_buffer=self._index,
                index_element_size=4,
                skip_errors=True,  # a driver drops attributes that it finds unused
            )
            for program in shaders.programs
        ]

    def _unload(self) -> None:
        for item in (*self._meshes, *self._held):
            item.release()
        self._held, self._meshes, self._scene = [], [], None


def within_reach(move: tuple[float, float, float], reach: float) -> tuple[float, float, float]:
    """Return the move, brought back to the limit where it goes farther than `reach` aside or nearer, or away at all."""
    x, y, away = move
    aside = hypot(x, y)
    share = min(1.0, reach / aside) if aside > 0 else 1.0
    return x * share, y * share, min(max(away, -reach), 0.0)
