from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from vivant.graph.node import NodeContext
from vivant.graph.packet import Packet
from vivant.nodes.depth.relief import DepthRelief, ReliefInputs, ReliefParams
from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.head_depth import person_depth
from vivant.nodes.face.placed_head import PlacedHead, place_head
from vivant.nodes.formats.depth import DepthMap, Matte
from vivant.nodes.formats.head import HeadFit
from vivant.nodes.puppet.mesh_part import picture_to_uv

F32 = npt.NDArray[np.float32]
Contexts = Callable[..., NodeContext]

NOSE_TIP, RIGHT_EAR, LEFT_EAR, FOREHEAD = 1, 234, 454, 10


def relief(
    context: NodeContext, matte: F32, fit: HeadFit | None, head_t_ns: int = 0, room: float = 1.5
) -> DepthMap | None:
    node = DepthRelief(ReliefParams(room=room))
    node.open(context)
    made = node.process(ReliefInputs(Packet(Matte(matte), 0, 0), Packet(fit, head_t_ns, 0)))
    return None if made is None else made.depth


def at(values: F32, points: F32, size: tuple[int, int]) -> F32:
    """Read a map at places of picture space."""
    uv = picture_to_uv(points, size)
    rows, columns = (uv[:, 1] * values.shape[0]).astype(int), (uv[:, 0] * values.shape[1]).astype(int)
    return np.asarray(values[rows, columns], np.float32)


def test_values_are_a_depth_map(portrait_depth: DepthMap) -> None:
    values = portrait_depth.values
    assert values.dtype == np.float32 and values.ndim == 2
    assert np.isfinite(values).all()
    assert values.min() == 0
    assert values.max() == pytest.approx(1)
    assert portrait_depth.near > portrait_depth.far


def test_the_nose_is_nearer_than_the_ears_and_the_person_than_the_room(
    portrait_depth: DepthMap, portrait_fit: HeadFit, portrait_matte: F32
) -> None:
    nose, right, left, brow = at(
        portrait_depth.values, portrait_fit.points[[NOSE_TIP, RIGHT_EAR, LEFT_EAR, FOREHEAD]], portrait_fit.size
    )
    assert nose > brow > max(right, left) > 0
    assert nose == pytest.approx(1, abs=0.03)
    corner = portrait_depth.values[0, 0]
    assert portrait_matte[0, 0] == 0 and corner == 0


def test_the_face_has_the_heads_own_depth(portrait_depth: DepthMap, portrait_fit: HeadFit) -> None:
    span = portrait_depth.near - portrait_depth.far
    front = portrait_fit.points[[NOSE_TIP, 9, 50, 280, 152]]
    found = portrait_depth.far + at(portrait_depth.values, front, portrait_fit.size) * span
    np.testing.assert_allclose(found, front[:, 2], atol=0.02)


def test_depth_follows_a_turned_head(
    node_context: Contexts, make_fit: Callable[..., HeadFit], portrait_matte: F32
) -> None:
    fit = make_fit(turn=(0, 0.5, 0))  # toward the viewer's right: the person's right cheek comes near
    made = relief(node_context(), portrait_matte, fit)
    assert made is not None
    right, left = at(made.values, fit.points[[50, 280]], fit.size)
    assert right > left


def test_hair_and_shoulders_are_smooth(portrait_depth: DepthMap, portrait_matte: F32) -> None:
    import cv2

    values = portrait_depth.values
    person = cv2.resize(portrait_matte, (values.shape[1], values.shape[0]), interpolation=cv2.INTER_AREA)
    inside = cv2.erode((person > 0.95).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    step = np.maximum(*(np.abs(g) for g in np.gradient(values)))
    assert np.percentile(step[inside], 99) < 0.06


def test_the_room_lies_as_far_behind_as_asked(
    node_context: Contexts, portrait_matte: F32, portrait_fit: HeadFit
) -> None:
    near, far = (relief(node_context(), portrait_matte, portrait_fit, room=room) for room in (0.5, 3.0))
    assert near is not None and far is not None
    width = float(np.linalg.norm(portrait_fit.points[RIGHT_EAR] - portrait_fit.points[LEFT_EAR]))
    assert near.near == far.near
    assert near.far - far.far == pytest.approx(2.5 * width, rel=1e-4)


def test_an_empty_matte_still_gives_a_map(node_context: Contexts, portrait_matte: F32, portrait_fit: HeadFit) -> None:
    for level in (0.0, 1.0):
        made = relief(node_context(), np.full_like(portrait_matte, level), portrait_fit)
        assert made is not None
        assert np.isfinite(made.values).all()
        assert made.values.min() >= 0 and made.values.max() <= 1
        assert made.near > made.far


def test_without_a_head_there_is_no_depth(node_context: Contexts, portrait_matte: F32) -> None:
    assert relief(node_context(), portrait_matte, None) is None


def test_a_head_of_another_picture_is_waited_out(
    node_context: Contexts, portrait_matte: F32, portrait_fit: HeadFit
) -> None:
    assert relief(node_context(), portrait_matte, portrait_fit, head_t_ns=40) is None


def test_large_pictures_give_small_maps(
    head: AnatomicalHead, portrait_fit: HeadFit, portrait_placed: PlacedHead, portrait_matte: F32
) -> None:
    import cv2

    large = np.asarray(cv2.resize(portrait_matte, None, fx=4, fy=4), np.float32)
    made = person_depth(head, portrait_fit, portrait_placed, large)
    assert max(made.shape) == 384
    small = person_depth(head, portrait_fit, place_head(head, portrait_fit), portrait_matte)
    assert made.shape == small.shape
    assert np.abs(made - small).mean() < 0.003


@pytest.mark.parametrize("shape", [(9, 300), (300, 9), (8, 8)])
def test_strange_formats_do_not_break(
    head: AnatomicalHead, portrait_fit: HeadFit, portrait_placed: PlacedHead, shape: tuple[int, int]
) -> None:
    made = person_depth(head, portrait_fit, portrait_placed, np.ones(shape, np.float32))
    assert np.isfinite(made).all() and min(made.shape) >= 8
