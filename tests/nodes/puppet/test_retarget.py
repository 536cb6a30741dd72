from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivant.graph.packet import Packet, Tick
from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.details import COUNT, DetailScale
from vivant.nodes.formats.arkit import BLENDSHAPES, INDEX
from vivant.nodes.formats.gaze import gaze
from vivant.nodes.formats.head_angles import head_angles, rotation_of, turned_by
from vivant.nodes.formats.motion import FaceMotion
from vivant.nodes.formats.puppet import Puppet, PuppetPose
from vivant.nodes.formats.response import PuppetResponse
from vivant.nodes.formats.rotation import rotation_matrix, rotation_vector
from vivant.nodes.puppet.controls import control_maps
from vivant.nodes.puppet.gestures import gestures
from vivant.nodes.puppet.mirroring import mirrored_rotation_vector, mirrored_weights
from vivant.nodes.puppet.posing import pose
from vivant.nodes.puppet.response_fit import fit_response
from vivant.nodes.puppet.retarget import Expression, PuppetRetarget, RetargetInputs, RetargetParams, eased
from vivant.nodes.puppet.turn_response import fit_turns

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]


def worn(**weights: float) -> F32:
    out = np.zeros(52, np.float32)
    for name, weight in weights.items():
        out[INDEX[name]] = weight
    return out


def motion(weights: F32, turn: tuple[float, float, float] = (0, 0, 0)) -> FaceMotion:
    return FaceMotion(weights, rotation_matrix(np.array(turn, np.float64)).astype(np.float32), np.zeros(3, np.float32))


def retarget(puppet: Puppet, *motions: FaceMotion | None, **params: Any) -> PuppetPose:
    """Return the pose after the last of these motions."""
    return each(puppet, *motions, **params)[-1]


def each(puppet: Puppet, *motions: FaceMotion | None, **params: Any) -> list[PuppetPose]:
    node = PuppetRetarget(RetargetParams(**params))
    return [
        node.process(
            RetargetInputs(Packet(Tick(seq, 0), seq, seq), Packet(moved, seq, seq), Packet(puppet, 0, 0), None)
        ).pose
        for seq, moved in enumerate(motions)
    ]


def head_turn(puppet: Puppet, bent: PuppetPose) -> F64:
    """The turn of the head in the whole, as a rotation vector in radians."""
    neck, head = (bent.rotations[puppet.bone(name)].astype(np.float64) for name in ("neck", "head"))
    return rotation_vector(neck @ head)


def told(puppet: Puppet, change: tuple[float, float, float]) -> F64:
    """The turn by which this puppet's pitch, yaw and roll change as those of a driver who looked ahead."""
    return turned_by(puppet.head_rotation.astype(np.float64), head_angles(rotation_matrix(np.array(change))))


def assert_resting(puppet: Puppet, bent: PuppetPose) -> None:
    np.testing.assert_array_equal(bent.weights, puppet.expression)
    np.testing.assert_allclose(bent.rotations, np.tile(np.eye(3), (len(puppet.bones), 1, 1)), atol=1e-7)
    np.testing.assert_array_equal(bent.translations, 0)


@pytest.fixture
def smiling(portrait_puppet: Puppet) -> Puppet:
    """A puppet of a picture that smiles."""
    return dataclasses.replace(portrait_puppet, expression=worn(mouthSmileLeft=0.6, mouthSmileRight=0.5))


def test_before_any_face_the_puppet_rests(smiling: Puppet) -> None:
    for bent in each(smiling, None, None):
        assert_resting(smiling, bent)


def test_a_lost_face_leaves_the_last_pose(smiling: Puppet) -> None:
    poses = each(
        smiling, motion(worn()), motion(worn(jawOpen=0.7), turn=(0, 0.2, 0)), None, None, motion(worn()), life=0.0
    )
    for held in poses[2:4]:
        np.testing.assert_array_equal(held.weights, poses[1].weights)
        np.testing.assert_array_equal(held.rotations, poses[1].rotations)
    assert poses[4].weights[INDEX["jawOpen"]] == 0


