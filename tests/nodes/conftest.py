"""A portrait made of numbers alone: the anatomical head projected, a picture drawn over it, and its puppet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from vivant.graph.node import NodeContext
from vivant.graph.packet import Packet
from vivant.nodes.depth.relief import DepthRelief, ReliefInputs, ReliefParams
from vivant.nodes.face.anatomical_head import AnatomicalHead, load_head
from vivant.nodes.face.head_fit import HeadFitter
from vivant.nodes.face.landmark_sets import EYE_CONTOURS, IRISES
from vivant.nodes.face.lip_seal import LipSeal
from vivant.nodes.face.placed_head import PlacedHead, place_head
from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.formats.depth import DepthMap, Matte
from vivant.nodes.formats.face import FaceReading
from vivant.nodes.formats.head import HeadFit
from vivant.nodes.formats.puppet import Puppet, PuppetPose
from vivant.nodes.formats.rotation import rotation_matrix
from vivant.nodes.puppet.assembly import assemble
from vivant.nodes.puppet.openings import mouth_rim
from vivant.nodes.puppet.posing import pose
from vivant.nodes.puppet.skin_patch import face_patch
from vivant.nodes.puppet.skinning import bone_matrices, change_of, skin
from vivant.nodes.puppet.veils import shown

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
U8 = npt.NDArray[np.uint8]

SIZE = (320, 384)
_SCALE = 0.3  # the face is 0.4 picture heights wide
_SKIN, _CLOTHES, _IRIS, _WHITE, _LIPS, _NOSE = (
    (208, 160, 128), (96, 32, 112), (24, 40, 200), (236, 232, 226), (176, 64, 72), (40, 190, 60),
)  # fmt: skip
_OUTER_LIPS = (61, 40, 37, 0, 267, 270, 291, 321, 314, 17, 84, 91)

FitFactory = Callable[..., HeadFit]
ReadingFactory = Callable[[HeadFit], FaceReading]
DrawPuppet = Callable[[Puppet, PuppetPose], U8]
PosePuppet = Callable[..., PuppetPose]


@pytest.fixture(scope="session")
def head() -> AnatomicalHead:
    return load_head()


@pytest.fixture(scope="session")
def fitter(head: AnatomicalHead) -> HeadFitter:
    return HeadFitter(head)


@pytest.fixture(scope="session")
def seal(head: AnatomicalHead) -> LipSeal:
    patch = face_patch(head)
    return LipSeal(head, patch.triangles, mouth_rim(head, patch))


@pytest.fixture(scope="session")
def make_fit(head: AnatomicalHead, fitter: HeadFitter) -> FitFactory:
    """Make the fit of a head that is known: ``make_fit(weights={"jawOpen": 0.3}, turn=(pitch, yaw, roll))``."""

    def make(
        weights: dict[str, float] | None = None,
        turn: tuple[float, float, float] = (0.02, 0.05, 0.0),
        shape: npt.NDArray[np.floating[Any]] | None = None,
    ) -> HeadFit:
        coefficients = (fitter.prior_shape if shape is None else shape).astype(np.float32)
        worn = np.zeros(52, np.float32)
        for name, weight in (weights or {}).items():
            worn[INDEX[name]] = weight
        neutral = head.vertices + np.tensordot(coefficients, head.shapes, axes=1)
        rotation = rotation_matrix(np.array(turn)).astype(np.float32)
        centre = rotation @ np.array([0.0, 7.05, 1.15], np.float32)
        translation = np.array([0.0, 0.03, 0.0], np.float32) - _SCALE * centre
        vertices = neutral + np.tensordot(worn, head.face_units, axes=1)
        points = _SCALE * head.landmark_positions(vertices.astype(np.float32)) @ rotation.T + translation
        return HeadFit(
            neutral=neutral.astype(np.float32),
            shape=coefficients,
            weights=worn,
            scale=_SCALE,
            rotation=rotation,
            translation=translation.astype(np.float32),
            points=points.astype(np.float32),
            scores=worn,
            tracker_rotation=rotation,
            size=SIZE,
            error=0.0,
        )

    return make


@pytest.fixture(scope="session")
def reading_of() -> ReadingFactory:
    """Turn a fit's landmarks into what a tracker would have said of them."""

    def make(fit: HeadFit) -> FaceReading:
        width, height = fit.size
        points = fit.points * np.array([height, -height, -height], np.float32)
        points += np.array([width / 2, height / 2, 0], np.float32)
        transform = np.eye(4, dtype=np.float32)
        transform[:3, :3] = 1.3 * fit.tracker_rotation
        transform[:3, 3] = (1, -2, -40)
        return FaceReading(points, fit.size, fit.scores, transform)

    return make


@pytest.fixture(scope="session")
def portrait_fit(make_fit: FitFactory) -> HeadFit:
    return make_fit()


@pytest.fixture(scope="session")
def portrait_placed(head: AnatomicalHead, portrait_fit: HeadFit) -> PlacedHead:
    return place_head(head, portrait_fit)


@pytest.fixture(scope="session")
def portrait_matte(portrait_fit: HeadFit) -> F32:
    """``float32 (h, w)``: an ellipse around the head, one for the shoulders, which the border cuts."""
    return _ellipses(portrait_fit)


