"""How a puppet, when it is drawn and read by the tracker, answers to what it is asked."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PuppetResponse:
    """A linear model of drawing and reading one puppet, and what corrections may be made by it.

    C controls (parts of brows, lids, irises, the mouth, the jaw) and the head's turn move K scores in log-odds:
    ``log(s / (1 - s)) = offset + controls @ sensitivity[:C] + turn @ sensitivity[C:]``. Controls are linear in weights
    and details, see `vivant.nodes.puppet.controls`.

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
        turn_gain: ``float64 (3,)`` radians that are read for each that the head is turned about x, y, z.
        turn_leak: ``float64 (C, 3)`` turn that is read, in radians, for each unit of a control.
        lid_closing: ``float64 (C, 2)`` by how much each control closes the right and the left eye, 1: wholly.
        lid_closed: ``float64 (n,)`` how far both were closed, rising; empty: not measured.
        lid_odds: ``float64 (n, 2)`` log-odds of the right and the left blink that were read then.
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
    turn_gain: F64
    turn_leak: F64
    lid_closing: F64 = field(default_factory=lambda: np.zeros((0, 2)))
    lid_closed: F64 = field(default_factory=lambda: np.zeros(0))
    lid_odds: F64 = field(default_factory=lambda: np.zeros((0, 2)))