def test_a_face_that_stays_away_is_left_and_found_again_without_a_jump(smiling: Puppet) -> None:
    """Steps at 50 Hz. The camera dies at 1 s, with its last frame seen for ever, and is back at 6 s."""
    node = PuppetRetarget(RetargetParams(life=0.0))
    away, back = motion(worn(jawOpen=0.8), turn=(0, 0.3, 0)), motion(worn(jawOpen=0.6), turn=(0, -0.3, 0))
    shown: dict[int, PuppetPose] = {}
    for ms in range(0, 8000, 20):
        captured_ms, moved = (ms, motion(worn())) if ms < 200 else (ms, away) if ms <= 1000 else (1000, away)
        if ms >= 6100:
            captured_ms, moved = ms - 100, back
        tick = Packet(Tick(ms * 1_000_000, 0), ms, ms)
        shown[ms] = node.process(
            RetargetInputs(tick, Packet(moved, captured_ms * 1_000_000, ms), Packet(smiling, 0, 0), None)
        ).pose
    np.testing.assert_array_equal(shown[2000].weights, worn(jawOpen=0.8))
    for ms in (3540, 5000, 6080):
        assert_resting(smiling, shown[ms])
    for ms in (6400, 7000):  # 0.4 s after the capture of the first good frame
        np.testing.assert_array_equal(shown[ms].weights, worn(jawOpen=0.6))
    np.testing.assert_allclose(head_turn(smiling, shown[6400]), told(smiling, (0, -0.3, 0)), atol=1e-6)
    jaw = np.array([shown[ms].weights[INDEX["jawOpen"]] for ms in range(1000, 8000, 20)])
    yaw = np.array([head_turn(smiling, shown[ms])[1] for ms in range(1000, 8000, 20)])
    assert np.abs(np.diff(jaw)).max() < 0.08
    assert np.abs(np.diff(yaw)).max() < 0.04


def test_absolute_takes_the_drivers_expression(smiling: Puppet) -> None:
    bent = retarget(smiling, motion(worn(browInnerUp=0.2)), motion(worn(jawOpen=0.5)))
    np.testing.assert_array_equal(bent.weights, worn(jawOpen=0.5))


def test_relative_adds_the_drivers_change_to_the_portraits_own(smiling: Puppet) -> None:
    neutral, now = worn(jawOpen=0.1, browInnerUp=0.4), worn(jawOpen=0.5, browInnerUp=0.1, mouthSmileLeft=0.2)
    first, second = each(smiling, motion(neutral), motion(now), expression=Expression.RELATIVE)
    np.testing.assert_allclose(first.weights, smiling.expression, atol=1e-6)
    expected = smiling.expression + worn(jawOpen=0.4, mouthSmileLeft=0.2)  # a brow cannot go below 0
    np.testing.assert_allclose(second.weights, expected, atol=1e-6)


def test_relative_weights_stay_in_their_range(smiling: Puppet) -> None:
    bent = retarget(
        smiling, motion(worn()), motion(worn(mouthSmileLeft=0.9)), expression=Expression.RELATIVE, expression_gain=2.0
    )
    assert bent.weights.max() == 1


def test_neutral_is_the_first_face_whatever_its_pose(portrait_puppet: Puppet) -> None:
    turned = (0.1, 0.3, 0.05)
    poses = each(portrait_puppet, motion(worn(), turned), motion(worn(), turned), motion(worn()))
    for bent in poses[:2]:
        np.testing.assert_allclose(head_turn(portrait_puppet, bent), 0, atol=1e-6)
    rest = portrait_puppet.head_rotation.astype(np.float64)
    back = head_angles(rotation_matrix(head_turn(portrait_puppet, poses[2])) @ rest) - head_angles(rest)
    np.testing.assert_allclose(back, -head_angles(rotation_matrix(np.array(turned))), atol=1e-5)