@pytest.fixture(scope="session")
def portrait_pixels(portrait_fit: HeadFit, portrait_matte: F32) -> U8:
    """``uint8 (h, w, 3)``: gradient with blobs; a person with white eyes, blue irises, red lips, a green nose tip."""
    width, height = SIZE
    y, x = np.mgrid[:height, :width].astype(np.float32)
    room = np.stack([60 + 120 * x / width, 90 + 80 * y / height, np.full_like(x, 110)], axis=2)
    for column, row, reach, change in ((40, 60, 24, 45), (280, 90, 30, -40), (25, 250, 20, 40), (300, 300, 26, 35)):
        room += change * np.exp(-((x - column) ** 2 + (y - row) ** 2) / (2 * reach**2))[..., None]
    chin = portrait_fit.points[152]
    shoulders = (y > (0.5 - chin[1] + 0.09) * height)[..., None]
    person = np.where(shoulders, np.array(_CLOTHES), np.array(_SKIN)).astype(np.float32)
    person += 14 * np.cos(x / 37)[..., None] + 8 * np.sin(y / 23)[..., None]
    places = portrait_fit.points[:, :2] * [height, -height] + [width / 2, height / 2]

    def fill(indices: tuple[int, ...], colour: tuple[int, int, int]) -> None:
        outline = np.round((places[list(indices)] - 0.5) * 16).astype(np.int32)
        cv2.fillPoly(person, [outline], [float(c) for c in colour], cv2.LINE_AA, 4)

    def fill_disc(centre: npt.NDArray[np.floating[Any]], radius: float, colour: tuple[int, int, int]) -> F32:
        cover = np.clip(radius + 0.5 - np.hypot(x + 0.5 - centre[0], y + 0.5 - centre[1]), 0, 1)[..., None]
        return np.asarray(cover * np.array(colour) + (1 - cover) * person, np.float32)

    fill(_OUTER_LIPS, _LIPS)
    for side, contour in EYE_CONTOURS.items():
        fill(contour, _WHITE)
        eye = np.zeros((height, width), np.uint8)
        cv2.fillPoly(eye, [np.round(places[list(contour)] - 0.5).astype(np.int32)], 1)
        iris = places[list(IRISES[side])]
        radius = float(np.linalg.norm(iris[1:] - iris[0], axis=1).mean())
        person = np.where(eye[..., None] > 0, fill_disc(iris[0], radius, _IRIS), person)
    person = fill_disc(places[1], 5.0, _NOSE)
    alpha = portrait_matte[..., None]
    mixed = alpha * person + (1 - alpha) * room
    return np.ascontiguousarray(np.clip(np.round(cv2.GaussianBlur(mixed, (0, 0), 0.6)), 0, 255).astype(np.uint8))


@pytest.fixture(scope="session")
def portrait_depth(portrait_fit: HeadFit, portrait_matte: F32) -> DepthMap:
    node = DepthRelief(ReliefParams())
    node.open(NodeContext(lambda: 0, Path(), lambda _: Path(), lambda _: None, frozenset({"depth"}), True))
    made = node.process(ReliefInputs(Packet(Matte(portrait_matte), 0, 0), Packet(portrait_fit, 0, 0)))
    assert made is not None
    return made.depth


@pytest.fixture(scope="session")
def portrait_puppet(
    head: AnatomicalHead, portrait_pixels: U8, portrait_fit: HeadFit, portrait_matte: F32, portrait_depth: DepthMap
) -> Puppet:
    return assemble(head, portrait_pixels, portrait_fit, portrait_matte, portrait_depth)


@pytest.fixture(scope="session")
def posed() -> PosePuppet:
    """Pose a puppet: ``posed(puppet, {"jawOpen": 1}, turn=(pitch, yaw, roll) in radians, shift=(x, y, z))``."""

    def make(
        puppet: Puppet,
        weights: dict[str, float] | None = None,
        turn: tuple[float, float, float] = (0, 0, 0),
        shift: tuple[float, float, float] = (0, 0, 0),
    ) -> PuppetPose:
        worn = puppet.expression.copy()
        for name, weight in (weights or {}).items():
            worn[INDEX[name]] = weight
        return pose(puppet, worn, rotation_matrix(np.array(turn, np.float64)), np.array(shift, np.float64))

    return make


@pytest.fixture
def draw(gl: Any) -> DrawPuppet:
    """Draw a puppet: RGBA as in the framebuffer, ``uint8 (h, w, 4)``, row 0 on top."""
    from vivant.nodes.render.puppet_renderer import PuppetRenderer

    loaded: dict[str, Any] = {}

    def make(puppet: Puppet, bent: PuppetPose) -> U8:
        if loaded.get("puppet") is not puppet:
            if "renderer" in loaded:
                loaded["renderer"].release()
            loaded["renderer"] = PuppetRenderer(gl, puppet.size)
            loaded["renderer"].load(puppet)
            loaded["puppet"] = puppet
        vertices = np.empty((len(puppet.plane), 7), np.float32)
        matrices = bone_matrices(puppet.bones, bent.rotations, bent.translations)
        change = change_of(puppet, bent)
        skin(puppet, matrices, change, vertices)
        loaded["renderer"].draw(vertices, shown(puppet, change))
        width, height = puppet.size
        data = np.frombuffer(loaded["renderer"].framebuffer.read(components=4), np.uint8)
        return np.ascontiguousarray(data.reshape(height, width, 4)[::-1])

    return make


def _ellipses(fit: HeadFit) -> F32:
    width, height = fit.size
    y, x = np.mgrid[:height, :width].astype(np.float32) + 0.5
    px, py = (x - width / 2) / height, (height / 2 - y) / height
    middle = fit.points[[10, 152], :2].mean(axis=0)
    inside = 1 - np.hypot((px - middle[0]) / 0.26, (py - middle[1] - 0.02) / 0.33)
    body = 1 - np.hypot(px / 0.36, (py + 0.62) / 0.34)
    distance = np.maximum(inside * 0.26, body * 0.3) * height
    return np.asarray(np.clip(distance / 3 + 0.5, 0, 1), np.float32)
