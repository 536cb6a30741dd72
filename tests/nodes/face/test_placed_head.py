from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.face.anatomical_head import AnatomicalHead, load_head
from vivant.nodes.face.details import BROW_ROWS, HANDLES
from vivant.nodes.face.landmark_sets import FACE_OVAL, LIDS
from vivant.nodes.face.lip_seal import LipSeal
from vivant.nodes.face.placed_head import STRENGTH, PlacedHead, place_head
from vivant.nodes.formats.arkit import BLENDSHAPES, INDEX
from vivant.nodes.formats.head import HeadFit

MakeFit = Callable[..., HeadFit]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

EXPRESSIONS: dict[str, dict[str, float]] = {
    "neutral": {},
    "smile": {"mouthSmileLeft": 0.7, "mouthSmileRight": 0.6, "cheekSquintLeft": 0.3},
    "open": {"jawOpen": 0.4, "mouthFunnel": 0.2},
    "squint": {"eyeBlinkLeft": 0.4, "eyeBlinkRight": 0.3, "eyeSquintLeft": 0.4},
    "wide": {"eyeWideLeft": 0.8, "eyeWideRight": 0.8, "browInnerUp": 0.5},
}


def face_width(fit: HeadFit) -> float:
    return float(np.linalg.norm(fit.points[234] - fit.points[454]))


def disturbed(fit: HeadFit, share: float) -> HeadFit:
    """Bend the landmarks smoothly away from what the head can say, by up to `share` of the face's width."""
    points = fit.points.copy()
    reach = share * face_width(fit)
    points[:, 0] += reach * np.sin(9 * fit.points[:, 1] + 1)
    points[:, 1] += reach * np.cos(11 * fit.points[:, 0])
    return dataclasses.replace(fit, points=points)


def gaps(head: AnatomicalHead, vertices: F32, up: F32, pairs: tuple[tuple[int, int], ...]) -> F32:
    """How far each upper landmark lies above its lower partner, picture heights."""
    marks = head.landmark_positions(vertices)
    upper, lower = np.array(pairs).T
    return np.asarray((marks[upper] - marks[lower]) @ up, np.float32)


@pytest.mark.parametrize("name", EXPRESSIONS)
@pytest.mark.parametrize("turn", [(0.0, 0.0, 0.0), (0.1, 0.5, 0.05)])
def test_landmarks_of_the_placed_head_lie_on_the_pictures(
    head: AnatomicalHead, make_fit: MakeFit, name: str, turn: tuple[float, float, float]
) -> None:
    fit = disturbed(make_fit(EXPRESSIONS[name], turn=turn), 0.03)
    worn = fit.place((fit.neutral + np.tensordot(fit.weights, head.face_units, axes=1)).astype(np.float32))
    features = np.setdiff1d(np.arange(468), FACE_OVAL)
    width = face_width(fit)

    def distances(vertices: F32) -> F32:
        away = head.landmark_positions(vertices)[features, :2] - fit.points[features, :2]
        return np.asarray(np.linalg.norm(away, axis=1) / width, np.float32)

    assert distances(worn).max() > 0.02  # there was something to close
    placed = distances(place_head(head, fit).vertices)
    assert placed.max() < 0.01
    assert np.median(placed) < 0.003


def test_depth_and_far_vertices_are_left_alone(head: AnatomicalHead, make_fit: MakeFit) -> None:
    fit = disturbed(make_fit(), 0.03)
    placed, plain = place_head(head, fit).vertices, fit.place(fit.neutral)
    np.testing.assert_allclose(placed[:, 2], plain[:, 2], atol=1e-6)
    shoulders = head.vertices[:, 1] < 5.2
    assert shoulders.sum() > 100
    np.testing.assert_allclose(placed[shoulders], plain[shoulders], atol=1e-6)


@pytest.mark.parametrize("name", EXPRESSIONS)
@pytest.mark.parametrize("narrow", [1.0, 0.5, 1.3])
def test_a_blink_of_1_closes_every_pair_of_lids(
    head: AnatomicalHead, make_fit: MakeFit, name: str, narrow: float
) -> None:
    fit = make_fit(EXPRESSIONS[name])
    points = fit.points.copy()
    for pairs in LIDS.values():  # make the eyes smaller or larger than the head's own
        for pair in pairs:
            middle = points[list(pair)].mean(axis=0)
            points[list(pair), 1] = middle[1] + narrow * (points[list(pair), 1] - middle[1])
    fit = dataclasses.replace(fit, points=points)
    placed = place_head(head, fit)
    for side, pairs in LIDS.items():
        unit = INDEX[f"eyeBlink{side}"]
        still_open = gaps(head, placed.vertices, fit.rotation[:, 1], pairs)
        assert still_open[2:5].mean() > 0.002
        closed = placed.vertices + (1 - fit.weights[unit]) * placed.units[unit]
        left = gaps(head, closed, fit.rotation[:, 1], pairs) / fit.scale  # decimetres
        assert left.max() < 0.008, f"{side} lids gape"
        assert left.min() > -0.03, f"{side} lids overlap"


