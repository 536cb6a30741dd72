from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.details import COUNT, DetailScale
from vivant.nodes.puppet.controls import CONTROLS, control_maps
from vivant.nodes.puppet.correction import Asked, Correction
from vivant.nodes.puppet.gestures import gestures
from vivant.nodes.puppet.lid_curve import (
    BLINKS,
    SWEEP,
    LidCurve,
    closing_of,
    monotone,
    still_open,
    swept,
    trust,
)
from vivant.nodes.puppet.response_fit import fit_response
from vivant.nodes.puppet.turn_response import TurnFit

F64 = npt.NDArray[np.float64]
STEEP = np.stack([np.linspace(0, 1, 11), 8 * np.linspace(0, 1, 11) ** 3 - 5], axis=1)


def curve() -> LidCurve:
    return LidCurve(STEEP[:, 0], np.stack([STEEP[:, 1], STEEP[:, 1] + 1], axis=1))


def test_a_blink_of_the_average_head_closes_its_eyes(head: AnatomicalHead) -> None:
    scale = DetailScale(head)
    closed = np.array([swept(level) @ control_maps(scale.units).of_weights @ closing_of(scale) for level in SWEEP])
    assert (np.diff(closed, axis=0) > 0).all()
    assert closed[0] == pytest.approx(0) and (closed[-1] > 0.9).all()
    assert closing_of(scale).shape == (len(CONTROLS), 2)


def test_the_nearest_sequence_that_never_falls() -> None:
    odds = np.array([[0.0, 3.0], [2.0, 2.0], [1.0, 1.0], [4.0, 6.0]])
    np.testing.assert_allclose(monotone(odds), np.array([[0.0, 2.0], [1.5, 2.0], [1.5, 2.0], [4.0, 6.0]]))


def test_lids_are_closed_to_where_they_read_as_wanted() -> None:
    found = curve().towards(np.array([0.5, 0.5]), np.array([0.0, 1.0]))
    np.testing.assert_allclose(found, (5 / 8) ** (1 / 3), atol=0.07)
    np.testing.assert_allclose(curve().at(found), [0.0, 1.0], atol=0.8)
    already = np.array([0.4, 0.7])
    np.testing.assert_allclose(curve().towards(already, curve().at(already)), already, atol=1e-9)


def test_closed_eyes_are_alike_and_open_ones_are_left_alone() -> None:
    rest = np.array([-3.0, -2.0])
    np.testing.assert_allclose(still_open(rest, rest), 1)
    np.testing.assert_allclose(still_open(np.array([1.0, 1.0]), rest), 0)
    np.testing.assert_allclose(trust(np.array([1.0, 0.0])), [0, 1])


def test_a_driver_who_shuts_narrow_eyes_shuts_the_puppets(head: AnatomicalHead) -> None:
    scale = DetailScale(head)
    maps = control_maps(scale.units)
    worn, turns = gestures(60)
    straight = TurnFit(np.eye(3), np.eye(3), np.zeros((3, 9)), np.zeros((52, 3)), np.zeros((COUNT + 2, 2, 3)))
    plain = fit_response(maps, worn @ maps.of_weights, turns, np.full((60, 52), 0.1), straight)
    assert plain is not None
    response = dataclasses.replace(
        plain, lid_closing=closing_of(scale), lid_closed=STEEP[:, 0], lid_odds=np.stack([STEEP[:, 1]] * 2, axis=1)
    )
    nothing = np.zeros((COUNT + 2, 2), np.float32)

    def blinks(correction: Correction, weight: float, score: float) -> F64:
        weights, scores = np.zeros(52, np.float32), np.full(52, 0.1, np.float32)
        weights[BLINKS], scores[BLINKS] = weight, score
        asked = Asked(weights, nothing, np.zeros(3))
        return np.asarray(correction.step(response, asked, scores, 1 / 30).weights[BLINKS], np.float64)

    correction = Correction()
    for _ in range(30):
        assert blinks(correction, 0.1, 0.15) == pytest.approx(0.1, abs=0.02)  # at rest, whatever its level
    shut = blinks(correction, 0.5, 0.6)
    # 0.5 would be read as -4 on this curve, and the driver's eyes read as 0.4: closed.
    assert (shut > 0.65).all() and (shut <= 1).all()
