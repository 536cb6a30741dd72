from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.details import COUNT, DetailScale
from vivant.nodes.formats.arkit import BLENDSHAPES, INDEX
from vivant.nodes.formats.response import PuppetResponse
from vivant.nodes.puppet.controls import CONTROLS, ControlMaps, control_maps
from vivant.nodes.puppet.correction import Asked, Correction, bounded_least_squares
from vivant.nodes.puppet.gestures import gestures
from vivant.nodes.puppet.response_fit import LEAST_PROBES, READ, fit_response, log_odds
from vivant.nodes.puppet.turn_response import TurnFit

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
FRAME_S = 1 / 30
NUMBER = {control.name: i for i, control in enumerate(CONTROLS)}


@pytest.fixture(scope="module")
def maps(head: AnatomicalHead) -> ControlMaps:
    return control_maps(DetailScale(head).units)


class Simulated:
    """A tracker that sees a puppet's controls through a known sensitivity."""

    def __init__(self, maps: ControlMaps) -> None:
        self.maps = maps
        lot = np.random.default_rng(3)
        self.sensitivity = np.zeros((len(CONTROLS) + 3, 52))
        for name in READ:
            side = next((s for s in ("Left", "Right") if name.endswith(s)), "")
            for i, control in enumerate(CONTROLS):
                if control.of_mouth == (name == "jawOpen") and side in ("", control.side):
                    self.sensitivity[i, INDEX[name]] = lot.normal(0, 0.5)
        self.sensitivity[len(CONTROLS), INDEX["browInnerUp"]] = 6.0  # nodding reads as brows

    def controls(self, weights: npt.NDArray[np.floating], details: F32) -> F64:
        return np.asarray(
            weights @ self.maps.of_weights + np.tensordot(details, self.maps.of_details, axes=2), np.float64
        )

    def read(self, asked: Asked) -> F64:
        controls = self.controls(asked.weights, asked.details)
        odds = np.concatenate([controls, asked.turn]) @ self.sensitivity - 0.5
        return np.asarray(1 / (1 + np.exp(-odds)))

    def response(self, count: int = 90) -> PuppetResponse | None:
        worn, turns = gestures(count)
        asked = [Asked(w.astype(np.float32), NOTHING, t) for w, t in zip(worn, turns, strict=True)]
        read = [self.read(a) for a in asked]
        controls = np.array([self.controls(a.weights, a.details) for a in asked])
        return fit_response(self.maps, controls, turns, np.array(read), STRAIGHT)


NOTHING = np.zeros((COUNT + 2, 2), np.float32)
STRAIGHT = TurnFit(np.eye(3), np.eye(3), np.zeros((3, 9)), np.zeros((52, 3)), np.zeros((COUNT + 2, 2, 3)))


def test_gestures_are_natural_and_the_same_every_time() -> None:
    worn, turns = gestures(90)
    assert worn.shape == (90, 52) and turns.shape == (90, 3)
    assert worn.min() >= 0 and worn.max() <= 1 and np.abs(np.degrees(turns)).max() < 40
    for name in ("eyeBlinkLeft", "browDownRight", "jawOpen", "mouthPucker", "eyeLookUpLeft"):
        assert worn[:, INDEX[name]].max() > 0.4
    np.testing.assert_array_equal(gestures(90)[0], worn)


def test_controls_say_where_things_are_and_move_them(maps: ControlMaps) -> None:
    assert len(NUMBER) == len(CONTROLS)
    for number, control in enumerate(CONTROLS):
        moved = maps.into_details[number]
        found = np.tensordot(moved, maps.of_details, axes=2)
        jaw = np.zeros(52)
        jaw[INDEX["jawOpen"]] = maps.into_jaw[number]
        if control.most > 0:
            own = (found + jaw @ maps.of_weights)[number]
            assert own == pytest.approx(1, abs=0.3), control.name
    up = np.zeros(52)
    up[[INDEX["eyeLookUpLeft"], INDEX["browInnerUp"]]] = 1
    asked = up @ maps.of_weights
    assert asked[NUMBER["irisYLeft"]] > 1 and asked[NUMBER["irisYRight"]] == 0
    assert asked[NUMBER["browInnerLeft"]] > 0.5


def test_the_response_is_found(maps: ControlMaps) -> None:
    truth = Simulated(maps)
    response = truth.response()
    assert response is not None
    np.testing.assert_array_equal([BLENDSHAPES[k] for k in response.scores], READ)
    brows = response.sensitivity[len(CONTROLS), list(READ).index("browInnerUp")]
    assert brows == pytest.approx(6.0, rel=0.25)
    assert truth.response(LEAST_PROBES - 1) is None


def test_what_is_corrected_reads_nearer_to_the_driver(maps: ControlMaps) -> None:
    truth = Simulated(maps)
    response = truth.response()
    assert response is not None
    lot = np.random.default_rng(5)
    correction = Correction()
    plain_missed: list[F64] = []
    missed: list[F64] = []
    worn, turns = gestures(60)
    for weights, turn in zip(worn, turns, strict=True):
        asked = Asked(weights.astype(np.float32), NOTHING, turn)
        wanted = truth.read(dataclasses.replace(asked, turn=np.zeros(3)))
        wanted = 1 / (1 + np.exp(-(log_odds(wanted) + 0.4 * lot.standard_normal(52))))
        better = correction.step(response, asked, wanted.astype(np.float32), FRAME_S)
        for out, which in ((plain_missed, asked), (missed, better)):
            out.append((log_odds(truth.read(which)) - log_odds(wanted))[response.scores])
    assert np.array(missed).std(axis=0).mean() < 0.9 * np.array(plain_missed).std(axis=0).mean()
    assert (
        np.array(missed).std(axis=0)[list(READ).index("browInnerUp")]
        < 0.8 * np.array(plain_missed).std(axis=0)[list(READ).index("browInnerUp")]
    )


