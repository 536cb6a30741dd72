"""Draws a scene."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import Field

from vivant.graph.node import Lane, Node
from vivant.graph.packet import Packet
from vivant.graph.params import Cost, NodeParams, param
from vivant.graph.port import latest, output, trigger
from vivant.nodes.formats.camera_pose import CameraPose
from vivant.nodes.formats.picture import Picture
from vivant.nodes.formats.scene import Scene
from vivant.nodes.formats.stereo import Stereo
from vivant.nodes.formats.surface import Surface
from vivant.nodes.render.own_shaders import OwnShaders
from vivant.nodes.render.scene_look import SceneLook

Share = Annotated[float, Field(ge=0, le=1)]


class RenderSceneParams(NodeParams):
    """What is drawn."""

    height: int = param(0, "Height of one view in pixels; 0: as high as the picture.", ge=0, le=4320, cost=Cost.REOPEN)
    stereo: Stereo = param(
        Stereo.NONE,
        "Two views, one for each eye: side_by_side, over_under, anaglyph (red and cyan glasses); none: one view.",
        cost=Cost.REOPEN,
    )
    eyes_apart: float = param(0.04, "Distance of the two eyes, in picture heights.", ge=0, le=0.5)
    aperture: float = param(
        0.0, "Width of the lens, in picture heights: what is out of focus is blurred; 0: all is sharp.", ge=0, le=0.08
    )
    focus: float = param(0.0, "Depth of what is sharp, in picture heights before the picture's plane.", ge=-10, le=1)
    points: float = param(
        0.0,
        "From one point to the next, in picture heights, where the scene is drawn as points on black; 0: it is whole.",
        ge=0,
        le=0.1,
    )
    fog: float = param(0.0, "How much of what is farthest the fog hides; 0: there is none.", ge=0, le=1)
    fog_colour: tuple[Share, Share, Share] = param((0.75, 0.78, 0.82), "Red, green and blue of the fog, 0 to 1.")
    pointer: float = param(
        0.0,
        "How far the camera follows the mouse pointer across the window, in picture heights; 0: not at all.",
        ge=-0.5,
        le=0.5,
    )


@dataclass(frozen=True)
class RenderSceneInputs:
    """What is drawn, and from where."""

    camera: Packet[CameraPose] = trigger("Where the camera stands.")
    scene: Packet[Scene] = latest("The scene.")


@dataclass(frozen=True)
class RenderSceneOutputs:
    """The drawn frame, on the GPU and on the CPU."""

    surface: Surface = output("The frame on the GPU, valid until the next.")
    frame: Picture | None = output("The frame on the CPU, read back where something is wired to it.", sometimes=True)


class RenderScene(
    OwnShaders, Node[RenderSceneParams, RenderSceneInputs, RenderSceneOutputs], type="render.scene", lane=Lane.RENDER
):
    """Draws a scene in true perspective with OpenGL 4.1, on the GPU or in software; for one eye or two."""

    @staticmethod
    def shaders_type() -> Any:
        """Return the class of the shaders."""
        from vivant.nodes.render.scene_shaders import SceneShaders

        return SceneShaders

    def process(self, inputs: RenderSceneInputs) -> RenderSceneOutputs:
        """Draw one frame."""
        self._load(inputs.scene.value)
        p = self.params
        look = SceneLook(p.aperture, p.focus, p.points, p.fog, p.fog_colour)
        self._renderer.draw(self._followed(inputs.camera.value), p.eyes_apart, look)
        return RenderSceneOutputs(*self.drawn())

    def _followed(self, pose: CameraPose) -> CameraPose:
        """Return the pose, moved with the mouse pointer where there is a window and that is wanted."""
        if self._window is None or not self.params.pointer:
            return pose
        import glfw

        width, height = glfw.get_window_size(self._window)
        if width <= 0 or height <= 0:
            return pose  # iconified
        x, y = glfw.get_cursor_pos(self._window)
        aside, up = (min(max(2 * place - 1, -1.0), 1.0) for place in (x / width, 1 - y / height))
        far = self.params.pointer
        return replace(pose, move=(pose.move[0] + far * aside, pose.move[1] + far * up, pose.move[2]))

    def _load(self, scene: Scene) -> None:
        if scene is self._loaded:
            return
        from vivant.nodes.render.readback import Readback
        from vivant.nodes.render.scene_renderer import SceneRenderer

        size = self._size_of(scene.size, self.params.height)
        if self._renderer is None or self._renderer.view != size:
            self._release()
            self._renderer = SceneRenderer(self._gl, size, self._shaders, self.params.stereo)
        if self._readback is None or self._readback.alpha != scene.see_through:
            self._readback = Readback(self._renderer.size, alpha=scene.see_through)
        self._renderer.load(scene)
        self._loaded = scene
