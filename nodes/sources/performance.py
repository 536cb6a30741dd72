"""A recorded performance."""

from __future__ import annotations

from dataclasses import dataclass

from vivant.graph.errors import EndOfStream
from vivant.graph.node import Emission, NodeContext, Outcome, Pace, Source
from vivant.graph.params import Cost, NodeParams, param
from vivant.graph.port import NoInputs, output
from vivant.nodes.formats.motion import FaceMotion
from vivant.nodes.sources.given_file import given_file
from vivant.nodes.sources.performance_clip import PerformanceClip, read_clip


class PerformanceParams(NodeParams):
    """Parameters of `PerformanceSource`."""

    path: str = param("", "Performance, a JSON clip.", cost=Cost.REOPEN)
    rate_hz: float = param(30.0, "Moments emitted per second.", cost=Cost.REOPEN, ge=1, le=240)
    loop: bool = param(False, "Start again at the end. Offline it is played once.")


@dataclass(frozen=True)
class PerformanceOutputs:
    """Outputs of `PerformanceSource`."""

    motion: FaceMotion = output("Expression and head pose at this moment.")


class PerformanceSource(Source[PerformanceParams, PerformanceOutputs], type="source.performance", pace=Pace.MEDIA):
    """Plays recorded expression and head motion from a JSON clip: no camera needed."""

    _clip: PerformanceClip | None = None
    _emitted = 0

    def open(self, context: NodeContext) -> None:
        """Read the clip.

        Raises:
            VivantError: No such file, or no valid clip.
        """
        file = given_file(context, self.params.path, "performance")
        self._clip = read_clip(file)
        self._emitted = 0
        self._offline = context.offline
        if self._loops != self.params.loop:
            context.notice(f"{file.name}: played once, since a loop would never end offline")

    def process(self, inputs: NoInputs) -> Emission[PerformanceOutputs]:
        """Return the next moment; moments are evenly spaced, across the joint of a loop too.

        Raises:
            EndOfStream: After the clip's duration.
        """
        if self._clip is None:
            raise RuntimeError("process() before open()")
        if not self._loops and self._emitted >= self._count(self._clip):
            raise EndOfStream
        time_ns = round(self._emitted * 1_000_000_000 / self.params.rate_hz)
        self._emitted += 1
        time_s = time_ns / 1e9
        motion = self._clip.at(time_s % self._clip.duration_s if self._loops else time_s)
        return Emission(PerformanceOutputs(motion), time_ns)

    def length(self) -> int | None:
        """Return how many moments the clip has; None for a loop."""
        return None if self._clip is None or self._loops else self._count(self._clip)

    def close(self, outcome: Outcome) -> None:
        """Let go of the clip."""
        self._clip = None

    @property
    def _loops(self) -> bool:
        return self.params.loop and not self._offline

    def _count(self, clip: PerformanceClip) -> int:
        return max(1, round(clip.duration_s * self.params.rate_hz))
