"""Brings a driver's motion onto a puppet."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vivant.graph.node import Lane, Node
from vivant.graph.packet import Packet, Tick
from vivant.graph.params import NodeParams, param
from vivant.graph.port import latest, output, tick
from vivant.nodes.formats.motion import FaceMotion
from vivant.nodes.formats.puppet import Puppet, PuppetPose
from vivant.nodes.formats.response import PuppetResponse
from vivant.nodes.puppet.posing import pose, rotation_matrix, rotation_vector, taken_over
from vivant.nodes.puppet.presence import DriverPresence, Presence

if TYPE_CHECKING:
    from vivant.nodes.puppet.correction import Correction


class Expression(StrEnum):
    """Whose expression."""

    ABSOLUTE = "absolute"
    """The driver's: a smiling portrait can look serious."""
    RELATIVE = "relative"
    """The portrait's own, and the driver's change added to it."""


class RetargetParams(NodeParams):
    """How motion is taken over."""

    expression: Expression = param(
        Expression.ABSOLUTE, "The driver's expression, or the portrait's own plus its change."
    )
    expression_gain: float = param(1.0, "How strong expressions are; 1 as the driver's.", ge=0, le=2)
    head_gain: float = param(1.0, "How far the head turns; 1 as far as the driver's.", ge=0, le=2)
    most_yaw_deg: float = param(
        0.0, "How far the head turns sideways at most; 0: as far as the picture bears.", ge=0, le=80
    )
    most_pitch_deg: float = param(0.0, "How far the head nods at most; 0: as far as the picture bears.", ge=0, le=60)
    mirror: bool = param(False, "Swap left and right, as in a mirror.")
    hold_s: float = param(1.0, "How long the last pose is held when the driver's face is lost.", ge=0.2, le=3600)
    settle_s: float = param(1.5, "How long the puppet then takes to come to rest.", ge=0, le=60)
    fade_s: float = param(0.4, "How soon it follows again when the face is back.", ge=0, le=10)


@dataclass(frozen=True)
class RetargetInputs:
    """Motion, and what it moves."""

    tick: Packet[Tick] = tick()
    motion: Packet[FaceMotion | None] | None = latest(
        "The driver's expression and head pose; None: no face now. Until it comes the puppet rests."
    )
    puppet: Packet[Puppet] = latest("The puppet.")
    response: Packet[PuppetResponse | None] | None = latest(
        "How the puppet answers, from puppet.tune: then it is asked what reads back as the driver."
    )


@dataclass(frozen=True)
class RetargetOutputs:
    """The result."""

    pose: PuppetPose = output("How the puppet is bent.")