def test_a_blink_closes_the_eyes_of_a_squinting_picture_that_squints_no_more(
    head: AnatomicalHead, make_fit: MakeFit
) -> None:
    fit = make_fit({"eyeSquintLeft": 0.8, "eyeSquintRight": 0.6, "cheekSquintLeft": 0.4})
    placed = place_head(head, fit)
    blinks = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]
    assert fit.weights[INDEX["eyeSquintLeft"]] > 0.3
    neutral = placed.vertices - np.tensordot(fit.weights, placed.units, axes=1)
    closed = (neutral + placed.units[blinks].sum(axis=0)).astype(np.float32)
    for pairs in LIDS.values():
        assert gaps(head, neutral.astype(np.float32), fit.rotation[:, 1], pairs)[2:5].mean() > 0.002
        assert (gaps(head, closed, fit.rotation[:, 1], pairs) / fit.scale).max() < 0.008
    marks = head.landmark_positions(neutral.astype(np.float32))
    for number, side in enumerate(LIDS):
        apart = [(marks[upper] - marks[lower]) @ fit.rotation[:, 1] for upper, lower in LIDS[side][2:5]]
        said = placed.details.lid_gap - fit.weights @ placed.details.lid_opening[:52]
        assert said[number] == pytest.approx(np.mean(apart) / fit.scale, abs=1e-4)


@pytest.mark.parametrize("name", ["smile", "open", "neutral"])
@pytest.mark.parametrize("bent", [0.0, 0.02])
def test_lips_meet_from_corner_to_corner_where_no_unit_is_worn(
    head: AnatomicalHead, make_fit: MakeFit, seal: LipSeal, name: str, bent: float
) -> None:
    fit = disturbed(make_fit(EXPRESSIONS[name]), bent)

    def gaps_of(used: LipSeal | None) -> F64:
        placed = place_head(head, fit, used)
        neutral = placed.vertices - np.tensordot(fit.weights, placed.units, axes=1)
        return seal.gaps(
            np.ascontiguousarray((neutral - fit.translation) @ fit.rotation[:, :2] / fit.scale, np.float64)
        )

    assert gaps_of(None).max() > 0.002  # decimetres: the head's own lips do not quite meet
    assert gaps_of(seal).max() < 0


def test_lips_that_the_picture_shows_closed_have_no_hole(
    head: AnatomicalHead, make_fit: MakeFit, seal: LipSeal
) -> None:
    fit = disturbed(make_fit(), 0.01)
    placed = place_head(head, fit, seal)
    flat = np.ascontiguousarray((placed.vertices - fit.translation) @ fit.rotation[:, :2] / fit.scale, np.float64)
    assert seal.gaps(flat).max() < 0
    open_fit = make_fit(EXPRESSIONS["open"])
    plain, sealed = place_head(head, open_fit), place_head(head, open_fit, seal)
    np.testing.assert_array_equal(sealed.vertices, plain.vertices)  # an open mouth stays as the picture has it


def moved_up(fit: HeadFit, placed: PlacedHead, marks: list[int]) -> F32:
    """How far up each unit moves landmarks in the head's axes ``(52, M)``."""
    return np.asarray(load_head().landmark_positions(placed.units)[:, marks] @ fit.rotation[:, 1], np.float32)


def test_units_point_where_the_heads_do(
    head: AnatomicalHead, portrait_fit: HeadFit, portrait_placed: PlacedHead
) -> None:
    own = portrait_fit.scale * head.face_units @ portrait_fit.rotation.T
    for name in BLENDSHAPES:
        if name.startswith(("eyeBlink", "brow", "mouthRoll", "jawOpen", "mouthFunnel")):
            continue
        gain = STRENGTH.get(name, 1.0)
        np.testing.assert_allclose(portrait_placed.units[INDEX[name]], gain * own[INDEX[name]], atol=1e-6)


