"""Skin that an expression brings to light is painted where the picture shows none, and only then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from vivant.graph.node import NodeContext
from vivant.graph.packet import Packet
from vivant.nodes.depth.relief import DepthRelief, ReliefInputs, ReliefParams
from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.landmark_sets import EYE_CONTOURS, FOLDS
from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.formats.depth import DepthMap, Matte
from vivant.nodes.formats.head import HeadFit
from vivant.nodes.formats.puppet import Puppet, PuppetPose, Role
from vivant.nodes.puppet.assembly import assemble
from vivant.nodes.puppet.lip_line import NAME
from vivant.nodes.puppet.mesh_part import picture_to_pixels
from vivant.nodes.puppet.mouth import shade_of
from vivant.nodes.puppet.skinning import bone_matrices, change_of, skin
from vivant.nodes.puppet.veils import _one_red, shown

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]
Posed = Callable[..., PuppetPose]
Draw = Callable[[Puppet, PuppetPose], U8]
SMILE = {f"{name}{side}": weight for side in ("Left", "Right")
         for name, weight in (("mouthSmile", 0.8), ("mouthUpperUp", 0.6), ("mouthLowerDown", 0.6))}  # fmt: skip
BLINK = {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}


def shares(puppet: Puppet, bent: PuppetPose) -> dict[str, float]:
    """How much is drawn of each layer that fades in, by name; not of what closed lips hide."""
    found = all_shares(puppet, bent).items()
    return {name: share for name, share in found if not name.startswith("rim") and not name.endswith("Narrow")}


def all_shares(puppet: Puppet, bent: PuppetPose) -> dict[str, float]:
    found = shown(puppet, change_of(puppet, bent))
    return {layer.name: float(found[layer.fade]) for layer in puppet.layers if layer.fade >= 0}


@pytest.fixture(scope="module")
def smiling(head: AnatomicalHead, make_fit: Callable[..., HeadFit], portrait_pixels: U8, portrait_matte: F32) -> Puppet:
    """A picture with a smile, and a dark line where it folds the skin."""
    fit = make_fit(SMILE)
    pixels = portrait_pixels.copy()
    for marks in FOLDS.values():
        line = picture_to_pixels(fit.points[list(marks[:3])], fit.size)
        cv2.polylines(pixels, [np.round(line).astype(np.int32)], False, (110, 70, 50), 1, cv2.LINE_AA)
    node = DepthRelief(ReliefParams())
    node.open(NodeContext(lambda: 0, Path(), lambda _: Path(), lambda _: None, frozenset({"depth"}), True))
    made = node.process(ReliefInputs(Packet(Matte(portrait_matte), 0, 0), Packet(fit, 0, 0)))
    assert made is not None
    return assemble(head, pixels, fit, portrait_matte, made.depth)


def test_nothing_is_veiled_at_rest_and_lids_are_when_they_close(portrait_puppet: Puppet, posed: Posed) -> None:
    rest = shares(portrait_puppet, posed(portrait_puppet))
    assert {"lidRight", "lidLeft"} <= set(rest)
    assert max(rest.values()) == 0
    closed = shares(portrait_puppet, posed(portrait_puppet, BLINK))
    assert closed["lidRight"] > 0.99 and closed["lidLeft"] > 0.99
    wink = shares(portrait_puppet, posed(portrait_puppet, {"eyeBlinkLeft": 1.0}))
    assert wink["lidLeft"] > 0.99 and wink["lidRight"] == 0
    opened = shares(portrait_puppet, posed(portrait_puppet, {"eyeWideLeft": 1.0, "eyeWideRight": 1.0}))
    assert opened["lidLeft"] == opened["lidRight"] == 0


def test_what_the_picture_shows_along_the_rims_goes_before_the_lids_meet(portrait_puppet: Puppet, posed: Posed) -> None:
    """It is the eye's upper and lower edge, iris too: drawn over each other they would be neither."""
    rims = ("rimRight", "rimLeft")
    rest = all_shares(portrait_puppet, posed(portrait_puppet))
    half = all_shares(portrait_puppet, posed(portrait_puppet, dict.fromkeys(BLINK, 0.3)))
    closed = all_shares(portrait_puppet, posed(portrait_puppet, {"eyeBlinkLeft": 1.0}))
    assert all(rest[rim] == 1 and 0.05 < half[rim] < 0.95 for rim in rims)
    assert closed["rimLeft"] == 0 and closed["rimRight"] > 0.99


def test_veils_lie_on_the_faces_own_vertices_or_move_as_those(portrait_puppet: Puppet, posed: Posed) -> None:
    corners = portrait_puppet.triangles.reshape(-1)
    bent = posed(portrait_puppet, {"eyeBlinkLeft": 0.7, "jawOpen": 0.4}, (0.1, 0.3, 0.1))
    matrices = bone_matrices(portrait_puppet.bones, bent.rotations, bent.translations)
    places = np.empty((len(portrait_puppet.plane), 7), np.float32)
    skin(portrait_puppet, matrices, change_of(portrait_puppet, bent), places)
    skins = [layer for layer in portrait_puppet.layers if layer.role is Role.SKIN]
    assert skins[0].name == "face" and skins[0].fade < 0  # drawn before its veils
    own = set(corners[skins[0].first : skins[0].first + skins[0].count].tolist())
    for veil in skins[1:]:
        assert veil.fade >= 0
        if veil.name == NAME:
            continue  # lies between the lips, not on one of them
        assert 0 < veil.count < skins[0].count / 4
        members = set(corners[veil.first : veil.first + veil.count].tolist())
        if veil.name.startswith("lid"):
            assert {places[member].tobytes() for member in members} <= {places[member].tobytes() for member in own}
        else:
            assert members <= own


