"""Motion into a file that plays it again."""

from __future__ import annotations

from dataclasses import dataclass

from vivant.graph.errors import VivantError
from vivant.graph.node import Node, NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.graph.params import Cost, NodeParams, param
from vivant.graph.port import NoOutputs, trigger
from vivant.nodes.formats.motion import FaceMotion
from vivant.nodes.outputs.given_target import given_target
from vivant.nodes.outputs.part_file import PartFile
from vivant.nodes.sources.performance_clip import LONGEST_S


class PerformanceOutputParams(NodeParams):
    """Parameters of `PerformanceOutput`."""

    path: str = param("", "The file to write (.json).", cost=Cost.REOPEN)


@dataclass(frozen=True)
class PerformanceOutputInputs:
    """Inputs of `PerformanceOutput`."""

    motion: Packet[FaceMotion | None] = trigger("Expression and head pose; None: no face now, which is bridged.")


class PerformanceOutput(
    Node[PerformanceOutputParams, PerformanceOutputInputs, NoOutputs], type="output.performance", exclusive=True
):
    """Writes motion as a recorded performance, which source.performance plays and vivant export takes.

    It appears under its name at the end, also after Ctrl-C; a run that fails leaves nothing. Only the first hour is
    written.
    """

    _part: PartFile | None = None

    def open(self, context: NodeContext) -> None:
        """Begin the file.

        Raises:
            VivantError: No path, another ending than .json, or a place that cannot be written to.
        """
        target = given_target(context, self.params.path, ending=".json", kind="a performance")
        self._began_ns: int | None = None
        self._last_s = self._step_s = 0.0
        self._times: list[float] = []
        self._motions: list[FaceMotion] = []
        self._part = PartFile(target)

    def process(self, inputs: PerformanceOutputInputs) -> None:
        """Note one moment."""
        if self._part is None:
            raise RuntimeError("process() before open()")
        now_ns, motion = inputs.motion.t_ns, inputs.motion.value
        if self._began_ns is None:
            self._began_ns = now_ns
        time_s = (now_ns - self._began_ns) / 1e9
        if time_s > self._last_s:
            self._step_s, self._last_s = time_s - self._last_s, time_s
        if motion is not None and time_s < LONGEST_S and (not self._times or time_s > self._times[-1]):
            self._times.append(time_s)
            self._motions.append(motion)

    def close(self, outcome: Outcome) -> None:
        """Write the file, or remove it if the run failed.

        Raises:
            VivantError: It cannot be written, or no face was seen.
        """
        part, self._part = self._part, None
        if part is None:
            return
        try:
            if outcome is Outcome.FAILED:
                return
            if self._times:
                from vivant.nodes.outputs.performance_text import performance_text

                duration_s = min(self._last_s + (self._step_s or 0.001), LONGEST_S)
                text = performance_text(part.target.stem, self._times, self._motions, duration_s)
                part.write(lambda path: path.write_text(text, encoding="utf-8", newline="\n"))
            elif outcome is Outcome.DONE:
                raise VivantError("no face was seen, so no performance was written", where=str(part.target))
        finally:
            part.discard()
