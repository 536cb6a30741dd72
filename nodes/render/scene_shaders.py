"""The programs that a scene is drawn with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vivant.nodes.render.scene_look import SceneLook
from vivant.shaders.program import build_program
from vivant.shaders.source import shader_files

VERTEX = "scene.vert"
_PLAIN, _FOG, _LENS, _POINTS = "scene.frag", "scene_fog.frag", "scene_lens.frag", "scene_points.frag"


class SceneShaders:
    """Holds compiled programs: without anything, through fog, through a lens (and fog), and as points (in fog).

    Four, as in software a shader pays for what it could do: asking at each pixel whether there is a lens makes a frame
    without one take ten times as long (measured).

    Args:
        context: ``moderngl.Context``; every call must come from the thread that owns it.
        plain: Fragment shader of the first, to measure with another one.

    Raises:
        VivantError: A shader does not compile; says file and line.
    """

    def __init__(self, context: Any, plain: str = _PLAIN) -> None:
        self.programs: list[Any] = []
        try:
            for fragment in (plain, _FOG, _LENS, _POINTS):
                self.programs.append(build_program(context, VERTEX, fragment))
        except Exception:
            self.release()
            raise

    def index(self, look: SceneLook) -> int:
        """Return which of the programs draws this look."""
        if look.points > 0:
            return 3
        return 2 if look.aperture > 0 else 1 if look.fog > 0 else 0

    def release(self) -> None:
        """Give them back to OpenGL."""
        for program in self.programs:
            program.release()
        self.programs = []

    @staticmethod
    def files() -> frozenset[Path]:
        """Return all files that the programs are made of, as they are now."""
        return shader_files(VERTEX, _PLAIN, _FOG, _LENS, _POINTS)