def test_a_level_of_ones_own_is_left_alone_and_bounds_hold(maps: ControlMaps) -> None:
    response = Simulated(maps).response()
    assert response is not None
    correction = Correction()
    asked = Asked(np.zeros(52, np.float32), NOTHING, np.zeros(3))
    heavy = np.full(52, 0.9, np.float32)
    for _ in range(5):
        same = correction.step(response, asked, heavy, FRAME_S)
        assert np.abs(same.details).max() < 1e-3
    shocked = correction.step(response, asked, np.linspace(0, 1, 52).astype(np.float32), FRAME_S)
    most = np.tensordot(response.most, np.abs(response.into_details), axes=1)
    assert (np.abs(shocked.details) <= most + 1e-5).all() and shocked.weights.min() >= 0
    assert np.abs(shocked.details).max() > 1e-3
    correction.forget()
    assert np.abs(correction.step(response, asked, heavy, 0.0).details).max() < 1e-3


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_saturated_scores_stay_finite(maps: ControlMaps, score: float) -> None:
    response = Simulated(maps).response()
    assert response is not None
    correction = Correction()
    for dt_s in (0.0, FRAME_S, 5.0):
        asked = Asked(np.ones(52, np.float32), NOTHING, np.array([0.5, -0.5, 0.2]))
        out = correction.step(response, asked, np.full(52, score, np.float32), dt_s)
        assert np.isfinite(out.details).all() and np.isfinite(out.turn).all()


def test_bounded_least_squares_is_the_solution_where_no_bound_is_met() -> None:
    lot = np.random.default_rng(0)
    root = lot.standard_normal((6, 6))
    gram, right = root @ root.T + np.eye(6), lot.standard_normal(6)
    free = np.linalg.solve(gram, right)
    np.testing.assert_allclose(bounded_least_squares(gram, right, np.full(6, 10.0)), free, atol=1e-4)
    held = bounded_least_squares(gram, right, np.array([10.0, 0, 10, 0, 10, 10]))
    assert held[1] == held[3] == 0
    tight = bounded_least_squares(gram, right, np.full(6, 0.01))
    assert np.abs(tight).max() <= 0.01 + 1e-9
    assert not bounded_least_squares(gram, right, np.zeros(6)).any()


def test_what_was_learned_of_a_drivers_mouth_is_added_to_its_weights(maps: ControlMaps) -> None:
    response = Simulated(maps).response()
    assert response is not None
    jaw, funnel = INDEX["jawOpen"], INDEX["mouthFunnel"]
    leak, mean = np.zeros((52, 52)), np.zeros(52)
    leak[funnel, jaw], mean[funnel] = -0.5, 0.2
    learned = dataclasses.replace(response, weights_of_scores=leak, mean_scores=mean)
    weights = np.zeros(52, np.float32)
    weights[jaw] = 0.5
    for score, expected in ((0.2, 0.5), (0.6, 0.3), (0.0, 0.6), (1.0, 0.1)):
        scores = np.full(52, 0.3, np.float32)
        scores[funnel] = score
        asked = Asked(weights, NOTHING, np.zeros(3))
        plain, corrected = (Correction().step(one, asked, scores, 0.0) for one in (response, learned))
        assert corrected.weights[jaw] - plain.weights[jaw] == pytest.approx(expected - 0.5, abs=1e-6)
        np.testing.assert_allclose(np.delete(corrected.weights, jaw), np.delete(plain.weights, jaw))
    far = dataclasses.replace(response, weights_of_scores=100 * leak, mean_scores=mean)
    scores[funnel] = 0.1
    assert Correction().step(far, asked, scores, 0.0).weights[jaw] - plain.weights[jaw] == pytest.approx(0.4, abs=1e-6)


def test_what_was_learned_of_a_drivers_eyes_moves_what_shall_be_read(maps: ControlMaps) -> None:
    tracker = Simulated(maps)
    response = tracker.response()
    assert response is not None
    smile, brow = INDEX["mouthSmileLeft"], list(response.scores).index(INDEX["browInnerUp"])
    odds = np.zeros((52, len(response.scores)))
    odds[smile, brow] = 2.0
    learned, wild = (dataclasses.replace(response, odds_of_scores=by * odds) for by in (1, 1000))
    asked = Asked(np.full(52, 0.3, np.float32), NOTHING, np.zeros(3))

    def lifted(one: PuppetResponse, smiling: float) -> float:
        """By how much more log-odds inner brows are then read as raised."""
        scores = np.full(52, 0.3, np.float32)
        plain = Correction().step(response, asked, scores, 0.0)
        scores[smile] = smiling
        corrected = Correction().step(one, asked, scores, 0.0)
        before, after = (log_odds(tracker.read(face))[INDEX["browInnerUp"]] for face in (plain, corrected))
        return float(after - before)

    assert lifted(response, 0.6) == pytest.approx(0, abs=1e-6) == lifted(learned, 0.0)
    assert lifted(learned, 0.6) > lifted(learned, 0.3) > 0.02
    assert lifted(wild, 0.6) == pytest.approx(lifted(wild, 0.9))  # held within bounds
