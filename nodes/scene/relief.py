"""Makes a scene of each frame of a video and the depth that is known of it by then."""

from __future__ import annotations

from dataclasses import dataclass

from vivant.graph.errors import VivantError
from vivant.graph.node import Node, NodeContext
from vivant.graph.packet import Packet
from vivant.graph.params import NodeParams, param
from vivant.graph.port import latest, output, trigger
from vivant.nodes.depth.depth_fade import DepthFade
from vivant.nodes.depth.scene_cut import SceneCut
from vivant.nodes.formats.depth import DepthMap
from vivant.nodes.formats.picture import Picture
from vivant.nodes.formats.scene import Scene

_TELL_AFTER = 3
"""Maps after which the user is told how often they come: the first may have waited for the network to warm up."""


class SceneReliefParams(NodeParams):
    """How a frame becomes a relief."""

    cell: int = param(8, "Side of a cell of the mesh, in pixels of the frame.", ge=2, le=64)
    reach: float = param(0.2, "How far the camera may go aside or nearer, in picture heights.", ge=0.01, le=0.5)


@dataclass(frozen=True)
class SceneReliefInputs:
    """A video, and its depth as fast as it comes."""

    frame: Packet[Picture] = trigger("A frame.")
    depth: Packet[DepthMap] | None = latest(
        "The depth of this frame or of an earlier one; before the first it is flat."
    )


@dataclass(frozen=True)
class SceneReliefOutputs:
    """The result."""

    scene: Scene = output("The frame as one mesh.")
    age_s: float = output("How much older than the frame the picture is that its depth was told from, in seconds.")


class SceneRelief(Node[SceneReliefParams, SceneReliefInputs, SceneReliefOutputs], type="scene.relief"):
    """Makes a relief of each frame of a video, however seldom its depth comes: one mesh, nothing painted behind.

    Between two maps depth is faded. Before the first, and after a cut, the picture is flat; it rises into its own depth
    when that is there.
    """

    def open(self, context: NodeContext) -> None:
        """Begin without depth."""
        self._notice = context.notice
        self._fade, self._cut = DepthFade(), SceneCut()
        self._taken_ns: int | None = None
        self._cut_ns = 0
        self._maps = 0

    def process(self, inputs: SceneReliefInputs) -> SceneReliefOutputs:
        """Make the scene of one frame.

        Raises:
            VivantError: The depth reaches to the camera.
        """
        from vivant.nodes.scene.assembly import EYE_Z
        from vivant.nodes.scene.frame_mesh import frame_mesh

        frame, depth, p = inputs.frame, inputs.depth, self.params
        most = EYE_Z - 2 * p.reach - 0.1
        if depth is not None and depth.value.near > most:
            raise VivantError(
                f"the nearest part of the video would be in the camera's way: {depth.value.near:g} picture heights "
                "before it",
                remedy=f"set `near` of the node that gives depth to {most:.2g} or less, or `reach` of this one lower",
                exit_status=2,
            )
        if self._cut.begins(frame.value.rgb):
            self._fade.forget()
            self._cut_ns = frame.t_ns
        if depth is not None and depth.t_ns != self._taken_ns and depth.t_ns >= self._cut_ns:
            self._tell(depth.t_ns, frame.t_ns)
            self._fade.take(depth.value, depth.t_ns, frame.t_ns)
            self._taken_ns = depth.t_ns
        scene = frame_mesh(frame.value.pixels, self._fade.at(frame.t_ns), cell=p.cell, reach=p.reach)
        return SceneReliefOutputs(scene, self._fade.age_s(frame.t_ns))

    def _tell(self, t_ns: int, now_ns: int) -> None:
        self._maps += 1
        if self._maps == _TELL_AFTER and self._taken_ns is not None and now_ns > t_ns > self._taken_ns:
            rate, age_ms = 1e9 / (t_ns - self._taken_ns), (now_ns - t_ns) / 1e6
            self._notice(f"depth comes {rate:.1f} times a second, {age_ms:.0f} ms after its frame; it is faded between")
