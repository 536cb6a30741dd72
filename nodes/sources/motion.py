"""A driver's recorded motion."""

from __future__ import annotations

from dataclasses import dataclass

from vivant.graph.errors import EndOfStream
from vivant.graph.node import Emission, NodeContext, Outcome, Pace, Source
from vivant.graph.params import Cost, NodeParams, param
from vivant.graph.port import NoInputs, output
from vivant.nodes.formats.motion import FaceMotion
from vivant.nodes.formats.motion_recording import MotionRecording
from vivant.nodes.sources.given_file import given_file


class MotionParams(NodeParams):
    """Parameters of `MotionSource`."""

    path: str = param("", "What output.motion wrote (.npz).", cost=Cost.REOPEN)


@dataclass(frozen=True)
class MotionOutputs:
    """Outputs of `MotionSource`."""

    motion: FaceMotion | None = output("Expression and head pose at this moment; None: no face.")


class MotionSource(Source[MotionParams, MotionOutputs], type="source.motion", pace=Pace.MEDIA):
    """Plays what was read of a driver, moment by moment, as it was read: nobody looks for a face again."""

    _recording: MotionRecording | None = None
    _emitted = 0

    def open(self, context: NodeContext) -> None:
        """Read the file.

        Raises:
            VivantError: No such file, or no recording.
        """
        self._recording = MotionRecording.load(given_file(context, self.params.path, "recording of motion"))
        self._emitted = 0

    def process(self, inputs: NoInputs) -> Emission[MotionOutputs]:
        """Return the next moment.

        Raises:
            EndOfStream: After the last.
        """
        if self._recording is None:
            raise RuntimeError("process() before open()")
        number = self._emitted
        if number >= len(self._recording.motions):
            raise EndOfStream
        self._emitted += 1
        return Emission(MotionOutputs(self._recording.motions[number]), int(self._recording.times_ns[number]))

    def length(self) -> int | None:
        """Return how many moments there are."""
        return None if self._recording is None else len(self._recording.motions)

    def close(self, outcome: Outcome) -> None:
        """Let go of the recording."""
        self._recording = None