class PuppetRetarget(Node[RetargetParams, RetargetInputs, RetargetOutputs], type="puppet.retarget", lane=Lane.RENDER):
    """Brings a driver's motion onto a puppet: expression, gaze and head turn relative to the driver's neutral.

    The driver's first face says what neutral is. Until a face was seen the puppet rests: it is the picture. When
    the face is lost, or its camera gives no frames any more, the last pose is held, then eased to rest; when it is
    back, what is shown is cross-faded to it.
    """

    _neutral: FaceMotion | None = None
    _last: FaceMotion | None = None

    def __init__(self, params: RetargetParams) -> None:
        """Begin at rest."""
        super().__init__(params)
        self._driver = DriverPresence()
        self._shown: _Worn | None = None
        self._from: _Worn | None = None
        self._correction: Correction | None = None
        self._corrected_ns: int | None = None

    def process(self, inputs: RetargetInputs) -> RetargetOutputs:
        """Pose the puppet for one frame."""
        motion, puppet, params = inputs.motion, inputs.puppet.value, self.params
        seen_ns = None
        if motion is not None and motion.value is not None:
            self._last, seen_ns = motion.value, motion.t_ns
        response = None if inputs.response is None else inputs.response.value
        times_ns = (round(s * 1e9) for s in (params.hold_s, params.settle_s, params.fade_s))
        if self._driver.step(inputs.tick.value.now_ns, seen_ns, *times_ns):
            self._from = self._shown
        rest = _Worn(puppet.expression, np.zeros(3))
        gone = self._driver.presence is Presence.SETTLING
        worn = rest
        if not gone and self._last is not None:
            worn = self._taken_over(self._last, puppet, response, inputs.tick.value.now_ns)
        if self._driver.progress < 1 and self._from is not None:
            worn = self._from.towards(worn, self._driver.progress)
        self._shown = worn
        return RetargetOutputs(pose(puppet, worn.weights, rotation_matrix(worn.turn), np.zeros(3), worn.details))

    def _taken_over(self, motion: FaceMotion, puppet: Puppet, response: PuppetResponse | None, now_ns: int) -> _Worn:
        if self._neutral is None:
            self._neutral = motion
        weights, neutral_weights = motion.weights, self._neutral.weights
        details, neutral_details = motion.details, self._neutral.details
        turn = motion.rotation.astype(np.float64) @ self._neutral.rotation.astype(np.float64).T
        vector, scores = rotation_vector(turn), motion.scores
        if self.params.mirror:
            from vivant.nodes.puppet.mirroring import mirrored_details, mirrored_rotation_vector, mirrored_weights

            weights, neutral_weights = mirrored_weights(weights), mirrored_weights(neutral_weights)
            details, neutral_details = mirrored_details(details), mirrored_details(neutral_details)
            vector = mirrored_rotation_vector(vector)
            scores = None if scores is None else mirrored_weights(scores)
        if response is not None and scores is not None and details is not None:
            from vivant.nodes.puppet.correction import Asked, Correction

            if self._correction is None:
                self._correction = Correction()
            dt_s = 0.0 if self._corrected_ns is None else max(0.0, (now_ns - self._corrected_ns) / 1e9)
            self._corrected_ns = now_ns
            asked = self._correction.step(response, Asked(weights, details, vector), scores, dt_s)
            weights, details, vector = asked.weights, asked.details, asked.turn
        vector = self.params.head_gain * vector
        gain = np.float32(self.params.expression_gain)
        if self.params.expression is Expression.RELATIVE:
            worn = puppet.expression + gain * (weights - neutral_weights)
            weights = weights - neutral_weights
            if details is not None and neutral_details is not None:
                details = details - neutral_details
        else:
            worn = gain * weights
        if details is not None:
            details = gain * taken_over(puppet, weights, details)
        return _Worn(np.clip(worn, 0, 1).astype(np.float32), self._limited(vector, puppet.turn_limits), details)

    def _limited(
        self, vector: npt.NDArray[np.float64], limits: tuple[float, float, float, float]
    ) -> npt.NDArray[np.float64]:
        """Ease pitch (x) and yaw (y) of a rotation vector into their limits: those set, else the picture's."""
        out = vector.copy()
        for axis, most_deg in ((0, self.params.most_pitch_deg), (1, self.params.most_yaw_deg)):
            own = limits[2 * axis + (1 if vector[axis] > 0 else 0)]
            out[axis] = eased(float(vector[axis]), float(np.radians(most_deg)) if most_deg else own)
        return out


@dataclass(frozen=True, slots=True, eq=False)
class _Worn:
    """Expression ``float32 (52,)``, turn of the head as a rotation vector in radians ``(3,)``, and details."""

    weights: npt.NDArray[np.float32]
    turn: npt.NDArray[np.float64]
    details: npt.NDArray[np.float32] | None = None

    def towards(self, other: _Worn, share: float) -> _Worn:
        # turns of a head stay far below 180 degrees: there the straight line between two of them is good enough
        weights = self.weights + np.float32(share) * (other.weights - self.weights)
        fades = [
            part * details
            for part, details in ((1 - share, self.details), (share, other.details))
            if details is not None
        ]
        details = np.asarray(sum(fades), np.float32) if fades else None
        return _Worn(weights.astype(np.float32), self.turn + share * (other.turn - self.turn), details)


def eased(value: float, most: float) -> float:
    """Follow `value` up to 0.7 `most`, then approach `most` ever slower, without a kink."""
    knee = 0.7 * most
    if abs(value) <= knee or most == 0:
        return value if most else 0.0
    room = most - knee
    return float(np.sign(value) * (knee + room * np.tanh((abs(value) - knee) / room)))