@pytest.mark.parametrize("gain", [0.0, 0.5, 1.0, 1.5])
def test_gains_scale_expression_and_turn(portrait_puppet: Puppet, gain: float) -> None:
    bent = retarget(
        portrait_puppet,
        motion(worn()),
        motion(worn(jawOpen=0.4), turn=(0.1, 0.2, 0.05)),
        expression_gain=gain,
        head_gain=gain,
    )
    assert bent.weights[INDEX["jawOpen"]] == pytest.approx(0.4 * gain)
    expected = gain * told(portrait_puppet, (0.1, 0.2, 0.05))
    np.testing.assert_allclose(head_turn(portrait_puppet, bent), expected, atol=1e-5)


@pytest.mark.parametrize(("axis", "sign", "most"), [(0, -1, 20.0), (0, 1, 25.0), (1, -1, 30.0), (1, 1, 40.0)])
@pytest.mark.parametrize("chosen", [False, True])
def test_turns_are_eased_into_the_limits_of_the_picture_or_those_chosen(
    portrait_puppet: Puppet, axis: int, sign: int, most: float, chosen: bool
) -> None:
    limits = tuple(np.radians([20.0, 25.0, 30.0, 40.0]))
    puppet = dataclasses.replace(portrait_puppet, turn_limits=limits)
    most, params = (33.0, {"most_pitch_deg": 33.0, "most_yaw_deg": 33.0}) if chosen else (most, {})
    reached = []
    for degrees in range(0, 90, 3):
        angle = float(np.radians(degrees))
        turn = (sign * angle, 0.0, 0.0) if axis == 0 else (0.0, sign * angle, 0.0)
        bent = retarget(puppet, motion(worn()), motion(worn(), turn), **params)
        reached.append(sign * np.degrees(head_turn(puppet, bent)[axis]))
    assert (np.diff(reached) > -1e-4).all()
    assert reached[-1] == pytest.approx(most, abs=0.6) and max(reached) <= most + 1e-4
    assert reached[3] == pytest.approx(9, abs=0.05)  # small turns are the driver's own


@given(st.floats(-10, 10), st.just(0.0) | st.floats(1e-6, 2))
def test_easing_is_odd_bounded_and_never_more_than_asked(value: float, most: float) -> None:
    out = eased(value, most)
    assert abs(out) <= min(abs(value), most) + 1e-12
    assert eased(-value, most) == -out
    assert out * value >= 0


@given(st.floats(0.05, 2), st.lists(st.floats(-3, 3), min_size=2, max_size=20))
def test_easing_is_monotone_and_has_no_kink(most: float, values: list[float]) -> None:
    ordered = sorted(values)
    eased_values = [eased(v, most) for v in ordered]
    assert all(a <= b + 1e-12 for a, b in itertools.pairwise(eased_values))
    knee, step = 0.7 * most, 1e-6 * most
    slopes = [(eased(knee + s + step, most) - eased(knee + s, most)) / step for s in (-2 * step, step)]
    assert slopes[0] == pytest.approx(slopes[1], abs=1e-3)


def test_mirror_exchanges_sides(portrait_puppet: Puppet) -> None:
    moved = motion(worn(eyeBlinkLeft=0.9, jawOpen=0.3, mouthSmileRight=0.4), turn=(0.1, 0.2, -0.05))
    bent = retarget(portrait_puppet, motion(worn()), moved, mirror=True)
    np.testing.assert_allclose(bent.weights, worn(eyeBlinkRight=0.9, jawOpen=0.3, mouthSmileLeft=0.4), atol=1e-6)
    np.testing.assert_allclose(head_turn(portrait_puppet, bent), told(portrait_puppet, (0.1, -0.2, 0.05)), atol=1e-5)
    plain = retarget(portrait_puppet, motion(worn()), moved)
    np.testing.assert_allclose(head_turn(portrait_puppet, plain), told(portrait_puppet, (0.1, 0.2, -0.05)), atol=1e-5)


def test_mirroring_twice_changes_nothing() -> None:
    weights = np.random.default_rng(0).random(52).astype(np.float32)
    np.testing.assert_array_equal(mirrored_weights(mirrored_weights(weights)), weights)
    assert (mirrored_weights(weights) != weights).sum() == 2 * sum(name.endswith("Left") for name in BLENDSHAPES)
    vector = np.array([0.3, -0.2, 0.1])
    mirror = np.diag([-1.0, 1, 1])
    np.testing.assert_allclose(
        rotation_matrix(mirrored_rotation_vector(vector)), mirror @ rotation_matrix(vector) @ mirror, atol=1e-12
    )


