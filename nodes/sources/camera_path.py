"""A camera that moves by itself."""

from __future__ import annotations

from dataclasses import dataclass, replace

from vivant.graph.errors import EndOfStream
from vivant.graph.node import Emission, NodeContext, Pace, Source
from vivant.graph.params import Cost, NodeParams, param
from vivant.graph.port import NoInputs, output
from vivant.nodes.formats.camera_pose import CameraPose
from vivant.nodes.sources.camera_moves import Easing, Move, camera_at, drift


class CameraPathParams(NodeParams):
    """Parameters of `CameraPathSource`."""

    move: Move = param(Move.ORBIT, "What the camera does: still, orbit, pan, dolly, dolly_zoom, breathing.")
    amplitude: float = param(0.15, "How far it goes, in picture heights.", ge=0, le=0.5)
    period_s: float = param(6.0, "How long once through takes, in seconds.", gt=0, le=3600)
    easing: Easing = param(Easing.SINE, "How it runs between its ends: sine, linear, smooth.")
    drift: float = param(0.0, "How much the hand that holds it wavers, in picture heights.", ge=0, le=0.1)
    seed: int = param(0, "Another number wavers otherwise; the same wavers the same at every run.", ge=0, le=2**31 - 1)
    rate_hz: float = param(30.0, "Moments emitted per second.", cost=Cost.REOPEN, ge=1, le=240)
    duration_s: float = param(
        0.0, "How long it plays, in seconds; 0: without end, into a file once through.", ge=0, le=86400
    )


@dataclass(frozen=True)
class CameraPathOutputs:
    """Outputs of `CameraPathSource`."""

    camera: CameraPose = output("Where the camera is at this moment.")


class CameraPathSource(Source[CameraPathParams, CameraPathOutputs], type="source.camera_path", pace=Pace.MEDIA):
    """Moves a camera before a scene: around it, aside, nearer, or as someone who breathes; at every run the same."""

    _emitted = 0

    def open(self, context: NodeContext) -> None:
        """Begin at the beginning."""
        self._emitted = 0
        self._offline = context.offline

    def process(self, inputs: NoInputs) -> Emission[CameraPathOutputs]:
        """Return the next moment; moments are evenly spaced, across the joint of a loop too.

        Raises:
            EndOfStream: After its duration.
        """
        p = self.params
        count = self.length()
        if count is not None and self._emitted >= count:
            raise EndOfStream
        time_ns = round(self._emitted * 1_000_000_000 / p.rate_hz)
        self._emitted += 1
        # the remainder first: after weeks a float of seconds is coarse
        turns = (time_ns % round(p.period_s * 1e9)) / (p.period_s * 1e9)
        pose = camera_at(p.move, turns, p.amplitude, p.easing)
        if p.drift:
            x, y = drift(p.seed, turns)
            pose = replace(pose, move=(pose.move[0] + p.drift * x, pose.move[1] + p.drift * y, pose.move[2]))
        return Emission(CameraPathOutputs(pose), time_ns)

    def length(self) -> int | None:
        """Return how many moments it has; None: without end."""
        lasts = self.params.duration_s or (self.params.period_s if self._offline else 0.0)
        return max(1, round(lasts * self.params.rate_hz)) if lasts else None
