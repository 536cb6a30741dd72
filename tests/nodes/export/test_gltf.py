"""A bust as glTF: read back by a reader of the specification, bent, and compared with Vivant's own kernel."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from tests.nodes.export.glb_file import GlbFile
from vivant.nodes.export.bust import Bust
from vivant.nodes.export.depth_order import in_depth_order
from vivant.nodes.export.gltf import glb_of
from vivant.nodes.export.performance_keys import performance_keys
from vivant.nodes.formats.arkit import BLENDSHAPES, INDEX
from vivant.nodes.formats.puppet import Puppet
from vivant.nodes.formats.rotation import rotation_matrix
from vivant.nodes.puppet.places import places, rest_places
from vivant.nodes.puppet.posing import NECK_SHARE, pose
from vivant.nodes.sources.performance_clip import read_clip

F64 = npt.NDArray[np.float64]

EXACT_M = 2e-5
CHORD_M, HALF_WAY_M = 1.5e-3, 2.5e-3
"""Jaw and eyes go along arcs in Vivant, along chords in a morph target. What the picture's own jaw is off its chord is
in the neutral face, and so in every shape; a jaw that is half open is off most."""


def turned(degrees: tuple[float, float, float]) -> tuple[F64, dict[str, F64]]:
    """A turn of the head, and the rotations of joints that make it."""
    vector = np.radians(np.array(degrees))
    joints = {"neck": rotation_matrix(NECK_SHARE * vector), "head": rotation_matrix((1 - NECK_SHARE) * vector)}
    return rotation_matrix(vector), joints


class Twin:
    """The same puppet twice: as Vivant bends it, and as the file says; corners of the same triangles side by side."""

    def __init__(self, puppet: Puppet, glb: GlbFile) -> None:
        self.puppet, self.glb = in_depth_order(puppet), glb
        self.metres = 0.1 / puppet.scale
        eye = np.array(glb.node("picture")["translation"])
        self.origin = puppet.eye - eye / self.metres
        rest = self.in_metres(rest_places(self.puppet))
        self.pairs = []
        worn = np.array(glb.document["meshes"][0]["weights"])
        for primitive in glb.document["meshes"][0]["primitives"]:
            name = glb.document["materials"][primitive["material"]]["name"].removesuffix(".edge")
            (layer,) = [layer for layer in self.puppet.layers if layer.name == name]
            theirs = self.puppet.triangles[layer.first // 3 : (layer.first + layer.count) // 3]
            ours = glb.accessor(primitive["indices"])[:, 0].reshape(-1, 3)
            middles, others = glb.posed(primitive, worn, {})[ours].mean(axis=1), rest[theirs].mean(axis=1)
            found = []
            for middle in middles:
                distance = np.linalg.norm(others - middle, axis=1)
                found.append(int(distance.argmin()))
                assert distance.min() < EXACT_M, f"{name}: a triangle of the file is nowhere in the puppet"
            self.pairs.append((primitive, ours, theirs[found]))

    def in_metres(self, place: F64) -> F64:
        return np.asarray((place - self.origin) * self.metres)

    def apart(self, weights: dict[str, float], degrees: tuple[float, float, float] = (0, 0, 0)) -> float:
        """How far corners are apart where most, metres."""
        row = np.zeros(52)
        for name, weight in weights.items():
            row[INDEX[name]] = weight
        turn, joints = turned(degrees)
        own = self.in_metres(places(self.puppet, pose(self.puppet, row.astype(np.float32), turn, np.zeros(3))))
        return max(
            float(np.abs(self.glb.posed(primitive, row, joints)[ours] - own[theirs]).max())
            for primitive, ours, theirs in self.pairs
        )


@pytest.fixture(scope="module")
def twin(whole_puppet: Puppet, glb: GlbFile) -> Twin:
    return Twin(whole_puppet, glb)


def worn(puppet: Puppet) -> dict[str, float]:
    return {name: float(weight) for name, weight in zip(BLENDSHAPES, puppet.expression, strict=True) if weight}


def test_at_rest_the_file_is_the_picture(twin: Twin, whole_puppet: Puppet) -> None:
    assert twin.apart(worn(whole_puppet)) < EXACT_M


@pytest.mark.parametrize("degrees", [(0, 20, 0), (12, 0, 0), (-8, -25, 10)])
def test_turning_neck_and_head_turns_it_as_vivant_does(
    twin: Twin, whole_puppet: Puppet, degrees: tuple[float, float, float]
) -> None:
    assert twin.apart(worn(whole_puppet), degrees) < 2 * EXACT_M
    assert twin.apart(worn(whole_puppet), degrees) < twin.apart(worn(whole_puppet), (0, 0, 0)) + 2 * EXACT_M


@pytest.mark.parametrize("name", BLENDSHAPES)
def test_each_shape_at_one_is_vivants(twin: Twin, name: str) -> None:
    # what jaw and eyes of the picture itself are off the chord is in every shape
    assert twin.apart({name: 1.0}) < CHORD_M


def test_half_a_jaw_and_a_turn(twin: Twin) -> None:
    assert twin.apart({"jawOpen": 0.5, "mouthSmileLeft": 1.0}, (5, 15, 0)) < HALF_WAY_M


def test_a_wrong_shape_would_be_found(twin: Twin) -> None:
    twin.glb.document["meshes"][0]["primitives"][0]["targets"].reverse()
    try:
        assert twin.apart({"jawOpen": 1.0}) > 3 * CHORD_M
    finally:
        twin.glb.document["meshes"][0]["primitives"][0]["targets"].reverse()


def test_shapes_are_named_as_arkit_does(glb: GlbFile) -> None:
    (mesh,) = [mesh for mesh in glb.document["meshes"] if mesh["name"] == "portrait"]
    assert mesh["extras"]["targetNames"] == list(BLENDSHAPES)
    assert len(mesh["weights"]) == 52
    for primitive in mesh["primitives"]:
        assert len(primitive["targets"]) == 52


def test_every_shape_moves_something_and_names_its_side(glb: GlbFile) -> None:
    mesh = glb.document["meshes"][0]
    for number, name in enumerate(BLENDSHAPES):
        moved, places = [], []
        for primitive in mesh["primitives"]:
            moved.append(np.linalg.norm(glb.accessor(primitive["targets"][number]["POSITION"]), axis=1))
            places.append(glb.accessor(primitive["attributes"]["POSITION"])[:, 0])
        by, x = np.concatenate(moved), np.concatenate(places)
        assert 5e-4 < by.max() < 0.08, f"{name} moves by {by.max():.4f} m"
        if name.startswith(("eyeBlink", "browDown", "mouthSmile")):
            middle = (by * x).sum() / by.sum()
            assert (middle > 0) == name.endswith("Left"), f"{name} is on the wrong side"


def test_joints_are_a_skeleton_with_the_heads_in_the_right_places(glb: GlbFile) -> None:
    (skin,) = glb.document["skins"]
    names = [glb.document["nodes"][n]["name"] for n in skin["joints"]]
    assert names == ["root", "neck", "head", "jaw", "eyeLeft", "eyeRight"]
    children = {name: [glb.document["nodes"][n]["name"] for n in glb.node(name).get("children", [])] for name in names}
    assert children == {key: [] for key in names} | {
        "root": ["neck"],
        "neck": ["head"],
        "head": ["jaw", "eyeLeft", "eyeRight"],
    }
    at = {name: matrix[:3, 3] for name, matrix in glb.world({}).items()}
    assert at["root"].tolist() == [0, 0, 0]
    assert at["neck"][1] < at["jaw"][1] < at["eyeLeft"][1] < at["neck"][1] + 0.3  # metres
    assert 0.04 < at["eyeLeft"][0] - at["eyeRight"][0] < 0.09  # the person's left is the viewer's right
    assert at["eyeLeft"][2] > at["neck"][2]
    bind = glb.accessor(skin["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
    for name, inverse in zip(names, bind, strict=True):
        assert np.allclose(inverse @ glb.world({})[name], np.eye(4), atol=1e-6)


def test_attributes_are_whole(glb: GlbFile) -> None:
    count = len(glb.document["skins"][0]["joints"])
    for mesh in glb.document["meshes"]:
        for primitive in mesh["primitives"]:
            values = {name: glb.accessor(number) for name, number in primitive["attributes"].items()}
            sizes = {len(rows) for rows in values.values()}
            assert len(sizes) == 1
            corners = glb.accessor(primitive["indices"])
            assert len(corners) % 3 == 0 and corners.max() < sizes.pop()
            assert all(np.isfinite(rows).all() for rows in values.values())
            if "WEIGHTS_0" in values:
                assert np.abs(values["WEIGHTS_0"].sum(axis=1) - 1).max() < 1e-6
                assert values["WEIGHTS_0"].min() >= 0 and values["JOINTS_0"].max() < count
                assert (values["JOINTS_0"][values["WEIGHTS_0"] == 0] == 0).all()
            if "COLOR_0" in values:
                assert values["COLOR_0"].min() >= 0 and values["COLOR_0"].max() <= 1
            assert values["TEXCOORD_0"].min() > -0.5 and values["TEXCOORD_0"].max() < 1.5  # clamped


def test_parts_and_materials(glb: GlbFile) -> None:
    names = {material["name"] for material in glb.document["materials"]}
    assert {
        "face",
        "face.edge",
        "body",
        "body.edge",
        "eyeLeft",
        "eyeRight",
        "teethUpper",
        "teethLower",
        "tongue",
    } <= names
    assert {"lidLeft", "lidRight", "backdrop"} <= names
    for material in glb.document["materials"]:
        assert material["extensions"] == {"KHR_materials_unlit": {}}
        if material["name"] in ("face", "body", "eyeLeft", "backdrop"):
            assert material["alphaMode"] == "OPAQUE"
        if material["name"].endswith(".edge"):
            assert material["alphaMode"] == "BLEND"
    assert glb.document["extensionsUsed"] == ["KHR_materials_unlit"]
    for image in glb.document["images"]:
        with Image.open(io.BytesIO(glb.view(image["bufferView"]))) as picture:
            assert picture.format == "PNG" and picture.width > 0


def test_what_is_opaque_uses_no_transparent_pixel(bust: Bust) -> None:
    for part in bust.parts:
        page = bust.textures[part.texture]
        if part.blend:
            continue
        spots = (part.uv * [page.shape[1], page.shape[0]]).astype(int).clip(0, [page.shape[1] - 1, page.shape[0] - 1])
        assert (page[spots[:, 1], spots[:, 0], 3] == 255).all(), part.name


def test_veils_come_with_a_blink_and_are_not_there_at_rest(glb: GlbFile) -> None:
    mesh = glb.document["meshes"][0]
    names = [glb.document["materials"][primitive["material"]]["name"] for primitive in mesh["primitives"]]
    lid = mesh["primitives"][names.index("lidLeft")]

    def alpha(weights: F64) -> F64:
        out = glb.accessor(lid["attributes"]["COLOR_0"])[:, 3].astype(np.float64)
        for weight, target in zip(weights, lid["targets"], strict=True):
            out += weight * glb.accessor(target["COLOR_0"])[:, 3]
        return np.asarray(out.clip(0, 1))

    assert alpha(np.array(mesh["weights"])).max() < 0.02
    blink = np.zeros(52)
    blink[INDEX["eyeBlinkLeft"]] = 1
    assert alpha(blink).min() > 0.98
    other = np.zeros(52)
    other[INDEX["eyeBlinkRight"]] = 1
    assert alpha(other).max() < 0.02


def test_the_camera_sees_the_picture(glb: GlbFile, whole_puppet: Puppet, bust: Bust) -> None:
    camera = glb.document["cameras"][0]["perspective"]
    assert bust.backdrop is not None
    seen = bust.backdrop.vertices - bust.eye
    slope = seen[:, :2] / -seen[:, 2:]
    assert np.allclose(np.abs(slope[:, 1]), math.tan(camera["yfov"] / 2), rtol=1e-4)
    assert np.allclose(np.abs(slope[:, 0]), math.tan(camera["yfov"] / 2) * camera["aspectRatio"], rtol=1e-4)
    assert camera["aspectRatio"] == pytest.approx(whole_puppet.size[0] / whole_puppet.size[1])
    assert camera["znear"] < -seen[:, 2].max() and -seen[:, 2].min() < camera["zfar"]


def test_sizes_are_a_persons(bust: Bust) -> None:
    (face,) = [part for part in bust.parts if part.name == "face"]
    width, height, _ = np.ptp(face.vertices, axis=0)
    assert 0.1 < width < 0.2 and 0.1 < height < 0.25
    everything = np.concatenate([part.vertices for part in bust.parts])
    assert abs(float(everything[:, 1].min())) < 0.1  # it stands on the ground


def test_sparse_values_make_it_smaller(glb: GlbFile) -> None:
    accessors = glb.document["accessors"]
    assert sum("sparse" in accessor for accessor in accessors) > 50
    assert all("bufferView" in accessor or accessor["type"] in ("VEC3", "VEC4") for accessor in accessors)
    targets = [t for p in glb.document["meshes"][0]["primitives"] for t in p["targets"]]
    dense = sum(12 * accessors[target["POSITION"]]["count"] for target in targets)
    assert sum(view["byteLength"] for view in glb.document["bufferViews"]) < dense


def test_an_animation_has_vivants_turns_and_weights(bust: Bust, whole_puppet: Puppet, tmp_path: Path) -> None:
    file = tmp_path / "clip.json"
    file.write_text(
        '{"version": 1, "duration_s": 1, "tracks": {"jawOpen": [[0, 0], [1, 1]], "head.yaw_deg": [[0, 0], [1, 10]]}}',
        encoding="utf-8",
    )
    keys = performance_keys(whole_puppet, read_clip(file), 30)
    glb = GlbFile(glb_of(bust, keys))
    (animation,) = glb.document["animations"]
    by = {}
    for channel in animation["channels"]:
        sampler = animation["samplers"][channel["sampler"]]
        node = glb.document["nodes"][channel["target"]["node"]]["name"]
        by[node, channel["target"]["path"]] = glb.accessor(sampler["output"])
    assert set(by) == {("portrait", "weights"), ("neck", "rotation"), ("head", "rotation")}
    times = glb.accessor(animation["samplers"][0]["input"])[:, 0]
    assert {sampler["input"] for sampler in animation["samplers"]} == {animation["samplers"][0]["input"]}
    assert len(times) == 31 and times[0] == 0 and times[-1] == 1
    weights = by["portrait", "weights"].reshape(31, 52)
    assert weights[0].max() == 0 and weights[-1, INDEX["jawOpen"]] == 1
    half = [2 * math.degrees(math.asin(by[joint, "rotation"][-1, 1])) for joint in ("neck", "head")]
    assert half == pytest.approx([4, 6], abs=0.1)  # together ten degrees, to the viewer's right