def test_the_gaze_of_a_pair_of_eyes_is_one() -> None:
    weights = worn(eyeLookOutLeft=0.5, eyeLookInRight=0.5, eyeLookUpLeft=0.3, eyeLookUpRight=0.3)
    left, right = gaze(weights, "Left"), gaze(weights, "Right")
    assert left == right
    assert left[0] > 0 and left[1] > 0
    assert gaze(worn(eyeLookInLeft=0.5, eyeLookOutRight=0.5), "Left")[0] < 0


def test_eyes_rest_where_the_picture_looks(portrait_puppet: Puppet) -> None:
    looking = dataclasses.replace(portrait_puppet, expression=worn(eyeLookOutLeft=0.4, eyeLookInRight=0.4))
    rest = pose(looking, looking.expression, np.eye(3), np.zeros(3))
    assert_resting(looking, rest)
    ahead = pose(looking, worn(), np.eye(3), np.zeros(3))
    for side in ("Left", "Right"):
        assert rotation_vector(ahead.rotations[looking.bone(f"eye{side}")].astype(np.float64))[1] < -0.05


def test_neck_and_head_share_a_turn_and_the_root_stays(portrait_puppet: Puppet) -> None:
    turn = rotation_matrix(np.array([0.1, 0.5, -0.1]))
    bent = pose(portrait_puppet, portrait_puppet.expression, turn, np.array([0.1, 0, 0]))
    np.testing.assert_allclose(rotation_matrix(head_turn(portrait_puppet, bent)), turn, atol=1e-6)
    np.testing.assert_array_equal(bent.rotations[portrait_puppet.bone("root")], np.eye(3))
    np.testing.assert_array_equal(bent.translations[portrait_puppet.bone("root")], 0)
    angles = [
        np.linalg.norm(rotation_vector(bent.rotations[portrait_puppet.bone(b)].astype(float))) for b in ("neck", "head")
    ]
    assert 0 < angles[0] < angles[1]


def test_the_jaw_swings_down_as_it_opens(portrait_puppet: Puppet) -> None:
    jaw = portrait_puppet.bone("jaw")
    half, full = (
        rotation_vector(pose(portrait_puppet, worn(jawOpen=w), np.eye(3), np.zeros(3)).rotations[jaw].astype(float))
        for w in (0.5, 1.0)
    )
    np.testing.assert_allclose(full, 2 * half, atol=1e-6)
    assert full[0] == pytest.approx(portrait_puppet.jaw_swing, abs=0.01) and full[0] > 0.1
    chin = portrait_puppet.bones[jaw].pivot + np.array([0, -0.3, 0.1])
    turned = rotation_matrix(full) @ (chin - portrait_puppet.bones[jaw].pivot)
    assert turned[1] < -0.3 + 0.02 and turned[2] < 0.1


@given(st.lists(st.floats(-1.7, 1.7), min_size=3, max_size=3))
def test_rotation_vectors_and_matrices_are_each_others_inverse(vector: list[float]) -> None:
    values = np.array(vector)
    matrix = rotation_matrix(values)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(matrix) == pytest.approx(1)
    np.testing.assert_allclose(rotation_vector(matrix), values, atol=1e-6)


def test_rotations_are_right_handed() -> None:
    quarter = np.pi / 2
    np.testing.assert_allclose(rotation_matrix(np.array([0, 0, quarter])) @ [1, 0, 0], [0, 1, 0], atol=1e-12)
    # about y: what looks at the viewer looks to the viewer's right
    np.testing.assert_allclose(rotation_matrix(np.array([0, quarter, 0])) @ [0, 0, 1], [1, 0, 0], atol=1e-12)


def test_poses_are_float32_of_the_puppets_bones(portrait_puppet: Puppet, posed: Callable[..., PuppetPose]) -> None:
    bent = posed(portrait_puppet, {"jawOpen": 0.3}, turn=(0.1, 0, 0))
    assert bent.rotations.dtype == bent.translations.dtype == bent.weights.dtype == np.float32
    assert bent.rotations.shape == (len(portrait_puppet.bones), 3, 3)


