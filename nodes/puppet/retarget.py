"""Brings a driver's motion onto a puppet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from vivant.graph.node import Lane, Node
from vivant.graph.packet import Packet, Tick
from vivant.graph.params import Cost, NodeParams, param
from vivant.graph.port import latest, output, tick
from vivant.nodes.formats.arkit import BLENDSHAPES, INDEX
from vivant.nodes.formats.motion import FaceMotion
from vivant.nodes.formats.puppet import Puppet, PuppetPose
from vivant.nodes.puppet.idle_life import IdleLife
from vivant.nodes.puppet.posing import look_aside, pose, rotation_matrix, rotation_vector
from vivant.nodes.puppet.presence import DriverPresence, Presence
from vivant.nodes.puppet.worn import Worn

LIDS_S = 1.0
"""Over how long it is remembered how far the driver's eyes were open."""

_BLINKS = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]
_IS_GAZE = np.array([name.startswith("eyeLook") for name in BLENDSHAPES])


class Expression(StrEnum):
    """Whose expression."""

    ABSOLUTE = "absolute"
    """The driver's: a smiling portrait can look serious."""
    RELATIVE = "relative"
    """The portrait's own, and the driver's change added to it."""


class Absence(StrEnum):
    """What the puppet does while nobody drives it. In every way it breathes, and blinks where its eyes are open."""

    HOLD = "hold"
    """It stays as it was."""
    IDLE = "idle"
    """It comes to rest, and looks about a little."""
    SLEEP = "sleep"
    """It closes its eyes."""


