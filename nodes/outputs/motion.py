"""Motion into a file, as it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vivant.graph.errors import VivantError
from vivant.graph.node import Node, NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.graph.params import Cost, NodeParams, param
from vivant.graph.port import NoOutputs, trigger
from vivant.nodes.formats.motion import FaceMotion
from vivant.nodes.formats.motion_recording import MotionRecording
from vivant.nodes.outputs.given_target import given_target
from vivant.nodes.outputs.part_file import PartFile


class MotionOutputParams(NodeParams):
    """Parameters of `MotionOutput`."""

    path: str = param("", "The file to write (.npz).", cost=Cost.REOPEN)
    without_face: bool = param(False, "Write it even if no face was seen at all.")


@dataclass(frozen=True)
class MotionOutputInputs:
    """Inputs of `MotionOutput`."""

    motion: Packet[FaceMotion | None] = trigger("Expression and head pose; None: no face now.")


class MotionOutput(Node[MotionOutputParams, MotionOutputInputs, NoOutputs], type="output.motion", exclusive=True):
    """Writes a driver's motion with all that is known of it, for source.motion to play and puppet.probe to study.

    It appears under its name at the end, also after Ctrl-C; a run that fails leaves nothing. An hour at
    30 Hz takes 140 MB, and as much memory meanwhile.
    """

    _part: PartFile | None = None

    def open(self, context: NodeContext) -> None:
        """Begin the file.

        Raises:
            VivantError: No path, another ending than .npz, or a place that cannot be written to.
        """
        target = given_target(context, self.params.path, ending=".npz", kind="a recording of motion")
        self._times_ns: list[int] = []
        self._motions: list[FaceMotion | None] = []
        self._part = PartFile(target)

    def process(self, inputs: MotionOutputInputs) -> None:
        """Note one moment."""
        if self._part is None:
            raise RuntimeError("process() before open()")
        # time stands still rather than go back
        self._times_ns.append(max([inputs.motion.t_ns, *self._times_ns[-1:]]))
        self._motions.append(inputs.motion.value)

    def close(self, outcome: Outcome) -> None:
        """Write the file, or remove it if the run failed.

        Raises:
            VivantError: It cannot be written, or no face was seen.
        """
        part, self._part = self._part, None
        if part is None:
            return
        try:
            seen = any(motion is not None for motion in self._motions)
            if outcome is not Outcome.FAILED and (seen or (self.params.without_face and self._motions)):
                times = np.array(self._times_ns, np.int64)
                part.write(MotionRecording(times - times[0], tuple(self._motions)).save)
            elif outcome is Outcome.DONE:
                raise VivantError("no face was seen, so no motion was written", where=str(part.target))
        finally:
            part.discard()
