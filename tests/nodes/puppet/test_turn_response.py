from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.details import COUNT, DetailScale
from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.formats.response import PuppetResponse
from vivant.nodes.puppet.controls import control_maps
from vivant.nodes.puppet.gestures import gestures, plain_turns
from vivant.nodes.puppet.response_fit import fit_response
from vivant.nodes.puppet.turn_response import asked_turn, fit_turns, leak_of, read_turn

F64 = npt.NDArray[np.float64]
GAIN = np.array([[0.8, 0.1, 0.0], [0.0, 0.55, 0.05], [0.0, 0.05, 1.0]])
CURVE = np.zeros((3, 9))
CURVE[0, 0], CURVE[1, 1], CURVE[2, 3], CURVE[1, 7] = -0.3, -0.15, 0.2, 0.4
NOTHING = np.zeros((COUNT + 2, 2), np.float32)


def seen(turn: F64, weights: F64) -> F64:
    """What a tracker makes of a picture that reads smaller to one side, and of closed eyes as a nod of 4 degrees."""
    x, y, z = turn
    leak = np.array([np.radians(4.0) * 0.5 * (weights[INDEX["eyeBlinkLeft"]] + weights[INDEX["eyeBlinkRight"]]), 0, 0])
    return np.asarray(
        GAIN @ turn + CURVE @ np.array([x * x, y * y, z * z, x * y, x * z, y * z, x**3, y**3, z**3]) + leak
    )


@pytest.fixture(scope="module", params=[0.0, 0.5])
def response(head: AnatomicalHead, request: pytest.FixtureRequest) -> PuppetResponse:
    """Fitted to probes that are read with noise of so many degrees, and three of them of another face."""
    maps = control_maps(DetailScale(head).units)
    worn, turns = gestures(90)
    worn = np.concatenate([worn, np.zeros((len(plain_turns()), 52))])
    turns = np.concatenate([turns, plain_turns()])
    lot = np.random.default_rng(1)
    read = np.array([seen(turn, weights) for turn, weights in zip(turns, worn, strict=True)])
    read += np.radians(request.param) * lot.standard_normal(read.shape)
    read[[5, 40, 77]] += np.radians(60.0)
    details = np.zeros((len(turns), *NOTHING.shape))
    turned = fit_turns(maps.units, np.eye(3), turns, worn, details, read)
    found = fit_response(maps, worn @ maps.of_weights, turns, lot.random((len(turns), 52)), turned)
    assert found is not None
    return found


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("degrees", [-20, -10, 10, 20])
def test_what_is_wanted_in_degrees_is_read_in_degrees(response: PuppetResponse, axis: int, degrees: float) -> None:
    wanted = np.zeros(3)
    wanted[axis] = np.radians(degrees)
    turn = asked_turn(response, wanted, np.zeros(3))
    np.testing.assert_allclose(np.degrees(seen(turn, np.zeros(52)) - wanted), 0, atol=2.0)
    np.testing.assert_allclose(read_turn(response, turn), wanted, atol=1e-3)


def test_nothing_wanted_is_nothing_asked_and_far_turns_stay_in_order(response: PuppetResponse) -> None:
    assert not asked_turn(response, np.zeros(3), np.zeros(3)).any()
    asked = [asked_turn(response, np.array([0, np.radians(yaw), 0]), np.zeros(3))[1] for yaw in range(-60, 61, 5)]
    assert (np.diff(asked) > 0).all()


def test_a_part_of_what_an_expression_reads_as_is_undone(response: PuppetResponse) -> None:
    closed = np.zeros(52, np.float32)
    closed[[INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = 1.0
    leak = leak_of(response, closed, NOTHING)
    assert np.degrees(leak[0]) == pytest.approx(0.4 * 4.0, abs=0.6)
    turn = asked_turn(response, np.zeros(3), leak)
    assert 1.5 < np.degrees(seen(turn, closed.astype(np.float64))[0]) < 3.5


def test_what_a_known_drivers_expression_reads_as_is_undone_wholly(head: AnatomicalHead) -> None:
    maps = control_maps(DetailScale(head).units)
    lot = np.random.default_rng(2)
    worn, turns = gestures(90)
    read = np.array([GAIN @ turn for turn in turns])  # of gestures an expression reads as nothing
    own = np.zeros((30, 52))
    own[:, [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = lot.random((30, 1))
    own_turns = np.radians(5) * lot.standard_normal((30, 3))
    own_read = np.array([seen(turn, weights) for turn, weights in zip(own_turns, own, strict=True)])
    everything = (np.concatenate([turns, own_turns]), np.concatenate([worn, own]))
    details = np.zeros((120, *NOTHING.shape))
    counts = np.repeat([1.0, 50.0], [90, 30])
    turned = fit_turns(maps.units, np.eye(3), *everything, details, np.concatenate([read, own_read]), counts, 1.0)
    found = fit_response(maps, everything[1] @ maps.of_weights, everything[0], lot.random((120, 52)), turned, counts)
    assert found is not None
    closed = np.zeros(52, np.float32)
    closed[[INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = 1.0
    turn = asked_turn(found, np.zeros(3), leak_of(found, closed, NOTHING))
    assert abs(np.degrees(seen(turn, closed.astype(np.float64))[0])) < 1.0


def test_a_picture_that_reads_as_nothing_is_not_turned_round_and_round(head: AnatomicalHead) -> None:
    maps = control_maps(DetailScale(head).units)
    worn, turns = gestures(90)
    blind = fit_turns(maps.units, np.eye(3), turns, worn, np.zeros((90, *NOTHING.shape)), np.zeros((90, 3)))
    found = fit_response(maps, worn @ maps.of_weights, turns, np.full((90, 52), 0.5), blind)
    assert found is not None
    turn = asked_turn(found, np.array([0.0, 0.2, 0.0]), np.zeros(3))
    assert np.isfinite(turn).all() and np.linalg.norm(turn) < 0.6
