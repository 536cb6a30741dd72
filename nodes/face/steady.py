"""Takes the tracker's noise out of motion."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from vivant.graph.node import Emission, Node, NodeContext
from vivant.graph.packet import Packet
from vivant.graph.params import Cost, NodeParams, param
from vivant.graph.port import output, trigger
from vivant.nodes.face.noise_gate import NoiseGate
from vivant.nodes.formats.arkit import BLENDSHAPES
from vivant.nodes.formats.motion import FaceMotion
from vivant.nodes.puppet.posing import rotation_matrix, rotation_vector

F64 = npt.NDArray[np.float64]

AHEAD = 4
"""Frames that are waited for offline."""
EXPRESSION_MS, TURN_MS = 50.0, 90.0
"""Deviation of the window at calm 1. A blink of 150 ms keeps 88 % of its height at the default of 0.5, a nod all."""
LONGEST_GAP_NS = 250_000_000
_EYES = np.array([i for i, name in enumerate(BLENDSHAPES) if name.startswith("eye")])


class SteadyParams(NodeParams):
    """How much."""

    calm: float = param(
        0.5, "0 changes nothing, 1 is calmest. Offline this costs no lag, as the frames that follow are known, too.",
        ge=0, le=1, cost=Cost.REOPEN,
    )  # fmt: skip


@dataclass(frozen=True)
class SteadyInputs:
    """Motion as it was tracked."""

    motion: Packet[FaceMotion | None] = trigger("A driver's motion; None: no face now.")


@dataclass(frozen=True)
class SteadyOutputs:
    """The result."""

    motion: FaceMotion | None = output("The steadied motion; None: no face now.")


@dataclass(frozen=True, slots=True, eq=False)
class _Moment:
    packet: Packet[FaceMotion | None]
    turn: F64


class FaceSteady(Node[SteadyParams, SteadyInputs, SteadyOutputs], type="face.steady"):
    """Takes the tracker's noise out of motion: offline with a look ahead and without lag, live where eyes are noisy.

    Offline every frame is answered four frames late with its own time: a Gaussian mean over the frames before and
    after. Live only what is seen to be noise in lids and gaze is held back, at no cost where there is none; the rest is
    for `puppet.smooth`, at the display's rate.
    """

    def open(self, context: NodeContext) -> None:
        """Take note of whether frames wait for each other."""
        self._ahead = AHEAD if context.offline and self.params.calm > 0 else 0
        self._gate = NoiseGate()
        self._moments: deque[_Moment] = deque(maxlen=2 * AHEAD + 1)
        self._given = 0

    def process(self, inputs: SteadyInputs) -> SteadyOutputs | Emission[SteadyOutputs] | None:
        """Steady one frame; offline the one that came four frames before."""
        if not self._ahead:
            return SteadyOutputs(self._live(inputs.motion.value))
        motion = inputs.motion.value
        turn = np.zeros(3) if motion is None else rotation_vector(motion.rotation.astype(np.float64))
        self._moments.append(_Moment(inputs.motion, turn))
        self._given += 1
        if self._given <= self._ahead:
            return None
        return self._steadied(len(self._moments) - 1 - self._ahead)

    def drain(self) -> Iterable[Emission[SteadyOutputs]]:
        """Return the last frames: nothing follows them."""
        if self._ahead:
            count = len(self._moments)
            for index in range(max(0, count - min(self._ahead, self._given)), count):
                yield self._steadied(index)

    def _live(self, motion: FaceMotion | None) -> FaceMotion | None:
        if motion is None or self.params.calm == 0:
            self._gate.reset()
            return motion
        weights = motion.weights.astype(np.float64)
        weights[_EYES] += 2 * min(0.5, self.params.calm) * (self._gate(weights[_EYES]) - weights[_EYES])
        return replace(motion, weights=weights.astype(np.float32))

    def _steadied(self, index: int) -> Emission[SteadyOutputs]:
        moments = tuple(self._moments)
        middle = moments[index].packet
        if middle.value is None:
            return Emission(SteadyOutputs(None), middle.t_ns, middle.seq)
        reach = min(index - _reach(moments, index, -1), _reach(moments, index, 1) - index, self._ahead)
        # as many before as after: a window that hangs over to one side would lag, or run ahead
        near = moments[index - reach : index + reach + 1]
        away_ms = np.array([(m.packet.t_ns - middle.t_ns) / 1e6 for m in near])
        faces = [m.packet.value for m in near if m.packet.value is not None]
        weights = _share(away_ms, self.params.calm * EXPRESSION_MS) @ np.array([f.weights for f in faces], np.float64)
        turn = _share(away_ms, self.params.calm * TURN_MS) @ np.array([m.turn for m in near])
        motion = replace(
            middle.value, weights=weights.astype(np.float32), rotation=rotation_matrix(turn).astype(np.float32)
        )
        return Emission(SteadyOutputs(motion), middle.t_ns, middle.seq)


def _reach(moments: tuple[_Moment, ...], index: int, way: int) -> int:
    """Return how far from `index` there are faces without a gap."""
    while 0 <= index + way < len(moments):
        here, there = moments[index].packet, moments[index + way].packet
        if there.value is None or abs(there.t_ns - here.t_ns) > LONGEST_GAP_NS:
            break
        index += way
    return index


def _share(away_ms: F64, deviation_ms: float) -> F64:
    weights = np.exp(-0.5 * (away_ms / deviation_ms) ** 2)
    return np.asarray(weights / weights.sum())