def test_units_of_brows_move_both_edges_of_a_brow_alike(portrait_fit: HeadFit, portrait_placed: PlacedHead) -> None:
    handles = moved_up(portrait_fit, portrait_placed, list(HANDLES))
    for name in ("browDownLeft", "browDownRight", "browOuterUpLeft", "browOuterUpRight"):
        side = BROW_ROWS.reshape(2, 2, 5)[0 if name.endswith("Right") else 1]
        upper, lower = handles[INDEX[name]][side]
        assert np.abs(upper - lower).max() < 0.25 * np.abs(upper).max()


def test_a_lip_rolled_in_shows_no_red_and_leaves_line_and_nose(
    head: AnatomicalHead, portrait_fit: HeadFit, portrait_placed: PlacedHead
) -> None:
    up = portrait_fit.rotation[:, 1]
    neutral = portrait_placed.vertices - np.tensordot(portrait_fit.weights, portrait_placed.units, axes=1)
    heights = head.landmark_positions(neutral.astype(np.float32)) @ up
    for name, border, line in (("mouthRollUpper", [37, 0, 267], [82, 13, 312]), ("mouthRollLower", [84, 17], [87, 14])):
        moved = head.landmark_positions(portrait_placed.units[INDEX[name]]) @ up
        red = heights[line] - heights[border]
        np.testing.assert_allclose(moved[border] / red, 0.9, atol=0.25)
        assert np.abs(moved[line]).max() < 0.25 * np.abs(red).max()
        assert np.abs(moved[[1, 2, 97, 326]]).max() < 0.1 * np.abs(red).max()


def test_the_lower_lip_of_an_open_mouth_hangs_as_a_u(portrait_fit: HeadFit, portrait_placed: PlacedHead) -> None:
    right, outer, inner, middle = moved_up(portrait_fit, portrait_placed, [78, 88, 87, 14])[INDEX["jawOpen"]]
    assert (inner - right) / (middle - right) > 0.92  # the artist has 0.89
    assert (outer - right) / (middle - right) > 0.6  # the artist has half


def test_lips_put_forward_open_in_a_round(portrait_fit: HeadFit, portrait_placed: PlacedHead) -> None:
    """Both: the artist's ring is a diamond."""
    moved = moved_up(portrait_fit, portrait_placed, [78, 82, 87, 13, 14])[INDEX["mouthFunnel"]]
    ends, upper, lower, upper_middle, lower_middle = moved
    assert upper_middle > ends > lower_middle
    assert (upper - ends) / (upper_middle - ends) > 0.8  # the artist has 0.66
    assert (lower - ends) / (lower_middle - ends) > 0.75


def test_what_a_fit_leaves_unexplained_of_a_smile_goes_with_the_smile(head: AnatomicalHead, make_fit: MakeFit) -> None:
    """Undone, the corners of the mouth are those of the shape, whatever the smile was."""
    corners = [61, 291, 78, 308]
    plain_fit = make_fit({"mouthSmileLeft": 0.9, "mouthSmileRight": 0.9})
    fit = disturbed(plain_fit, 0.03)

    def undone(given: HeadFit) -> F32:
        placed = place_head(head, given)
        neutral = placed.vertices - np.tensordot(given.weights, placed.units, axes=1)
        return head.landmark_positions(neutral.astype(np.float32))[corners, :2]

    left = np.linalg.norm(undone(fit) - undone(plain_fit), axis=1)
    bent = np.linalg.norm((fit.points - plain_fit.points)[corners, :2], axis=1)
    assert left.max() < 0.3 * bent.min()


def test_what_a_fit_leaves_unexplained_stays_where_no_expression_bends_the_face(
    head: AnatomicalHead, make_fit: MakeFit
) -> None:
    fit = disturbed(make_fit({"mouthSmileLeft": 0.9, "mouthSmileRight": 0.9}), 0.03)
    placed, plain = place_head(head, fit), fit.place(fit.neutral)
    neutral = (placed.vertices - np.tensordot(fit.weights, placed.units, axes=1)).astype(np.float32)
    off = head.landmark_positions(neutral) - head.landmark_positions(plain)
    rest = head.landmark_positions(placed.vertices) - head.landmark_positions(
        fit.place((fit.neutral + np.tensordot(fit.weights, head.face_units, axes=1)).astype(np.float32))
    )
    brows = [70, 63, 105, 300, 293, 334, 10, 151]
    np.testing.assert_allclose(off[brows, :2], rest[brows, :2], atol=2e-3)
