"""Draws a puppet with OpenGL 4.1."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from vivant.graph.errors import VivantError
from vivant.nodes.formats.puppet import Puppet, Role
from vivant.nodes.render.opaque_first import opaque_first
from vivant.nodes.render.opening_bounds import Box, OpeningBounds
from vivant.nodes.render.puppet_shaders import PuppetShaders

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

_FLOATS_PER_VERTEX = 7

_BACKDROP_DEPTH = 0.5
_FAINT = 0.004
# Slices of the depth buffer, near and far, in normalised device coordinates. The backdrop lies at 0. What is inside
# lies behind it and shows only where an opening has pushed the depth to 1.
_SLICES = {
    Role.SKIN: (-1.0, -0.6),
    Role.BODY: (-0.5, -0.1),
    Role.INSIDE: (0.2, 0.9),
    Role.OPENING: (1.0, 1.0),
    Role.RIM: (1.0, 1.0),
}


class PuppetRenderer:
    """Holds one puppet on the GPU and draws it into a framebuffer of its own.

    Args:
        context: ``moderngl.Context``; every call must come from the thread that owns it.
        size: Width and height of what is drawn, in pixels.
        samples: Per pixel, for smooth edges; 0 or 1: one.
        shaders: What is drawn with; released by whoever made them. None: made, and released, here.
    """

    def __init__(
        self, context: Any, size: tuple[int, int], samples: int = 0, shaders: PuppetShaders | None = None
    ) -> None:
        self._context = context
        self.size = size
        self._shaders = PuppetShaders(context) if shaders is None else shaders
        self._own_shaders = self._shaders if shaders is None else None
        self._back_mesh = context.vertex_array(self._shaders.back, [])
        self.texture = context.texture(size, 4)
        samples = min(samples, context.max_samples) if samples > 1 else 0
        self._depth = context.depth_renderbuffer(size, samples=samples)
        if samples:
            self._colour = context.renderbuffer(size, 4, samples=samples)
            self._target = context.framebuffer([self._colour], self._depth)
            self.framebuffer = context.framebuffer([self.texture])
            self._own = [self._target, self.framebuffer, self._colour, self._depth]
        else:
            self.framebuffer = self._target = context.framebuffer([self.texture], self._depth)
            self._own = [self.framebuffer, self._depth]
        # The backdrop is drawn once and copied into every frame: in software drawing it costs a third of the frame.
        # A copy has no samples.
        self._backdrop: Any = None
        if not samples:
            picture = context.texture(size, 4)
            self._backdrop = context.framebuffer([picture])
            self._own += [self._backdrop, picture]
        self._puppet: Puppet | None = None
        self._held: list[Any] = []

    def load(self, puppet: Puppet) -> None:
        """Take a puppet to the GPU in place of the one before."""
        self._unload()
        context = self._context
        static = np.concatenate(
            [puppet.uv, puppet.map_uv, puppet.z[:, None], puppet.mapped[:, None], puppet.opacity[:, None]],
            axis=1,
        )
        self._static = context.buffer(np.ascontiguousarray(static, np.float32).tobytes())
        self._moving = context.buffer(reserve=len(puppet.plane) * _FLOATS_PER_VERTEX * 4, dynamic=True)
        smaller = self.size[1] < puppet.size[1]
        triangles, self._solid = (puppet.triangles, (0,) * len(puppet.layers)) if smaller else opaque_first(puppet)
        self._index = context.buffer(np.ascontiguousarray(triangles, np.int32).tobytes())
        self._meshes = self._meshes_for(self._shaders)
        self._held = [self._static, self._moving, self._index]
        self._textures = {}
        for name, pixels in puppet.textures.items():
            texture = context.texture((pixels.shape[1], pixels.shape[0]), 4, pixels.tobytes())
            texture.repeat_x = texture.repeat_y = False
            if smaller:
                texture.build_mipmaps()
            else:
                texture.filter = (context.LINEAR, context.LINEAR)
            self._textures[name] = texture
        height, width = puppet.depth_map.shape
        self._map = context.texture((width, height), 1, np.ascontiguousarray(puppet.depth_map).tobytes(), dtype="f4")
        self._map.repeat_x = self._map.repeat_y = False
        self._map.filter = (context.LINEAR, context.LINEAR)
        self._held += [*self._textures.values(), self._map]
        self._bounds = OpeningBounds(puppet, self.size)
        self._puppet = puppet
        if self._backdrop is not None:
            self._draw_backdrop(self._backdrop)

    def use(self, shaders: PuppetShaders) -> None:
        """Draw with other shaders from now on; the ones before are left to whoever made them.

        Raises:
            VivantError: They do not fit the puppet's mesh. Those of before stay in use.
        """
        context = self._context
        back_mesh = context.vertex_array(shaders.back, [])
        if self._puppet is not None:
            try:
                meshes = self._meshes_for(shaders)
            except Exception as error:  # moderngl raises whatever it stumbles over
                back_mesh.release()
                raise VivantError(
                    f"the shader does not take what a puppet's vertices have: {error}", where="puppet.vert"
                ) from error
            self._release_meshes()
            self._meshes = meshes
        self._back_mesh.release()
        self._back_mesh, self._shaders = back_mesh, shaders
        if self._puppet is not None and self._backdrop is not None:
            self._draw_backdrop(self._backdrop)

    def draw(self, vertices: F32, shown: F32 | None = None) -> None:
        """Draw the loaded puppet.

        Args:
            vertices: ``float32 (V, 7)`` as `SkinnedMesh.vertices`.
            shown: ``float32 (F,)`` as `SkinnedMesh.shown`; None: no layer that fades.
        """
        puppet, context = self._puppet, self._context
        if puppet is None:
            raise RuntimeError("no puppet is loaded")
        self._moving.write(np.ascontiguousarray(vertices, np.float32))
        if self._backdrop is not None:
            context.copy_framebuffer(self._target, self._backdrop)
            self._target.color_mask = (False,) * 4
            self._target.clear(depth=_BACKDROP_DEPTH)
            self._target.color_mask = (True,) * 4
            self._target.use()  # a colour mask takes effect here
        else:
            self._draw_backdrop(self._target)
        context.viewport = (0, 0, *self.size)
        context.blend_func = (context.ONE, context.ONE_MINUS_SRC_ALPHA)
        context.front_face = "ccw"
        context.enable_only(context.BLEND | context.DEPTH_TEST)
        width, height = puppet.size
        blended, opaque = self._shaders.skin, self._shaders.opaque
        eye = tuple(float(v) for v in puppet.eye)
        for program in (blended, opaque):
            program.set("half_size", (0.5 * width / height, 0.5))
            program.set("eye", eye)
            program.set("depth_map", 1)
            program.set("skin", 0)
        self._map.use(1)
        bounds = self._bounds.of(vertices)
        within: Box | None = None
        blended_mesh, opaque_mesh = self._meshes
        for layer, solid in zip(puppet.layers, self._solid, strict=True):
            strength = 1.0
            if layer.fade >= 0:
                strength = float(shown[layer.fade]) if shown is not None and len(shown) else 0.0
                if strength < _FAINT:
                    continue
            bound = bounds.get(self._bounds.window_of(layer)) if layer.role is Role.INSIDE else None
            if bound is not None and not (bound[2] and bound[3]):
                continue
            if bound != within:
                self._target.scissor = within = bound
            # An opening writes the farthest depth over whatever was there, its rim lies on what is seen through it.
            context.depth_func = "1" if layer.role in (Role.OPENING, Role.RIM) else "<="
            if layer.role in (Role.BODY, Role.SKIN):
                context.enable(context.CULL_FACE)
            else:
                context.disable(context.CULL_FACE)
            self._textures[layer.texture].use(0)
            near, far = _SLICES[layer.role]
            section = (0.5 * (far - near), 0.5 * (far + near))
            if solid:
                opaque.set("slice", section)
                context.disable(context.BLEND)
                opaque_mesh.render(context.TRIANGLES, vertices=solid, first=layer.first)
                context.enable(context.BLEND)
            if solid < layer.count:
                blended.set("slice", section)
                blended.set("strength", strength)
                blended_mesh.render(context.TRIANGLES, vertices=layer.count - solid, first=layer.first + solid)
        if within is not None:
            self._target.scissor = None
        if self._target is not self.framebuffer:
            context.copy_framebuffer(self.framebuffer, self._target)

    def _draw_backdrop(self, target: Any) -> None:
        assert self._puppet is not None
        target.use()
        self._context.viewport = (0, 0, *self.size)
        target.clear(0.0, 0.0, 0.0, 0.0, depth=_BACKDROP_DEPTH)
        self._context.enable_only(self._context.NOTHING)
        self._textures[self._puppet.backdrop].use(0)
        if "skin" in self._shaders.back:
            self._shaders.back["skin"].value = 0
        self._back_mesh.render(self._context.TRIANGLES, vertices=3)

    def release(self) -> None:
        """Give everything back to OpenGL."""
        self._unload()
        # moderngl binds what it thinks is bound again whenever it makes a framebuffer: a deleted one is an error.
        (self._context.screen or self._context.detect_framebuffer(0)).use()
        for item in (*self._own, self.texture, self._back_mesh):
            item.release()
        if self._own_shaders:
            self._own_shaders.release()

    def _unload(self) -> None:
        if self._puppet is not None:
            self._release_meshes()
        for item in self._held:
            item.release()
        self._held = []
        self._puppet = None

    def _release_meshes(self) -> None:
        for mesh in self._meshes:
            mesh.release()

    def _meshes_for(self, shaders: PuppetShaders) -> tuple[Any, Any]:
        """Return what is blended and what is opaque."""
        meshes: list[Any] = []
        try:
            for program in (shaders.skin, shaders.opaque):
                meshes.append(self._mesh_for(program.program))
        except Exception:
            for mesh in meshes:
                mesh.release()
            raise
        return meshes[0], meshes[1]

    def _mesh_for(self, program: Any) -> Any:
        return self._context.vertex_array(
            program,
            [
                (self._moving, "3f 3f 1f", "skinned_plane", "skinned_ray", "depth_change"),
                (
                    self._static,
                    "2f 2f 1f 1f 1f",
                    "texture_place",
                    "map_place",
                    "own_depth",
                    "mapped",
                    "vertex_opacity",
                ),
            ],
            index_buffer=self._index,
            index_element_size=4,
            skip_errors=True,  # a driver drops attributes that it finds unused
        )


def is_software(context: Any) -> bool:
    """Whether OpenGL draws on the CPU."""
    name = str(context.info["GL_RENDERER"]).lower()
    return any(word in name for word in ("llvmpipe", "softpipe", "swiftshader", "software"))
