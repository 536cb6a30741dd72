"""Changes how single expressions are taken over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vivant.graph.node import Node, NodeContext
from vivant.graph.packet import Packet
from vivant.graph.params import Cost, NodeParams, param
from vivant.graph.port import output, trigger
from vivant.nodes.face.tuning import Tuning, read_tuning
from vivant.nodes.formats.motion import FaceMotion

LONGEST_GAP_NS = 250_000_000


class TuneParams(NodeParams):
    """Where it is written."""

    path: str = param(
        "", "JSON file with input, output, curve and smooth_ms by ARKit name; empty: nothing is changed.",
        cost=Cost.REOPEN,
    )  # fmt: skip


@dataclass(frozen=True)
class TuneInputs:
    """What is tuned."""

    motion: Packet[FaceMotion | None] = trigger("A driver's motion; None: no face now.")


@dataclass(frozen=True)
class TuneOutputs:
    """The result."""

    motion: FaceMotion | None = output("The motion with its expressions tuned; None: no face now.")


class FaceTune(Node[TuneParams, TuneInputs, TuneOutputs], type="face.tune"):
    """Gives single expressions an input range, an output range, a curve and a smoothing, from a file.

    Saving the file takes effect at once. `rest` is tuned with the expression, so that neutral stays neutral.
    """

    def open(self, context: NodeContext) -> None:
        """Read the file.

        Raises:
            VivantError: It cannot be read or is wrong.
        """
        self._file = context.resolve(self.params.path) if self.params.path else None
        self._take(read_tuning(self._file) if self._file else Tuning(version=1, shapes={}))
        self._before: npt.NDArray[np.float32] | None = None
        self._last_ns = 0

    def process(self, inputs: TuneInputs) -> TuneOutputs:
        """Tune one frame."""
        motion, t_ns = inputs.motion.value, inputs.motion.t_ns
        if motion is None or not len(self._index):
            self._before = None
            return TuneOutputs(motion)
        weights = self._tuned(motion.weights)
        passed_ns, self._last_ns = t_ns - self._last_ns, t_ns
        if self._before is not None and 0 < passed_ns <= LONGEST_GAP_NS:
            with np.errstate(divide="ignore"):
                share = 1 - np.exp(-passed_ns / (self._smooth_ms * 1e6))
            index = self._index
            weights[index] = self._before[index] + share.astype(np.float32) * (weights[index] - self._before[index])
        self._before = weights
        rest = None if motion.rest is None else self._tuned(motion.rest)
        return TuneOutputs(replace(motion, weights=weights, rest=rest))

    def files(self) -> Iterable[Path]:
        """Return the tuning's file."""
        return () if self._file is None else (self._file,)

    def reload(self, changed: frozenset[Path]) -> None:
        """Read the file again.

        Raises:
            VivantError: It is wrong; the last good one stays in force.
        """
        if self._file is not None:
            self._take(read_tuning(self._file))

    def _take(self, tuning: Tuning) -> None:
        found = tuning.by_index()
        values = list(found.values())
        self._index = np.array(list(found), np.intp)
        self._input = np.array([t.input for t in values], np.float32).reshape(-1, 2)
        self._output = np.array([t.output for t in values], np.float32).reshape(-1, 2)
        self._curve = np.array([t.curve for t in values], np.float32)
        self._smooth_ms = np.array([t.smooth_ms for t in values], np.float64)

    def _tuned(self, weights: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        out = weights.copy()
        low, high = self._input.T
        share = np.clip((weights[self._index] - low) / (high - low), 0, 1) ** self._curve
        floor, ceiling = self._output.T
        out[self._index] = floor + share * (ceiling - floor)
        return out
