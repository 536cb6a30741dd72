"""The line in which lips meet is there when the picture has none, or none any more, and lies between them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.landmark_sets import INNER_LIPS
from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.formats.depth import DepthMap
from vivant.nodes.formats.head import HeadFit
from vivant.nodes.formats.puppet import Puppet, PuppetPose
from vivant.nodes.puppet.assembly import assemble
from vivant.nodes.puppet.lip_contact import contact
from vivant.nodes.puppet.lip_line import NAME, lip_line
from vivant.nodes.puppet.posing import pose
from vivant.nodes.puppet.skinning import bone_matrices, change_of, skin
from vivant.nodes.puppet.veils import shown

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]
SMILE = {f"{name}{side}": weight for side in ("Left", "Right")
         for name, weight in (("mouthSmile", 0.8), ("mouthUpperUp", 0.6), ("mouthLowerDown", 0.6))}  # fmt: skip


@pytest.fixture(scope="module")
def smiling(
    head: AnatomicalHead, make_fit: Callable[..., HeadFit], portrait_pixels: U8, portrait_matte: F32,
    portrait_depth: DepthMap,
) -> Puppet:  # fmt: skip
    return assemble(head, portrait_pixels, make_fit(SMILE), portrait_matte, portrait_depth)


def bent(puppet: Puppet, **weights: float) -> PuppetPose:
    worn = np.zeros(52, np.float32)
    for name, weight in weights.items():
        worn[INDEX[name]] = weight
    return pose(puppet, worn, np.eye(3), np.zeros(3), contact=contact(puppet.lips, worn, None))


def share(puppet: Puppet, posed: PuppetPose) -> float:
    (line,) = (layer for layer in puppet.layers if layer.name == NAME)
    return float(shown(puppet, change_of(puppet, posed))[line.fade])


def test_lips_of_an_undone_smile_meet_in_a_line(smiling: Puppet, posed: Callable[..., PuppetPose]) -> None:
    assert share(smiling, posed(smiling)) == 0  # the picture is as it is
    assert share(smiling, bent(smiling)) > 0.9
    assert share(smiling, bent(smiling, mouthPucker=0.8)) > 0.5
    assert share(smiling, bent(smiling, jawOpen=0.5)) == 0


def test_lips_that_roll_in_take_the_pictures_line_along(portrait_puppet: Puppet) -> None:
    assert share(portrait_puppet, bent(portrait_puppet)) < 0.05  # it shows its own
    rolled = {"mouthRollUpper": 0.9, "mouthRollLower": 0.9}
    assert share(portrait_puppet, bent(portrait_puppet, **rolled)) > 0.9
    assert share(portrait_puppet, bent(portrait_puppet, **rolled, jawOpen=0.6)) == 0


def test_it_lies_where_the_lips_meet(smiling: Puppet) -> None:
    posed = bent(smiling)
    places = np.empty((len(smiling.plane), 7), np.float32)
    skin(smiling, bone_matrices(smiling.bones, posed.rotations, posed.translations), change_of(smiling, posed), places)
    corners = smiling.triangles.reshape(-1)
    found = {layer.name: np.unique(corners[layer.first : layer.first + layer.count]) for layer in smiling.layers}
    ribbon, face = places[found[NAME], :2], places[found["face"], :2]
    count = len(ribbon) // 3
    middle = ribbon[count : 2 * count]
    near = np.linalg.norm(face[:, None] - middle[None, 1:-1], axis=2).min(axis=0)
    assert near.max() < 0.05 * smiling.face_width
    # it is a ribbon, and is not turned over
    high, low = ribbon[:count, 1] - middle[:, 1], middle[:, 1] - ribbon[2 * count :, 1]
    assert (high > 0).all() and (low > 0).all() and (high + low).max() < 0.05 * smiling.face_width


def test_its_colour_is_the_dark_of_the_lips(head: AnatomicalHead, portrait_fit: HeadFit, portrait_pixels: U8) -> None:
    vertices = portrait_fit.place(portrait_fit.neutral.astype(np.float32))
    units = np.zeros((52, len(vertices), 3), np.float32)
    part, page = lip_line(head, portrait_fit, vertices, units, np.zeros(53, np.float32), portrait_pixels)
    assert part.units is not None and part.fade is not None
    assert part.units.shape == (52, len(part.vertices), 3) and part.fade.shape == (53,)
    x, y = portrait_fit.points[list(INNER_LIPS), :2].T
    height = portrait_pixels.shape[0]
    around = portrait_pixels[
        int((0.5 - y.max()) * height) : int((0.5 - y.min()) * height) + 1,
        int(portrait_pixels.shape[1] / 2 + x.min() * height) : int(portrait_pixels.shape[1] / 2 + x.max() * height),
    ]
    assert page[..., :3].mean() < 0.6 * around.mean()
    assert page[8, 32, 3] > 240 and page[0, :, 3].max() < 30 and page[:, 0, 3].max() < 60


def test_it_stays_before_lips_that_roll_in(head: AnatomicalHead, portrait_fit: HeadFit, portrait_pixels: U8) -> None:
    vertices = portrait_fit.place(portrait_fit.neutral.astype(np.float32))
    units = np.zeros((52, len(vertices), 3), np.float32)
    units[[INDEX["mouthRollUpper"], INDEX["jawOpen"]]] = 0.01, -0.02, -0.1
    part, _ = lip_line(head, portrait_fit, vertices, units, np.zeros(53, np.float32), portrait_pixels)
    assert part.units is not None
    assert np.allclose(part.units[INDEX["mouthRollUpper"]], [0.01, -0.02, 0], atol=1e-6)  # seen in the same place
    assert np.allclose(part.units[INDEX["jawOpen"]], [0.01, -0.02, -0.1], atol=1e-6)