def test_a_lids_veil_has_nothing_of_the_dark_above_the_eye(
    head: AnatomicalHead, portrait_pixels: U8, portrait_fit: HeadFit, portrait_matte: F32, portrait_depth: DepthMap
) -> None:
    """The little that a picture shows of a lid is often its crease and lashes: drawn out they would be streaks."""
    pixels = portrait_pixels.copy()
    rims = [
        picture_to_pixels(portrait_fit.points[list(EYE_CONTOURS[side])], portrait_fit.size) for side in EYE_CONTOURS
    ]
    for rim in rims:
        upper = rim[8:]
        cv2.polylines(pixels, [np.round(upper - [0, 2]).astype(np.int32)], False, (30, 20, 20), 2)
    textures = assemble(head, pixels, portrait_fit, portrait_matte, portrait_depth).textures
    for side in EYE_CONTOURS:
        lid = textures[f"lid{side}"]
        painted = lid[lid[..., 3] > 250][:, :3].mean(axis=1)
        assert len(painted) > 200
        assert np.median(painted) > 120
        assert 0.01 < (painted < 80).mean() < 0.3  # its lashes


def test_teeth_lie_in_the_dark_behind_lips_put_forward(portrait_puppet: Puppet, posed: Posed) -> None:
    assert shares(portrait_puppet, posed(portrait_puppet, {"jawOpen": 1.0}))["shadeTeethUpper"] == 0
    forward = shares(portrait_puppet, posed(portrait_puppet, {"mouthFunnel": 0.8}))
    assert min(forward[f"shade{part}"] for part in ("Tongue", "TeethLower", "TeethUpper")) > 0.9


def test_a_smile_that_is_undone_leaves_no_fold(smiling: Puppet, posed: Posed) -> None:
    rest = shares(smiling, posed(smiling))
    assert {"foldRight", "foldLeft", "lips"} <= set(rest)
    assert max(rest.values()) == 0
    serious = dict.fromkeys((name for name in INDEX if name.startswith("mouth")), 0.0)
    undone = shares(smiling, posed(smiling, serious))
    assert undone["foldRight"] > 0.99 and undone["foldLeft"] > 0.99 and undone["lips"] > 0.99
    half = shares(smiling, posed(smiling, {"mouthSmileLeft": 0.4}))
    assert 0.3 < half["foldLeft"] < 0.7 and half["foldRight"] == 0
    veil, face = smiling.textures["veil"], smiling.textures["face"]
    folded = face[..., :3].mean(axis=2) < 100
    painted = folded & (veil[..., 3] > 200)
    assert painted.sum() > 10
    assert veil[painted][:, :3].mean() > 130


def test_a_serious_picture_has_no_veil_for_smiles(portrait_puppet: Puppet) -> None:
    assert not {layer.name for layer in portrait_puppet.layers} & {"foldRight", "foldLeft", "lips"}


def test_what_is_painted_of_lips_takes_their_tint_and_keeps_its_light() -> None:
    lips = np.array([[200.0, 110.0, 110.0], [220.0, 130.0, 120.0]], np.float32)
    mauve = np.full((2, 3, 3), (150.0, 120.0, 160.0), np.float32)
    painted = _one_red(mauve, lips)
    np.testing.assert_allclose(painted.mean(axis=2), mauve.mean(axis=2), rtol=0.06)
    assert (painted[..., 0] > painted[..., 2] * 1.2).all()
    np.testing.assert_array_equal(_one_red(mauve, lips[:0]), mauve)


def test_the_dark_behind_lips_has_the_form_of_what_it_darkens(portrait_puppet: Puppet) -> None:
    for name in ("tongue", "teethLower", "teethUpper"):
        page, dark = portrait_puppet.textures[name], portrait_puppet.textures[shade_of(name)]
        assert ((dark[..., 3] > 0) == (page[..., 3] > 1)).mean() > 0.99
        assert dark[..., 3].max() < 255  # it lets through what it darkens


def test_behind_lips_hardly_parted_it_is_dark(portrait_puppet: Puppet, smiling: Puppet, posed: Posed) -> None:
    tongue, teeth, upper = (shade_of(name) for name in ("tongue", "teethLower", "teethUpper"))
    gapes = [all_shares(portrait_puppet, posed(portrait_puppet, {"jawOpen": jaw})) for jaw in (0.1, 0.3, 1.0)]
    dark = [gape[f"{tongue}Narrow"] for gape in gapes]
    assert dark[0] > 0.6 and dark[0] > dark[1] > dark[2] == 0
    assert all(gape[f"{teeth}Narrow"] <= gape[f"{tongue}Narrow"] for gape in gapes)
    assert f"{upper}Narrow" not in gapes[0]  # upper teeth are in the light
    # what a picture shows in an open mouth is as light as it is there
    rest = all_shares(smiling, posed(smiling))
    assert rest[f"{tongue}Narrow"] == rest[f"{teeth}Narrow"] == 0
