"""Chooses who drives: the first that is alive."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from vivant.graph.node import Emission, Lane, Node
from vivant.graph.packet import Packet, Tick
from vivant.graph.params import NodeParams, param
from vivant.graph.port import latest, output, tick
from vivant.nodes.formats.motion import FaceMotion, faded
from vivant.nodes.formats.rotation import rotation_matrix, rotation_vector

F32 = npt.NDArray[np.float32]


class PriorityParams(NodeParams):
    """When another takes over, and how."""

    alive_s: float = param(0.6, "How long a source counts as alive after its last face.", ge=0.05, le=60)
    wait_s: float = param(0.3, "How long a source of higher rank must be back before it takes over.", ge=0, le=60)
    fade_s: float = param(0.5, "Over how long what is shown is cross-faded from one to the other.", ge=0, le=10)


Motion = Packet[FaceMotion | None]


@dataclass(frozen=True)
class PriorityInputs:
    """Sources, the highest rank first."""

    tick: Packet[Tick] = tick()
    first: Motion | None = latest("Drives whenever it is alive.")
    second: Motion | None = latest("Drives while the first is not.")
    third: Motion | None = latest("Drives while neither of them is.")
    fourth: Motion | None = latest("Drives while none of them is.")


@dataclass(frozen=True)
class PriorityOutputs:
    """The result."""

    motion: FaceMotion | None = output("The motion of who drives now; None: nobody is alive.")


class ControlPriority(
    Node[PriorityParams, PriorityInputs, PriorityOutputs], type="control.priority", lane=Lane.RENDER, draws=False
):
    """Lets the source of highest rank drive that is alive, and cross-fades when that changes.

    Alive is a source whose last face is not older than `alive_s`: one that is silent, sees nobody or failed makes way
    for the next, and takes over again when it has been back for a moment. A camera before a recorded performance, say.
    Of a source whose motion is not told from neutral, the first face says what neutral is. Smooth each source before.
    """

    def __init__(self, params: PriorityParams) -> None:
        """Begin with nobody."""
        super().__init__(params)
        self._faces: dict[int, Packet[FaceMotion]] = {}
        self._alive_since_ns: dict[int, int] = {}
        self._neutral: dict[int, F32] = {}
        self._driving: int | None = None
        self._shown: FaceMotion | None = None
        self._from: FaceMotion | None = None
        self._from_ns = 0

    def process(self, inputs: PriorityInputs) -> PriorityOutputs | Emission[PriorityOutputs]:
        """Give the motion of one displayed frame."""
        now_ns = inputs.tick.value.now_ns
        for rank, packet in enumerate((inputs.first, inputs.second, inputs.third, inputs.fourth)):
            self._look(rank, packet, now_ns)
        chosen = self._choose()
        if chosen != self._driving:
            # nobody before, nobody to fade from: the puppet itself fades in from what it does alone
            self._from, self._from_ns = (None if self._driving is None else self._shown), now_ns
            self._driving = chosen
        if chosen is None:
            self._shown = None
            return PriorityOutputs(None)
        packet = self._faces[chosen]
        motion, fade_ns = packet.value, self.params.fade_s * 1e9
        if self._from is not None:
            share = (now_ns - self._from_ns) / fade_ns if fade_ns > 0 else 1.0
            if share < 1:
                motion = _between(self._from, motion, share * share * (3 - 2 * share))
            else:
                self._from = None
        self._shown = motion
        return Emission(PriorityOutputs(motion), packet.t_ns, packet.seq)

    def _look(self, rank: int, packet: Motion | None, now_ns: int) -> None:
        """Take note of who is alive, and since when."""
        if packet is not None and packet.value is not None:
            self._faces[rank] = Packet(self._from_neutral(rank, packet.value), packet.t_ns, packet.seq, packet.gap)
        face = self._faces.get(rank)
        if face is None or now_ns - face.t_ns > self.params.alive_s * 1e9:
            self._alive_since_ns.pop(rank, None)
        else:
            self._alive_since_ns.setdefault(rank, face.t_ns)

    def _from_neutral(self, rank: int, motion: FaceMotion) -> FaceMotion:
        """Return a motion whose turn counts from neutral: else two sources could not be faded into each other."""
        if motion.from_neutral:
            return motion
        neutral = self._neutral.setdefault(rank, motion.rotation)
        return replace(motion, rotation=motion.rotation @ neutral.T, from_neutral=True)

    def _choose(self) -> int | None:
        alive = self._alive_since_ns
        for rank in sorted(alive):
            if self._driving not in alive or rank == self._driving:
                return rank
            # by its faces: one that shows up for a moment again and again is not back
            if self._faces[rank].t_ns - alive[rank] >= self.params.wait_s * 1e9:
                return rank
        return None


def _between(before: FaceMotion, after: FaceMotion, share: float) -> FaceMotion:
    def mixed(a: F32, b: F32) -> F32:
        return np.asarray(a + np.float32(share) * (b - a), np.float32)

    # heads face each other's way within a right angle: there the way is unique
    way = rotation_vector(after.rotation.astype(np.float64) @ before.rotation.astype(np.float64).T)
    rotation = rotation_matrix(share * way) @ before.rotation.astype(np.float64)
    return FaceMotion(
        mixed(before.weights, after.weights),
        rotation.astype(np.float32),
        mixed(before.translation, after.translation),
        from_neutral=True,
        details=faded(before.details, after.details, share),
        scores=faded(before.scores, after.scores, share),
    )