class RetargetParams(NodeParams):
    """How motion is taken over."""

    expression: Expression = param(
        Expression.ABSOLUTE, "The driver's expression, or the portrait's own plus its change."
    )
    expression_gain: float = param(1.0, "How strong expressions are; 1 as the driver's.", ge=0, le=2)
    head_gain: float = param(1.0, "How far the head turns; 1 as far as the driver's.", ge=0, le=2)
    gaze_gain: float = param(1.0, "How far the eyes look aside; 1 as far as the driver's.", ge=0, le=2)
    most_yaw_deg: float = param(40.0, "How far the head turns sideways at most.", ge=0, le=80)
    most_pitch_deg: float = param(25.0, "How far the head nods at most.", ge=0, le=60)
    mirror: bool = param(False, "Swap left and right, as in a mirror.")
    hold_s: float = param(1.0, "How long the last pose is held when the driver's face is lost.", ge=0.2, le=3600)
    settle_s: float = param(1.5, "How long the puppet then takes to come to rest.", ge=0, le=60)
    fade_s: float = param(0.4, "How soon it follows again when the face is back.", ge=0, le=10)
    absence: Absence = param(Absence.IDLE, "What the puppet does while there is no face.")
    life: float = param(1.0, "How strong blinks, glances, breath and drift are while there is no face.", ge=0, le=1)
    seed: int = param(0, "Whose life: the same number blinks at the same moments.", ge=0, cost=Cost.REOPEN)


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

    Where the motion is not calibrated, the driver's first face says what neutral is. When the face is lost, or its
    camera gives no frames any more, the last pose is held for a moment and then left as `absence` says; when it is
    back, what is shown is cross-faded to it. Meanwhile the puppet lives: no frame is as the one before.
    """

    _neutral: FaceMotion | None = None
    _last: FaceMotion | None = None

    def __init__(self, params: RetargetParams) -> None:
        """Begin at rest."""
        super().__init__(params)
        self._driver = DriverPresence()
        self._life = IdleLife(params.seed)
        self._awake = 0.0
        self._begin_ns: int | None = None
        self._lids: npt.NDArray[np.float32] | None = None
        self._shown: Worn | None = None
        self._from: Worn | None = None

    def process(self, inputs: RetargetInputs) -> RetargetOutputs:
        """Pose the puppet for one frame."""
        motion, puppet, params = inputs.motion, inputs.puppet.value, self.params
        tick = inputs.tick.value
        if motion.value is not None:
            self._last = motion.value
        seen_ns = motion.t_ns if motion.value is not None else None
        times_ns = (round(s * 1e9) for s in (params.hold_s, params.settle_s, params.fade_s))
        if self._driver.step(tick.now_ns, seen_ns, *times_ns):
            self._from = self._shown
        present, dt_s = self._driver.presence, tick.dt_ns / 1e9
        life = self._waken(dt_s)
        if self._last is None:
            worn = Worn.resting(puppet)
        elif present is Presence.SETTLING:
            worn = self._absent(puppet)
        else:
            worn = self._taken_over(self._last, puppet)
        if present is Presence.FOLLOWING:
            self._remember_lids(worn, dt_s)
        elif present is Presence.HOLDING:
            worn = self._eyes_open(worn, life)
        if self._driver.progress < 1 and self._from is not None:
            worn = self._from.towards(worn, self._driver.progress)
        self._shown = worn
        worn = self._alive(worn, life, tick.now_ns)
        shift = np.array([0.0, worn.rise * puppet.face_width, 0.0])
        return RetargetOutputs(pose(puppet, worn.weights, rotation_matrix(worn.turn), shift))

    def _absent(self, puppet: Puppet) -> Worn:
        match self.params.absence:
            case Absence.HOLD if self._last is not None:
                return self._eyes_open(self._taken_over(self._last, puppet), 1.0)
            case Absence.SLEEP:
                return Worn.sleeping(puppet)
            case _:
                return Worn.resting(puppet)

    def _remember_lids(self, worn: Worn, dt_s: float) -> None:
        lids = worn.weights[_BLINKS]
        share = np.float32(1.0 if self._lids is None else 1 - np.exp(-dt_s / LIDS_S))
        before = lids if self._lids is None else self._lids
        self._lids = (before + share * (lids - before)).astype(np.float32)

    def _eyes_open(self, worn: Worn, share: float) -> Worn:
        """Open the eyes as far as they mostly were: a face that was lost in a blink must not be held in it."""
        if self._lids is None:
            return worn
        weights = worn.weights.copy()
        weights[_BLINKS] += np.float32(share) * (np.minimum(weights[_BLINKS], self._lids) - weights[_BLINKS])
        return replace(worn, weights=weights)

    def _waken(self, dt_s: float) -> float:
        """Return how much of the body's own life shows: it comes where no driver says what to do, and goes again."""
        params = self.params
        driven = self._driver.presence in (Presence.FOLLOWING, Presence.RETURNING)
        wanted, takes_s = (0.0, params.fade_s) if driven else (1.0, params.hold_s)
        most = dt_s / takes_s if takes_s > 0 else 1.0
        self._awake += float(np.clip(wanted - self._awake, -most, most))
        return self._awake * self._awake * (3 - 2 * self._awake)

    def _alive(self, worn: Worn, share: float, now_ns: int) -> Worn:
        """Add the body's own life, `share` of it."""
        if self._begin_ns is None:
            self._begin_ns = now_ns
        moment = self._life.at((now_ns - self._begin_ns) / 1e9)
        share *= self.params.life
        if share == 0:
            return worn
        weights = worn.weights.copy()
        weights[_BLINKS] += (1 - weights[_BLINKS]) * np.float32(share * moment.closure)
        look_aside(weights, share * moment.gaze[0], share * moment.gaze[1])
        return Worn(weights, worn.turn + share * moment.turn, worn.rise + share * moment.rise)

    def _taken_over(self, motion: FaceMotion, puppet: Puppet) -> Worn:
        weights, turn = motion.weights, motion.rotation.astype(np.float64)
        if motion.rest is None:
            if self._neutral is None:
                self._neutral = motion
            neutral_weights = self._neutral.weights
            turn = turn @ self._neutral.rotation.astype(np.float64).T
        else:
            neutral_weights = motion.rest
            if self.params.expression is Expression.ABSOLUTE:
                # what the calibrated face wears at rest is 0, what it can do at most stays 1
                weights = np.clip((weights - motion.rest) / (1 - motion.rest).clip(0.1), 0, 1)
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
        worn = worn + np.float32(self.params.gaze_gain - 1) * np.where(_IS_GAZE, worn, np.float32(0))
        return Worn(np.clip(worn, 0, 1).astype(np.float32), self._limited(vector))

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
