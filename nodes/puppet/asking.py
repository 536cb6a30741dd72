"""What a puppet is asked for a driver's motion, so that the tracker reads from it what it reads from the driver."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vivant.nodes.formats.head_angles import change_of_angles, turned_by
from vivant.nodes.formats.motion import FaceMotion
from vivant.nodes.formats.puppet import Puppet
from vivant.nodes.formats.response import PuppetResponse

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """What a puppet is asked, before anyone's taste: gains, limits, whose expression.

    Attributes:
        weights: ``float32 (52,)``.
        details: As `FaceMotion.details`; None: nothing is known beyond the weights.
        turn: Rotation vector ``(3,)`` of the head from rest.
        neutral_weights: The driver's at neutral ``(52,)``.
        neutral_details: The same of details; None: 0.
        touching: How lips touch, as `vivant.nodes.puppet.lip_contact.contact` says.
        corrected: Whether that is what reads back as the driver; else it is the driver's own motion.
        scores: What the tracker shall read of it ``(52,)``, where `corrected`.
    """

    weights: F32
    details: F32 | None
    turn: F64
    neutral_weights: F32
    neutral_details: F32 | None
    touching: F32
    corrected: bool
    scores: F32 | None = None


class Asking:
    """Follows one driver: its neutral, and how far its level lies from the puppet's.

    Where motion is not told from neutral, the driver's first face says what that is.
    """

    def __init__(self) -> None:
        from vivant.nodes.puppet.correction import Correction

        self._neutral: FaceMotion | None = None
        self._correction = Correction()
        self._corrected_ns: int | None = None

    def step(
        self, motion: FaceMotion, puppet: Puppet, response: PuppetResponse | None, now_ns: int, *, mirror: bool = False
    ) -> Wanted:
        """Say what is asked for one moment.

        Args:
            motion: The driver's.
            puppet: Who is asked.
            response: How the puppet answers; None: not known.
            now_ns: The moment's time.
            mirror: Swap left and right.
        """
        from vivant.nodes.puppet.lip_contact import contact

        weights, details, scores = motion.weights, motion.details, motion.scores
        neutral_weights, neutral_rotation, neutral_details = np.zeros_like(weights), np.eye(3), None
        if not motion.from_neutral:
            self._neutral = self._neutral or motion
            neutral_weights, neutral_details = self._neutral.weights, self._neutral.details
            neutral_rotation = self._neutral.rotation.astype(np.float64)
        change = change_of_angles(neutral_rotation, motion.rotation.astype(np.float64))
        if mirror:
            from vivant.nodes.puppet.mirroring import mirrored_details, mirrored_rotation_vector, mirrored_weights

            weights, neutral_weights = mirrored_weights(weights), mirrored_weights(neutral_weights)
            details, neutral_details = mirrored_details(details), mirrored_details(neutral_details)
            change = mirrored_rotation_vector(change)
            scores = None if scores is None else mirrored_weights(scores)
        touching = contact(puppet.lips, weights, details)
        if response is None or scores is None or details is None:
            turn = turned_by(puppet.head_rotation.astype(np.float64), change)
            return Wanted(weights, details, turn, neutral_weights, neutral_details, touching, corrected=False)

        from vivant.nodes.puppet.correction import Asked
        from vivant.nodes.puppet.turn_response import asked_turn, leak_of

        no_details = np.zeros_like(details) if neutral_details is None else neutral_details
        leak = leak_of(response, weights, details) - leak_of(response, neutral_weights, no_details)
        turn = asked_turn(response, turned_by(response.turn_rest, change), leak)
        dt_s = 0.0 if self._corrected_ns is None else max(0.0, (now_ns - self._corrected_ns) / 1e9)
        self._corrected_ns = now_ns
        asked = self._correction.step(response, Asked(weights, details, turn), scores, dt_s)
        return Wanted(
            asked.weights,
            asked.details,
            turn,
            neutral_weights,
            neutral_details,
            touching,
            corrected=True,
            scores=scores,
        )
