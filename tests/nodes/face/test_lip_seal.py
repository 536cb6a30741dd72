from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.landmark_sets import LIPS
from vivant.nodes.face.lip_seal import STATIONS, LipSeal, at_stations, closed_by, lip_gaps
from vivant.nodes.formats.arkit import INDEX

F64 = npt.NDArray[np.float64]


@pytest.fixture
def closed(head: AnatomicalHead) -> F64:
    return np.ascontiguousarray(head.vertices[:, :2], np.float64)


def moved(head: AnatomicalHead, closed: F64, **weights: float) -> F64:
    out = closed.copy()
    for name, weight in weights.items():
        out += weight * head.face_units[INDEX[name], :, :2]
    return out


def test_gaps_are_measured_between_the_lowest_and_the_highest_triangle() -> None:
    places = np.array([[0, 1], [4, 2], [2, 3], [0, -1], [4, -3], [2, -4], [9, 9]], np.float64)
    upper, lower = np.array([[0, 1, 2]], np.int32), np.array([[3, 4, 5]], np.int32)
    gaps = lip_gaps(places, upper, lower, np.array([1.0, 2.0, 3.9, 20.0]))
    np.testing.assert_allclose(gaps, [1.25 + 1.5, 1.5 + 2.0, 1.975 + 2.95, 0.0])


def test_an_open_jaw_parts_the_lips_everywhere_but_least_at_the_corners(
    head: AnatomicalHead, seal: LipSeal, closed: F64
) -> None:
    gaps = seal.gaps(moved(head, closed, jawOpen=1.0))
    assert gaps.min() > 0.01
    order = np.argsort(np.abs(seal.across))
    assert (np.diff(gaps[order][::2]) < 0.02).all() and gaps[order[0]] > 4 * gaps[order[-1]]
    assert np.abs(seal.gaps(closed)).max() < 0.01


@pytest.mark.parametrize(
    "weights", [{"jawOpen": 0.3}, {"mouthUpperUpLeft": 1.0}, {"mouthFunnel": 0.8}, {"mouthShrugUpper": 1.0}]
)
def test_closing_makes_lips_overlap_as_far_as_is_asked_and_moves_nothing_but_the_mouth(
    head: AnatomicalHead, seal: LipSeal, closed: F64, weights: dict[str, float]
) -> None:
    parted = moved(head, closed, **weights)
    up = seal.closing(parted, np.full(STATIONS, 0.01))
    parted[:, 1] += up
    assert seal.gaps(parted).max() < -0.005
    marks = head.landmark_positions(head.vertices)
    far = np.linalg.norm(head.vertices - marks[[13, 14]].mean(axis=0), axis=1) > 0.75
    assert not up[far].any()
    assert up[seal.upper.ravel()].max() <= 0 and up[seal.lower.ravel()].min() >= 0


def test_a_lip_moves_as_one_piece(head: AnatomicalHead, seal: LipSeal, closed: F64) -> None:
    up = seal.closing(moved(head, closed, jawOpen=0.3), np.zeros(STATIONS))
    red = (head.lips > 0.5) & (np.abs(head.vertices[:, 0]) < 0.05) & (np.abs(up) > 0)
    for lip in (red & (up > 0), red & (up < 0)):
        assert lip.sum() > 5
        assert np.ptp(up[lip]) < 0.35 * np.abs(up[lip]).max()


def test_lips_that_overlap_are_left(head: AnatomicalHead, seal: LipSeal, closed: F64) -> None:
    overlapping = moved(head, closed, mouthRollLower=0.5, mouthRollUpper=0.5, mouthShrugLower=0.6)
    overlapping[:, 1] += seal.closing(overlapping, np.full(STATIONS, 0.02))
    assert not seal.closing(overlapping, np.full(STATIONS, 0.0)).any()
    assert not closed_by(np.eye(STATIONS, dtype=np.float32), np.full(STATIONS, -0.3)).any()


def test_each_lip_shows_its_own_colours(head: AnatomicalHead, seal: LipSeal, closed: F64) -> None:
    marks = head.landmark_positions(head.vertices)[:, :2].astype(np.float64)
    line = {pair: float(marks[list(pair), 1].mean()) for pair in LIPS}
    up = seal.folded(closed, marks)
    assert up.any() and not up[np.abs(head.vertices[:, 0]) > 0.3].any()
    middle = line[LIPS[0]]
    near = np.abs(closed[:, 0]) < 0.03
    shown = closed[:, 1] + up
    hanging = np.unique(seal.upper)
    assert (closed[hanging[near[hanging]], 1] - middle).min() < -0.01  # behind the lower lip
    for lip, sign in ((seal.upper, 1), (seal.lower, -1)):
        members = np.unique(lip)
        members = members[near[members]]
        assert (sign * (shown[members] - middle)).min() > -0.0095  # the line is not quite level


def test_close_to_the_corners_lips_do_as_beside_them(seal: LipSeal) -> None:
    pairs = np.zeros(len(LIPS))
    pairs[7] = 0.1
    out = at_stations(pairs)
    assert out.shape == (STATIONS,)
    np.testing.assert_allclose(out[out > 0], 0.1)
    assert seal.across[out > 0].max() < -0.8 and (out > 0).sum() == 3