def test_details_move_the_handles_and_fade_with_the_driver(smiling: Puppet) -> None:
    plain = motion(worn())
    moved = dataclasses.replace(plain, details=np.full((COUNT + 2, 2), 0.05, np.float32))
    bent = retarget(smiling, plain, moved)
    assert len(bent.handles) == 2 * COUNT and np.abs(bent.handles).max() > 0.01
    assert not len(retarget(smiling, moved, plain).handles)
    half = retarget(smiling, plain, moved, expression_gain=0.5)
    np.testing.assert_allclose(half.handles, 0.5 * bent.handles, atol=1e-6)


def responding(head: AnatomicalHead, rest: F64, gain: float) -> PuppetResponse:
    """A puppet whose scores are noise and whose turns read `gain` times as large."""
    maps = control_maps(DetailScale(head).units)
    worn_ones, turns = gestures(60)
    nothing = np.zeros((60, COUNT + 2, 2))
    turned = fit_turns(maps.units, rest, turns, np.zeros((60, 52)), nothing, gain * turns)
    scores = np.random.default_rng(0).random((60, 52))
    response = fit_response(maps, worn_ones @ maps.of_weights, turns, scores, turned)
    assert response is not None
    return response


def test_a_response_takes_part_only_where_the_tracker_says_something(smiling: Puppet, head: AnatomicalHead) -> None:
    response = responding(head, np.eye(3), 0.8)
    node, plain = PuppetRetarget(RetargetParams()), motion(worn(), (0, 0.2, 0))
    moved = dataclasses.replace(plain, details=np.zeros((COUNT + 2, 2), np.float32))

    def turn(now: FaceMotion, seq: int) -> float:
        tick = Packet(Tick(seq * 33_000_000, 0), 0, seq)
        inputs = RetargetInputs(tick, Packet(now, 0, seq), Packet(smiling, 0, 0), Packet(response, 0, 0))
        return float(head_turn(smiling, node.process(inputs).pose)[1])

    node.process(RetargetInputs(Packet(Tick(0, 0), 0, 0), Packet(motion(worn()), 0, 0), Packet(smiling, 0, 0), None))
    assert turn(plain, 1) == pytest.approx(0.2, abs=1e-3)
    seen = dataclasses.replace(moved, scores=np.full(52, 0.3, np.float32))
    assert turn(seen, 2) == pytest.approx(0.2 / 0.8, abs=0.02)  # of what is asked, 0.8 is read


def test_a_head_seen_from_aside_nods_as_the_driver_does(portrait_puppet: Puppet, head: AnatomicalHead) -> None:
    """Its own angles change as the driver's; rotated as the driver's in the camera's axes it would tilt as well."""
    rest = rotation_of(np.radians([10.0, -30.0, 5.0]))
    aside = dataclasses.replace(portrait_puppet, head_rotation=rest.astype(np.float32))
    nod = np.radians([-8.0, 3.0, 2.0])
    for before in (np.zeros(3), np.radians([4.0, 12.0, -3.0])):
        first, second = (
            dataclasses.replace(
                motion(worn()),
                rotation=rotation_of(angles).astype(np.float32),
                details=np.zeros((COUNT + 2, 2), np.float32),
                scores=np.full(52, 0.3, np.float32),
            )
            for angles in (before, before + nod)
        )
        for response in (None, responding(head, rest, 1.0)):
            node, turn = PuppetRetarget(RetargetParams()), np.zeros(3)
            for seq, moved in enumerate((first, second)):
                answer = None if response is None else Packet(response, 0, 0)
                inputs = RetargetInputs(
                    Packet(Tick(seq, 0), seq, seq), Packet(moved, seq, seq), Packet(aside, 0, 0), answer
                )
                turn = head_turn(aside, node.process(inputs).pose)
            found = head_angles(rotation_matrix(turn) @ rest) - head_angles(rest)
            np.testing.assert_allclose(np.degrees(found), np.degrees(nod), atol=0.1)
