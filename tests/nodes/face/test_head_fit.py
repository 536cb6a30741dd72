from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from vivant.graph.node import NodeContext
from vivant.graph.packet import Packet
from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.fit import FaceFit, FitInputs, FitParams, Mode
from vivant.nodes.face.head_fit import HeadFitter, landmark_weights, picture_space, tracker_rotation
from vivant.nodes.face.similarity import similarity
from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.formats.face import FaceReading
from vivant.nodes.formats.head import HeadFit
from vivant.nodes.formats.head_angles import head_angles

MakeFit = Callable[..., HeadFit]
ReadingOf = Callable[[HeadFit], FaceReading]

WORN = {"jawOpen": 0.5, "mouthSmileLeft": 0.7, "mouthSmileRight": 0.2, "browInnerUp": 0.6, "eyeBlinkLeft": 0.8}


def angle_deg(a: npt.NDArray[np.floating], b: npt.NDArray[np.floating]) -> float:
    """Return the angle between two rotations in degrees."""
    cosine = (np.trace(a.astype(np.float64) @ b.astype(np.float64).T) - 1) / 2
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def test_picture_space_has_its_origin_in_the_middle_and_y_up() -> None:
    points = np.zeros((478, 3), np.float32)
    points[0], points[1], points[2] = (160, 100, 0), (0, 0, -50), (320, 200, 30)
    reading = FaceReading(points, (320, 200), np.zeros(52, np.float32), np.eye(4, dtype=np.float32))
    expected = np.array([[0, 0, 0], [-0.8, 0.5, 0.25], [0.8, -0.5, -0.15]])
    np.testing.assert_allclose(picture_space(reading)[:3].astype(np.float64), expected, atol=1e-6)


def test_the_trackers_rotation_has_no_scale(make_fit: MakeFit, reading_of: ReadingOf) -> None:
    fit = make_fit(turn=(0.2, -0.4, 0.1))
    np.testing.assert_allclose(tracker_rotation(reading_of(fit)), fit.rotation, atol=1e-6)


def test_the_outline_counts_less_than_the_features() -> None:
    weights = landmark_weights()
    assert weights[152] < weights[1] and weights[234] < weights[13]
    assert weights.min() > 0


@pytest.mark.parametrize("turn", [(0.0, 0.0, 0.0), (0.15, 0.5, 0.0), (-0.2, -0.4, 0.15)])
def test_a_known_face_is_found_again(
    fitter: HeadFitter, make_fit: MakeFit, reading_of: ReadingOf, turn: tuple[float, float, float]
) -> None:
    truth = make_fit(WORN, turn=turn)
    found = fitter.fit(dataclasses.replace(reading_of(truth), scores=truth.scores / 1.1))
    width = float(np.linalg.norm(truth.points[234] - truth.points[454]))
    assert found.error < 0.002
    assert angle_deg(found.rotation, truth.rotation) < 1.0
    assert found.scale == pytest.approx(truth.scale, rel=0.01)
    np.testing.assert_allclose(found.translation, truth.translation, atol=0.05)
    assert np.abs(found.weights - truth.weights).max() < 0.1
    face = np.linalg.norm(found.place(found.neutral) - truth.place(truth.neutral), axis=1)
    assert np.median(face[:1000]) < 0.01 * width
    assert found.size == truth.size


def test_an_expression_is_found_without_scores(fitter: HeadFitter, make_fit: MakeFit, reading_of: ReadingOf) -> None:
    truth = make_fit({"jawOpen": 0.8, "eyeBlinkLeft": 0.9})
    found = fitter.fit(dataclasses.replace(reading_of(truth), scores=np.zeros(52, np.float32)))
    # units lean on the scores hard, so that what a face wears does not pass for its shape
    assert found.weights[INDEX["jawOpen"]] > 0.15
    assert found.weights[INDEX["jawOpen"]] > 1.5 * np.median(found.weights[found.weights > 0.01])
    assert found.weights[INDEX["eyeBlinkLeft"]] > 10 * found.weights[INDEX["eyeBlinkRight"]]
    assert found.error < 0.01


def test_an_unusual_shape_is_found(
    head: AnatomicalHead, fitter: HeadFitter, make_fit: MakeFit, reading_of: ReadingOf
) -> None:
    rng = np.random.default_rng(1)
    shape = fitter.prior_shape.copy()
    shape[rng.choice(len(shape), 12, replace=False)] += rng.uniform(0.2, 0.5, 12)
    truth, average = make_fit(shape=shape), make_fit()
    found = fitter.fit(reading_of(truth))
    assert found.error < 0.012

    def distance(a: HeadFit, b: HeadFit) -> float:
        marks = head.landmark_positions(a.neutral), head.landmark_positions(b.neutral)
        source, target = (m.astype(np.float64) for m in marks)
        scale, rotation, shift = similarity(source, target, np.ones(478))
        return float(np.linalg.norm(scale * source @ rotation.T + shift - target, axis=1).mean())

    assert distance(found, truth) < 0.6 * distance(average, truth)


def test_weights_stay_in_their_range_whatever_the_landmarks(
    fitter: HeadFitter, make_fit: MakeFit, reading_of: ReadingOf
) -> None:
    reading = reading_of(make_fit(WORN))
    noise = np.random.default_rng(0).normal(0, 6, reading.points.shape).astype(np.float32)
    found = fitter.fit(dataclasses.replace(reading, points=reading.points + noise))
    assert found.weights.min() >= 0 and found.weights.max() <= 1
    assert np.isfinite(found.neutral).all() and found.error > 0.005


