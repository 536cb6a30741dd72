"""How much of what a camera sees of a scene is stretched, or not there at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vivant.nodes.formats.camera_pose import CameraPose
from vivant.nodes.formats.scene import Scene
from vivant.nodes.render.scene_renderer import SceneRenderer
from vivant.nodes.render.scene_shaders import SceneShaders

MOST = 2.0
"""How many pixels a texel may cover in any direction, at the picture's own size, before that counts as stretched."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is wrong with a view, shares of its pixels.

    Attributes:
        stretched: What shows a texture drawn out to more than `MOST` times its size in some direction.
        empty: What shows nothing.
    """

    stretched: float
    empty: float

    @property
    def bad(self) -> float:
        """Either of the two."""
        return self.stretched + self.empty


def measure_stretch(context: Any, scene: Scene, poses: list[CameraPose]) -> list[Stretch]:
    """Measure views of a scene, each as large as the picture.

    A layer counts as much as it is seen: what is behind an opaque one does not.

    Args:
        context: ``moderngl.Context``; the call must come from the thread that owns it.
        scene: What is looked at.
        poses: From where.
    """
    shaders = SceneShaders(context, "scene_stretch.frag")
    renderer = SceneRenderer(context, scene.size, shaders)
    try:
        renderer.load(scene)
        shaders.programs[0]["most"].value = MOST
        measured = []
        for pose in poses:
            renderer.draw(pose)
            pixels = np.frombuffer(renderer.framebuffer.read(components=4), np.uint8).reshape(-1, 4)
            measured.append(Stretch(float(pixels[:, 0].mean()) / 255, 1 - float(pixels[:, 3].mean()) / 255))
        return measured
    finally:
        renderer.release()
        shaders.release()


def viewpoints(reach: float, count: int = 30) -> list[CameraPose]:
    """Return cameras spread over all that a scene allows: a spiral out to the limit, every third as near as may be.

    Args:
        reach: `Scene.reach`.
        count: How many.
    """
    poses = []
    for index in range(count):
        # the angle of a sunflower's seeds; the root spreads them evenly over the disc
        angle, radius = index * np.pi * (3 - np.sqrt(5)), reach * np.sqrt((index + 1) / count)
        nearer = -reach if index % 3 == 2 else 0.0
        move = (float(radius * np.cos(angle)), float(radius * np.sin(angle)), nearer)
        poses.append(CameraPose(move, held=float(index % 2)))
    return poses
