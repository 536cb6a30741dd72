"""Brings a driver's motion onto a puppet."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from vivant.graph.node import Lane, Node
from vivant.graph.packet import Packet, Tick
from vivant.graph.params import NodeParams, param
from vivant.graph.port import latest, output, tick
from vivant.nodes.formats.motion import FaceMotion
from vivant.nodes.formats.puppet import Puppet, PuppetPose
from vivant.nodes.puppet.posing import pose, rotation_matrix, rotation_vector


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
    most_yaw_deg: float = param(40.0, "How far the head turns sideways at most.", ge=0, le=80)
    most_pitch_deg: float = param(25.0, "How far the head nods at most.", ge=0, le=60)
    mirror: bool = param(False, "Swap left and right, as in a mirror.")


@dataclass(frozen=True)
class RetargetInputs:
    """Motion, and what it moves."""

    tick: Packet[Tick] = tick()
    motion: Packet[FaceMotion | None] = latest("The driver's expression and head pose; None: no face now.")
    puppet: Packet[Puppet] = latest("The puppet.")


@dataclass(frozen=True)
class RetargetOutputs:
    """The result."""

    pose: PuppetPose = output("How the puppet is bent.")


class PuppetRetarget(Node[RetargetParams, RetargetInputs, RetargetOutputs], type="puppet.retarget", lane=Lane.RENDER):
    """Brings a driver's motion onto a puppet: expression, gaze and head turn relative to the driver's neutral.

    The driver's first face says what neutral is. Until a face was seen the puppet rests: it is the picture. When
    the face is lost, the last pose is held.
    """

    _neutral: FaceMotion | None = None
    _last: FaceMotion | None = None

    def process(self, inputs: RetargetInputs) -> RetargetOutputs:
        """Pose the puppet for one frame."""
        motion, puppet = inputs.motion.value, inputs.puppet.value
        if motion is None:
            motion = self._last
        if motion is None:
            return RetargetOutputs(pose(puppet, puppet.expression, np.eye(3), np.zeros(3)))
        self._last = motion
        if self._neutral is None:
            self._neutral = motion
        weights, neutral_weights = motion.weights, self._neutral.weights
        turn = motion.rotation.astype(np.float64) @ self._neutral.rotation.astype(np.float64).T
        vector = rotation_vector(turn) * self.params.head_gain
        if self.params.mirror:
            from vivant.nodes.puppet.mirroring import mirrored_rotation_vector, mirrored_weights

            weights, neutral_weights = mirrored_weights(weights), mirrored_weights(neutral_weights)
            vector = mirrored_rotation_vector(vector)
        gain = np.float32(self.params.expression_gain)
        if self.params.expression is Expression.RELATIVE:
            worn = puppet.expression + gain * (weights - neutral_weights)
        else:
            worn = gain * weights
        worn = np.clip(worn, 0, 1).astype(np.float32)
        limited = self._limited(vector)
        return RetargetOutputs(pose(puppet, worn, rotation_matrix(limited), np.zeros(3)))

    def _limited(self, vector: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Ease pitch (x) and yaw (y) of a rotation vector into their limits."""
        out = vector.copy()
        for axis, most_deg in ((0, self.params.most_pitch_deg), (1, self.params.most_yaw_deg)):
            out[axis] = eased(float(vector[axis]), float(np.radians(most_deg)))
        return out


def eased(value: float, most: float) -> float:
    """Follow `value` up to 0.7 `most`, then approach `most` ever slower, without a kink."""
    knee = 0.7 * most
    if abs(value) <= knee or most == 0:
        return value if most else 0.0
    room = most - knee
    return float(np.sign(value) * (knee + room * np.tanh((abs(value) - knee) / room)))
