"""A puppet whose depths alone say what hides what: drawn by a depth buffer that knows no roles."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.export.depth_order import in_depth_order
from vivant.nodes.face.rasterize import rasterize
from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.formats.puppet import Layer, Puppet, Role
from vivant.nodes.puppet.places import places, rest_places
from vivant.nodes.puppet.posing import pose

F64 = npt.NDArray[np.float64]

ZOOM = 3


@pytest.fixture(scope="module")
def ordered(whole_puppet: Puppet) -> Puppet:
    return in_depth_order(whole_puppet)


def triangles(puppet: Puppet, layer: Layer) -> npt.NDArray[np.int32]:
    return puppet.triangles[layer.first // 3 : (layer.first + layer.count) // 3]


def seen(puppet: Puppet, place: F64) -> F64:
    """Where places are in the picture, ``(N, 2)``, picture space."""
    return np.asarray(place[:, :2] / (1 - place[:, 2:] / puppet.eye[2]))


def depths(puppet: Puppet, place: F64, which: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
    width, height = puppet.size
    pixels = seen(puppet, place) * [ZOOM * height, -ZOOM * height] + [ZOOM * width / 2, ZOOM * height / 2]
    points = np.concatenate([pixels, place[:, 2:]], axis=1).astype(np.float32)
    return rasterize(points, which, (ZOOM * width, ZOOM * height))[2]


def bent(puppet: Puppet, weights: dict[str, float]) -> F64:
    row = np.zeros(52, np.float32)
    for name, weight in weights.items():
        row[INDEX[name]] = weight
    return places(puppet, pose(puppet, row, np.eye(3), np.zeros(3)))


EXPRESSIONS = [
    {}, {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}, {"eyeBlinkLeft": 0.5, "eyeBlinkRight": 0.5}, {"jawOpen": 1.0},
    {"mouthFunnel": 1.0}, {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0}, {"mouthPucker": 1.0}, {"jawLeft": 1.0},
]  # fmt: skip


def through_skin(puppet: Puppet, weights: dict[str, float]) -> float:
    """The share of pixels of opaque skin before which something lies that belongs inside."""
    place = bent(puppet, weights)
    (face,) = [layer for layer in puppet.layers if layer.name == "face"]
    solid = triangles(puppet, face)
    solid = solid[(puppet.opacity[solid] > 0.99).all(axis=1)]
    skin = depths(puppet, place, solid)
    wrong = np.zeros(skin.shape, bool)
    for layer in puppet.layers:
        if layer.role in (Role.INSIDE, Role.OPENING) and layer.fade < 0:
            wrong |= np.isfinite(skin) & (depths(puppet, place, triangles(puppet, layer)) > skin)
    return float(wrong.sum() / np.isfinite(skin).sum())


@pytest.mark.parametrize("weights", EXPRESSIONS, ids=lambda weights: ",".join(weights) or "neutral")
def test_nothing_inside_comes_through_skin(ordered: Puppet, whole_puppet: Puppet, weights: dict[str, float]) -> None:
    assert through_skin(ordered, weights) < 0.002


def test_without_it_teeth_and_eyes_would(whole_puppet: Puppet) -> None:
    assert max(through_skin(whole_puppet, weights) for weights in EXPRESSIONS) > 0.01


def test_from_the_pictures_camera_nothing_moved(ordered: Puppet, whole_puppet: Puppet) -> None:
    first = len(whole_puppet.plane)
    before, after = seen(whole_puppet, rest_places(whole_puppet)), seen(ordered, rest_places(ordered))
    assert np.abs(after[:first] - before).max() < 1e-5
    assert len(ordered.plane) > first  # bags and veils


def test_eyes_teeth_and_tongue_are_seen_through_their_openings(ordered: Puppet) -> None:
    place = bent(ordered, {"jawOpen": 1.0})
    every = {
        layer.name: depths(ordered, place, triangles(ordered, layer)) for layer in ordered.layers if layer.fade < 0
    }
    nearest = np.max(list(every.values()), axis=0)
    for name in ("eyeLeft", "eyeRight", "teethUpper", "tongue"):
        assert ((every[name] == nearest) & np.isfinite(nearest)).sum() > 100, name
    # and never the bag before what is in it
    assert ((every["openingLeft"] == nearest) & np.isfinite(every["eyeLeft"])).sum() == 0


def test_the_relief_lies_behind_the_face(ordered: Puppet) -> None:
    place = bent(ordered, {})
    (face,) = [layer for layer in ordered.layers if layer.name == "face"]
    solid = triangles(ordered, face)
    solid = solid[(ordered.opacity[solid] > 0.99).all(axis=1)]
    skin = depths(ordered, place, solid)
    relief = depths(ordered, place, triangles(ordered, ordered.layers[0]))
    both = np.isfinite(skin) & np.isfinite(relief)
    assert both.sum() > 1000 and (relief > skin)[both].mean() < 0.01


def test_veils_lie_before_what_they_cover(ordered: Puppet) -> None:
    rest = rest_places(ordered)
    for layer in ordered.layers:
        if layer.fade < 0:
            continue
        members = np.unique(triangles(ordered, layer))
        others = [other for other in ordered.layers if other.role is layer.role and other.fade < 0]
        shared = np.unique(np.concatenate([triangles(ordered, other).ravel() for other in others]))
        assert not np.isin(members, shared).any(), layer.name
        near = min(float(np.abs(rest[shared] - rest[v]).sum(axis=1).min()) for v in members[:5])
        assert near < 0.01


def test_a_whole_puppet_has_the_shoulders_that_rest(whole_puppet: Puppet, portrait_puppet: Puppet) -> None:
    assert whole_puppet.layers[0].count > portrait_puppet.layers[0].count
    # and nobody stands in its backdrop
    width, height = whole_puppet.size
    there = np.s_[height - 8, width // 2 - 110 : width // 2 - 100, :3]
    filled, resting = (puppet.textures["backdrop"][there].astype(int) for puppet in (whole_puppet, portrait_puppet))
    assert np.abs(resting - [96, 32, 112]).max() < 40  # there the clothes are left to the backdrop
    assert np.abs(filled - [96, 32, 112]).mean() > 40
