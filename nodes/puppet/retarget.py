"""Brings a driver's motion onto a puppet."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from vivant.graph.node import Lane, Node, NodeContext
from vivant.graph.packet import Packet, Tick
from vivant.graph.params import param
from vivant.graph.port import latest, output, tick
from vivant.nodes.formats.arkit import BLENDSHAPES
from vivant.nodes.formats.motion import FaceMotion
from vivant.nodes.formats.puppet import Puppet, PuppetPose
from vivant.nodes.formats.response import PuppetResponse
from vivant.nodes.formats.rotation import rotation_matrix
from vivant.nodes.puppet.asking import Asking
from vivant.nodes.puppet.own_life import OwnLife, OwnLifeParams
from vivant.nodes.puppet.posing import pose, taken_over
from vivant.nodes.puppet.worn import Worn

_IS_GAZE = np.array([name.startswith("eyeLook") for name in BLENDSHAPES], np.float32)
_IS_LID = np.array([name.startswith("eyeBlink") for name in BLENDSHAPES], np.float32)
_IS_EXPRESSION = 1 - _IS_GAZE - _IS_LID


class Expression(StrEnum):
    """Whose expression."""

    ABSOLUTE = "absolute"
    """The driver's: a smiling portrait can look serious."""
    RELATIVE = "relative"
    """The portrait's own, and the driver's change added to it."""


class RetargetParams(OwnLifeParams):
    """How motion is taken over."""

    expression: Expression = param(
        Expression.ABSOLUTE, "The driver's expression, or the portrait's own plus its change."
    )
    expression_gain: float = param(
        1.0, "How strong expressions are; 1 as the driver's. Lids always close as far as the driver's.", ge=0, le=2
    )
    head_gain: float = param(1.0, "How far the head turns; 1 as far as the driver's.", ge=0, le=2)
    gaze_gain: float = param(1.0, "How far the eyes look aside; 1 as far as the driver's.", ge=0, le=2)
    most_yaw_deg: float = param(
        0.0, "How far the head turns sideways at most; 0: as far as the picture bears.", ge=0, le=80
    )
    most_pitch_deg: float = param(0.0, "How far the head nods at most; 0: as far as the picture bears.", ge=0, le=60)
    mirror: bool = param(False, "Swap left and right, as in a mirror.")


@dataclass(frozen=True)
class RetargetInputs:
    """Motion, and what it moves."""

    tick: Packet[Tick] = tick()
    motion: Packet[FaceMotion | None] | None = latest(
        "The driver's expression and head pose; None: no face now. Until it comes the puppet rests."
    )
    puppet: Packet[Puppet] = latest("The puppet.")
    response: Packet[PuppetResponse | None] | None = latest(
        "How the puppet answers, from puppet.probe: then it is asked what reads back as the driver."
    )


@dataclass(frozen=True)
class RetargetOutputs:
    """The result."""

    pose: PuppetPose = output("How the puppet is bent.")


class PuppetRetarget(
    Node[RetargetParams, RetargetInputs, RetargetOutputs], type="puppet.retarget", lane=Lane.RENDER, draws=False
):
    """Brings a driver's motion onto a puppet: expression, gaze and head turn relative to the driver's neutral.

    Where motion is not told from neutral, the driver's first face says what that is. While there is no face, or its
    camera gives no frames, the puppet lives by itself as `OwnLife` says.
    """

    _last: FaceMotion | None = None

    def __init__(self, params: RetargetParams) -> None:
        """Begin at rest."""
        super().__init__(params)
        self._life = OwnLife(params.seed)
        self._asking = Asking()

    def open(self, context: NodeContext) -> None:
        """Compile what finds the turn to be asked, so that the first frame does not wait for it."""
        if "response" in context.connected:
            from vivant.nodes.puppet.turn_response import compile_turn

            compile_turn()

    def process(self, inputs: RetargetInputs) -> RetargetOutputs:
        """Pose the puppet for one frame."""
        motion, puppet = inputs.motion, inputs.puppet.value
        seen_ns = None
        if motion is not None and motion.value is not None:
            self._last, seen_ns = motion.value, motion.t_ns
        response = None if inputs.response is None else inputs.response.value
        now_ns = inputs.tick.value.now_ns
        driven = None if self._last is None else self._taken_over(self._last, puppet, response, now_ns)
        worn = self._life.step(now_ns, seen_ns, driven, puppet, self.params)
        shift = np.array([0.0, worn.rise * puppet.face_width, 0.0])
        turn = rotation_matrix(worn.turn)
        return RetargetOutputs(pose(puppet, worn.weights, turn, shift, worn.details, worn.contact))

    def _taken_over(self, motion: FaceMotion, puppet: Puppet, response: PuppetResponse | None, now_ns: int) -> Worn:
        wanted = self._asking.step(motion, puppet, response, now_ns, mirror=self.params.mirror)
        weights, details, touching = wanted.weights, wanted.details, wanted.touching
        vector = self.params.head_gain * wanted.turn
        gain = np.float32(self.params.expression_gain) * _IS_EXPRESSION + np.float32(self.params.gaze_gain) * _IS_GAZE
        gain += _IS_LID
        if self.params.expression is Expression.RELATIVE:
            worn = puppet.expression + gain * (weights - wanted.neutral_weights)
            weights = weights - wanted.neutral_weights
            touching = touching * puppet.lips.closed  # a mouth that the picture shows open stays so
            if details is not None and wanted.neutral_details is not None:
                details = details - wanted.neutral_details
        else:
            worn = gain * weights
        if details is not None:
            details = taken_over(puppet, weights, details)
            details[:-2] *= np.float32(self.params.expression_gain)
            details[-2:] *= np.float32(self.params.gaze_gain)
        limited = self._limited(vector, puppet.turn_limits)
        return Worn(np.clip(worn, 0, 1).astype(np.float32), limited, details=details, contact=touching)

    def _limited(
        self, vector: npt.NDArray[np.float64], limits: tuple[float, float, float, float]
    ) -> npt.NDArray[np.float64]:
        """Ease pitch (x) and yaw (y) of a rotation vector into their limits: those set, else the picture's."""
        out = vector.copy()
        for axis, most_deg in ((0, self.params.most_pitch_deg), (1, self.params.most_yaw_deg)):
            own = limits[2 * axis + (1 if vector[axis] > 0 else 0)]
            out[axis] = eased(float(vector[axis]), float(np.radians(most_deg)) if most_deg else own)
        return out


def eased(value: float, most: float) -> float:
    """Follow `value` up to 0.7 `most`, then approach `most` ever slower, without a kink."""
    knee = 0.7 * most
    if abs(value) <= knee or most == 0:
        return value if most else 0.0
    room = most - knee
    return float(np.sign(value) * (knee + room * np.tanh((abs(value) - knee) / room)))
