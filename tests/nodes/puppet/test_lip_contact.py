from __future__ import annotations

import dataclasses
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.details import COUNT, HANDLES
from vivant.nodes.face.lip_seal import STATIONS, lip_gaps
from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.formats.depth import DepthMap
from vivant.nodes.formats.head import HeadFit
from vivant.nodes.formats.puppet import Lips, Puppet
from vivant.nodes.puppet.assembly import assemble
from vivant.nodes.puppet.lip_contact import contact
from vivant.nodes.puppet.posing import pose
from vivant.nodes.puppet.skinning import bone_matrices, change_of, skin

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
U8 = npt.NDArray[np.uint8]

MIXTURES: dict[str, dict[str, float]] = {
    "speech, lips closed": {"jawOpen": 0.5, "mouthClose": 0.5, "mouthPucker": 0.6},
    "shrug": {"mouthShrugUpper": 1.0},
    "smile and press": {"mouthSmileLeft": 0.8, "mouthSmileRight": 0.6, "mouthPressLeft": 0.7, "mouthFrownLeft": 0.3},
    "roll": {"mouthRollLower": 1.0, "mouthStretchLeft": 1.0, "mouthRight": 0.5},
}


def worn(**weights: float) -> F32:
    out = np.zeros(52, np.float32)
    for name, weight in weights.items():
        out[INDEX[name]] = weight
    return out


@pytest.fixture(scope="module")
def smiling(
    head: AnatomicalHead, make_fit: Callable[..., HeadFit], portrait_pixels: U8, portrait_matte: F32,
    portrait_depth: DepthMap,
) -> tuple[Puppet, HeadFit]:  # fmt: skip
    fit = make_fit({"mouthSmileLeft": 0.9, "mouthSmileRight": 0.8, "mouthUpperUpLeft": 0.5, "mouthUpperUpRight": 0.5})
    return assemble(head, portrait_pixels, fit, portrait_matte, portrait_depth), fit


def drawn_gaps(puppet: Puppet, fit: HeadFit, weights: F32, details: F32 | None, touching: F32 | None) -> F64:
    """How far the lips of the bent mesh itself are apart, decimetres."""
    bent = pose(puppet, weights, np.eye(3), np.zeros(3), details, touching)
    out = np.empty((len(puppet.plane), 7), np.float32)
    skin(puppet, bone_matrices(puppet.bones, bent.rotations, bent.translations), change_of(puppet, bent), out)
    axes = fit.rotation / fit.scale

    def in_head(points: npt.NDArray[np.floating]) -> F32:
        return np.asarray((points - fit.translation) @ axes, np.float32)

    lips = puppet.lips
    face = next(layer for layer in puppet.layers if layer.name == "face")
    members = np.unique(puppet.triangles[face.first // 3 : (face.first + face.count) // 3])
    rest = in_head(puppet.plane + puppet.z[:, None] * puppet.ray)[members]
    nearest = members[((lips.places[:, None] - rest) ** 2).sum(axis=2).argmin(axis=1)]
    now = in_head(out[:, :3] + (puppet.z + out[:, 6])[:, None] * out[:, 3:6])[nearest]
    right, left = now[lips.corners, 0]
    stations = right + (left - right) * (lips.across.astype(np.float64) + 1) / 2
    return lip_gaps(np.ascontiguousarray(now[:, :2], np.float64), lips.upper, lips.lower, stations)


@pytest.mark.parametrize("name", MIXTURES)
def test_lips_meet_in_every_mixture_of_shapes_that_keeps_a_head_s_lips_closed(
    portrait_puppet: Puppet, portrait_fit: HeadFit, smiling: tuple[Puppet, HeadFit], name: str
) -> None:
    weights = worn(**MIXTURES[name])
    for puppet, fit in ((portrait_puppet, portrait_fit), smiling):
        touching = contact(puppet.lips, weights, None)
        assert touching.min() > 0.9
        assert drawn_gaps(puppet, fit, weights, None, touching).max() < 0.001
    assert drawn_gaps(portrait_puppet, portrait_fit, worn(mouthShrugUpper=1.0), None, None).max() > 0.02


def test_lips_that_part_part_as_before(portrait_puppet: Puppet, portrait_fit: HeadFit) -> None:
    weights = worn(jawOpen=0.5)
    touching = contact(portrait_puppet.lips, weights, None)
    assert not touching.any()
    free = drawn_gaps(portrait_puppet, portrait_fit, weights, None, None)
    np.testing.assert_allclose(drawn_gaps(portrait_puppet, portrait_fit, weights, None, touching), free)


def test_details_say_whether_a_driver_s_lips_touch(portrait_puppet: Puppet) -> None:
    lips = portrait_puppet.lips
    open_jaw = worn(jawOpen=0.3)
    details = np.zeros((COUNT + 2, 2), np.float32)
    assert contact(lips, open_jaw, details)[0] == 0
    for upper, lower in ((13, 14), (82, 87), (312, 317)):  # yet the landmarks touch
        gap = 0.3 * lips.parting[INDEX["jawOpen"], [(13, 14), (82, 87), (312, 317)].index((upper, lower))]
        details[HANDLES.index(upper), 1], details[HANDLES.index(lower), 1] = -0.4 * gap, 0.6 * gap
    touching = contact(lips, open_jaw, details)
    assert touching[:3].min() == 1 and touching[3:5].max() < 1
    halfway = details.copy()
    halfway[HANDLES.index(13), 1] += 0.02
    assert 0 < contact(lips, open_jaw, halfway)[0] < 1


def test_a_resting_puppet_is_the_picture_whatever_its_mouth_does(smiling: tuple[Puppet, HeadFit]) -> None:
    puppet, _ = smiling
    for touching in (None, np.zeros(STATIONS, np.float32)):
        change = change_of(puppet, pose(puppet, puppet.expression, np.eye(3), np.zeros(3), None, touching))
        assert not change.any()


def test_lips_press_but_do_not_pass_each_other(portrait_puppet: Puppet, portrait_fit: HeadFit) -> None:
    up, down = np.zeros((2, COUNT + 2, 2), np.float32)
    up[[HANDLES.index(mark) for mark in (87, 14, 317)], 1] = 0.2
    middle = slice(0, 3)
    touching = np.ones(STATIONS, np.float32)
    passed = drawn_gaps(portrait_puppet, portrait_fit, portrait_puppet.expression, up, None)[middle]
    held = drawn_gaps(portrait_puppet, portrait_fit, portrait_puppet.expression, up, touching)[middle]
    most = portrait_puppet.lips.overlap[middle]
    assert (passed < -most - 0.01).all()
    np.testing.assert_allclose(held, -most, atol=0.01)
    calm = drawn_gaps(portrait_puppet, portrait_fit, portrait_puppet.expression, down, None)[middle]
    assert (calm >= -most - 1e-4).all()


def test_contact_is_blended(portrait_puppet: Puppet, portrait_fit: HeadFit) -> None:
    weights = worn(mouthShrugUpper=1.0)
    gaps = [
        float(drawn_gaps(portrait_puppet, portrait_fit, weights, None, np.full(STATIONS, share, np.float32))[0])
        for share in (0.01, 0.3, 0.6, 1.0)
    ]
    assert all(a > b for a, b in pairwise(gaps))


def test_lips_are_numbers_that_can_be_stored(portrait_puppet: Puppet) -> None:
    for field in dataclasses.fields(Lips):
        value = getattr(portrait_puppet.lips, field.name)
        assert value.dtype in (np.float32, np.int32) and value.flags.c_contiguous
