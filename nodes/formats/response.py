"""How a puppet, when it is drawn and read by the tracker, answers to what it is asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PuppetResponse:
    """A linear model of drawing and reading one puppet, and what corrections may be made by it.

    C controls (parts of brows, lids, irises, the mouth, the jaw) and the head's turn move K scores in log-odds:
    ``log(s / (1 - s)) = offset + controls @ sensitivity[:C] + turn @ sensitivity[C:]``. Controls are linear in weights
    and details, see `vivant.nodes.puppet.controls`.

    A head turned by a rotation vector v is read to be turned from rest by another one, in radians: ``turn_gain @ v +
    turn_curve @ (v_x^2, v_y^2, v_z^2, v_x v_y, v_x v_z, v_y v_z, v_x^3, v_y^3, v_z^3)``, as the picture of a head from
    aside is not read alike to both sides, and a flat relief more the farther it is turned. Added to it is what its
    expression is read as, as far as that is to be undone: ``weights @ turn_of_weights + details : turn_of_details``.

    To the mouth's weights is added what `vivant.nodes.puppet.read_amiss` has learned of one driver: ``(scores -
    mean_scores) @ weights_of_scores``, of the driver's scores; to the log-odds with which eyes and brows shall be read,
    by ``odds_of_scores`` likewise. Nothing where it was not studied.

    Attributes:
        of_weights: ``float64 (52, C)`` what weights say of the controls.
        of_details: ``float64 (H + 2, 2, C)`` what details add to that.
        into_details: ``float64 (C, H + 2, 2)`` details that move each control by 1.
        into_jaw: ``float64 (C,)`` by how much jawOpen changes for it.
        most: ``float64 (C,)`` how far each control may be corrected; 0: not at all.
        scores: ``int32 (K,)`` which of the 52 are modelled.
        sensitivity: ``float64 (C + 3, K)`` for each unit of a control, for each radian of the turn's rotation vector.
        offset: ``float64 (K,)``.
        noise: ``float64 (K,)`` variance of what the model does not explain, cross-validated.
        stiffness: ``float64 (C, C)`` inverse covariance of the controls in natural expressions.
        turn_rest: ``float64 (3, 3)`` head to camera, as read of the puppet at rest.
        turn_gain: ``float64 (3, 3)``.
        turn_curve: ``float64 (3, 9)``.
        turn_of_weights: ``float64 (52, 3)``.
        turn_of_details: ``float64 (H + 2, 2, 3)``.
        mean_scores: ``float64 (52,)``.
        weights_of_scores: ``float64 (52, 52)``.
        odds_of_scores: ``float64 (52, K)``.
    """

    of_weights: F64
    of_details: F64
    into_details: F64
    into_jaw: F64
    most: F64
    scores: npt.NDArray[np.int32]
    sensitivity: F64
    offset: F64
    noise: F64
    stiffness: F64
    turn_rest: F64
    turn_gain: F64
    turn_curve: F64
    turn_of_weights: F64
    turn_of_details: F64
    mean_scores: F64
    weights_of_scores: F64
    odds_of_scores: F64
