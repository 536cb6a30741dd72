"""Makes a scene of a picture and its depth."""

from __future__ import annotations

from dataclasses import dataclass

from vivant.graph.errors import VivantError
from vivant.graph.node import Node, NodeContext
from vivant.graph.packet import Packet
from vivant.graph.params import Cost, NodeParams, param
from vivant.graph.port import latest, output, trigger
from vivant.nodes.formats.depth import DepthMap
from vivant.nodes.formats.picture import Picture
from vivant.nodes.formats.scene import Scene


class SceneParams(NodeParams):
    """How a picture is cut."""

    layers: int = param(
        6, "Layers at most; fewer where fewer separate all steps of depth.", ge=1, le=16, cost=Cost.REOPEN
    )
    reach: float = param(
        0.2,
        "How far the camera may go aside or nearer, in picture heights: as much as it can uncover is painted.",
        ge=0.01,
        le=0.5,
        cost=Cost.REOPEN,
    )


@dataclass(frozen=True)
class SceneInputs:
    """A picture and its depth."""

    depth: Packet[DepthMap] = trigger("Its depth.")
    frame: Packet[Picture] = latest("The picture.")


@dataclass(frozen=True)
class SceneOutputs:
    """The result."""

    scene: Scene = output("The picture in layers, each painted where nearer ones hide it.")


class SceneBuild(Node[SceneParams, SceneInputs, SceneOutputs], type="scene.build"):
    """Cuts a picture in depth into layers, and paints what nearer ones hide of each: for any picture."""

    def open(self, context: NodeContext) -> None:
        """Note where scenes are kept."""
        self._cache_dir = context.cache_dir

    def process(self, inputs: SceneInputs) -> SceneOutputs | None:
        """Build once both inputs speak of the same picture; or take the scene out of the cache.

        Raises:
            VivantError: The depth reaches to the camera, or all of the picture is transparent.
        """
        if inputs.depth.t_ns != inputs.frame.t_ns:
            return None
        from vivant.nodes.formats.build_cache import kept
        from vivant.nodes.scene.assembly import EYE_Z, assemble
        from vivant.nodes.scene.scene_arrays import from_arrays, to_arrays

        depth, pixels, p = inputs.depth.value, inputs.frame.value.pixels, self.params
        if pixels.shape[2] == 4 and not pixels[..., 3].any():
            raise VivantError(
                "all of the picture is transparent: there is nothing to see",
                remedy="export it again, with its layers shown",
                exit_status=2,
            )
        # a camera that has gone nearer must still be well before everything
        most = EYE_Z - 2 * p.reach - 0.1
        if depth.near > most:
            raise VivantError(
                f"the nearest part of the picture would be in the camera's way: {depth.near:g} picture heights before "
                "the picture",
                remedy=f"set `near` of the node that gives depth to {most:.2g} or less, or `reach` of this one lower",
                exit_status=2,
            )
        return SceneOutputs(
            kept(
                self._cache_dir,
                ("scene", p.layers, p.reach, pixels, depth),
                lambda: assemble(pixels, depth, layers=p.layers, reach=p.reach),
                to_arrays,
                from_arrays,
            )
        )
