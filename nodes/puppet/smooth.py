"""Steadies motion and fills the time between two moments of it."""

from __future__ import annotations

from dataclasses import dataclass

from vivant.graph.node import Lane, Node, NodeContext
from vivant.graph.packet import Packet, Tick
from vivant.graph.params import NodeParams, param
from vivant.graph.port import latest, output, tick
from vivant.nodes.formats.motion import FaceMotion
from vivant.nodes.puppet.motion_track import MotionTrack

LEAST_HZ, MOST_HZ = 1.0, 30.0


class SmoothParams(NodeParams):
    """How motion is steadied."""

    # Measured with synthetic signals, 30 Hz tracked, 60 Hz shown (tests/nodes/puppet/test_smooth.py prints the table).
    calm: float = param(
        0.5,
        "0 shows what the tracker says, at once; 1 is calmest and follows later, by up to one frame of the camera.",
        ge=0,
        le=1,
    )


@dataclass(frozen=True)
class SmoothInputs:
    """Motion as it was tracked."""

    tick: Packet[Tick] = tick()
    motion: Packet[FaceMotion | None] = latest("The driver's expression and head pose; None: no face now.")


@dataclass(frozen=True)
class SmoothOutputs:
    """The result."""

    motion: FaceMotion | None = output("The motion to be shown now; None: no face now.")


class PuppetSmooth(
    Node[SmoothParams, SmoothInputs, SmoothOutputs], type="puppet.smooth", lane=Lane.RENDER, draws=False
):
    """Steadies a driver's motion, and moves on at the rate of the display between two frames of the camera.

    Noise of a face at rest is filtered, quick motion passes. Offline every frame has a motion of its own, and what
    comes late would only be worse: it passes as it is.
    """

    def __init__(self, params: SmoothParams) -> None:
        """Begin with nothing."""
        super().__init__(params)
        self._live = True
        self._taken_ns: int | None = None
        self._track = self._new_track()

    def open(self, context: NodeContext) -> None:
        """Take note of whether frames are drawn as they come."""
        self._live = not context.offline

    def process(self, inputs: SmoothInputs) -> SmoothOutputs:
        """Give the motion of one displayed frame."""
        motion, now_ns = inputs.motion, inputs.tick.value.now_ns
        if not self._live:
            return SmoothOutputs(motion.value)
        if motion.value is None:
            self._track.forget()
            self._taken_ns = None
            return SmoothOutputs(None)
        if motion.t_ns != self._taken_ns:
            self._taken_ns = motion.t_ns
            self._track.take(motion.t_ns, motion.value, now_ns)
        return SmoothOutputs(self._track.at(now_ns, self.params.calm))

    def update(self, params: SmoothParams) -> None:
        """Take over another calm: the filter begins anew where the motion is."""
        super().update(params)
        self._taken_ns = None
        self._track = self._new_track()

    def _new_track(self) -> MotionTrack:
        calm = self.params.calm
        return MotionTrack(MOST_HZ * (LEAST_HZ / MOST_HZ) ** calm if calm > 0 else None)