def test_following_a_known_shape_reads_its_expression(
    fitter: HeadFitter, make_fit: MakeFit, reading_of: ReadingOf
) -> None:
    truth = make_fit(WORN, turn=(0.1, -0.3, 0.05))
    points = picture_space(reading_of(truth)).astype(np.float64)
    weights, scale, rotation, _ = fitter.follow(truth.shape).solve(points, truth.weights.astype(np.float64))
    assert np.abs(weights - truth.weights).max() < 0.05
    assert angle_deg(rotation, truth.rotation) < 0.5
    assert scale == pytest.approx(truth.scale, rel=0.005)
    blind, *_ = fitter.follow(truth.shape).solve(points, np.zeros(52))
    assert np.corrcoef(blind, truth.weights)[0, 1] > 0.5
    assert blind[INDEX["jawOpen"]] > 0.3


def test_the_node_fits_a_portrait_whole(
    node_context: Callable[..., NodeContext], make_fit: MakeFit, reading_of: ReadingOf
) -> None:
    node = FaceFit(FitParams(mode=Mode.STILL))
    node.open(node_context())
    truth = make_fit(WORN, turn=(0, 0.3, 0))
    made = node.process(FitInputs(Packet(reading_of(truth), 0, 0)))
    assert made.head is not None and made.motion is not None
    assert angle_deg(made.head.rotation, truth.rotation) < 2
    np.testing.assert_allclose(made.motion.rotation, truth.rotation, atol=1e-6)
    np.testing.assert_allclose(made.motion.translation, (1, -2, -40))
    nothing = node.process(FitInputs(Packet(None, 0, 1)))
    assert nothing.head is None and nothing.motion is None


def test_the_node_learns_a_drivers_shape_and_then_keeps_it(
    node_context: Callable[..., NodeContext], make_fit: MakeFit, reading_of: ReadingOf
) -> None:
    node = FaceFit(FitParams(mode=Mode.MOVING, shape_frames=2))
    node.open(node_context())
    truth = make_fit(WORN)
    assert node.process(FitInputs(Packet(None, 0, 0))).motion is None
    weights = np.full(52, np.nan, np.float32)
    for seq in range(4):
        made = node.process(FitInputs(Packet(reading_of(truth), 0, seq)))
        assert made.head is None and made.motion is not None
        # the same face reads the same once its shape is learned
        if seq >= 2:
            again = node.process(FitInputs(Packet(reading_of(truth), 0, seq)))
            assert again.motion is not None
            np.testing.assert_array_equal(again.motion.weights, made.motion.weights)
        weights = made.motion.weights
    assert weights[INDEX["jawOpen"]] == pytest.approx(0.5, abs=0.2)
    assert weights.min() >= 0 and weights.max() <= 1
    other = node.process(FitInputs(Packet(reading_of(make_fit()), 0, 9)))
    assert other.motion is not None and other.motion.weights[INDEX["jawOpen"]] < 0.1


def test_a_nod_that_only_the_tracker_reads_is_given_by_half_and_a_real_one_whole(
    node_context: Callable[..., NodeContext], make_fit: MakeFit, reading_of: ReadingOf
) -> None:
    def pitch_deg(reading: FaceReading) -> float:
        made = node.process(FitInputs(Packet(reading, 0, 0)))
        assert made.motion is not None
        return float(np.degrees(head_angles(made.motion.rotation.astype(np.float64))[0]))

    node = FaceFit(FitParams(mode=Mode.MOVING, shape_frames=2))
    node.open(node_context())
    still, nodding = reading_of(make_fit(turn=(0, 0, 0))), reading_of(make_fit(turn=(0.1, 0, 0)))
    rest = [pitch_deg(still) for _ in range(3)][-1]
    misread = dataclasses.replace(still, transform=nodding.transform)
    assert pitch_deg(misread) - rest == pytest.approx(0.5 * np.degrees(0.1), abs=0.2)
    assert pitch_deg(nodding) - rest == pytest.approx(np.degrees(0.1), abs=0.5)


def test_what_one_node_learns_of_its_driver_no_other_knows(
    node_context: Callable[..., NodeContext], fitter: HeadFitter, make_fit: MakeFit, reading_of: ReadingOf
) -> None:
    def weights_of(reading: FaceReading, node: FaceFit | None = None) -> npt.NDArray[np.float32]:
        if node is None:
            node = FaceFit(FitParams(mode=Mode.MOVING))
            node.open(node_context())
        made = node.process(FitInputs(Packet(reading, 0, 0)))
        assert made.motion is not None
        return made.motion.weights

    shape = fitter.prior_shape.copy()
    shape[:40] += 0.3
    reading, another = reading_of(make_fit(WORN)), reading_of(make_fit(WORN, shape=shape))
    alone = weights_of(reading)
    learned = FaceFit(FitParams(mode=Mode.MOVING))
    learned.open(node_context())
    weights_of(another, learned)
    np.testing.assert_array_equal(weights_of(reading), alone)
    assert np.abs(weights_of(reading, learned) - alone).max() > 0
