"""Large turns of the head: what is stretched, uncovered, left behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from vivant.graph.node import NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.nodes.depth.relief import DepthRelief, ReliefInputs, ReliefParams
from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.head_depth import no_steeper
from vivant.nodes.face.head_fit import HeadFitter
from vivant.nodes.face.landmarks import FaceLandmarks, LandmarksParams, Mode
from vivant.nodes.face.matte import FaceMatte, MatteInputs, MatteParams
from vivant.nodes.formats.depth import DepthMap
from vivant.nodes.formats.head import HeadFit
from vivant.nodes.formats.picture import Picture
from vivant.nodes.formats.puppet import Puppet, PuppetPose
from vivant.nodes.puppet.assembly import assemble
from vivant.nodes.puppet.face_edge import facing
from vivant.nodes.puppet.skeleton import neck_weights
from vivant.nodes.puppet.turn_limits import find_limits, measure_cell

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]
TURNS = ((-35, 0), (35, 0), (0, -20), (0, 20), (-35, -20), (35, -20), (-35, 20), (35, 20))


def test_no_steeper_keeps_what_is_near_and_bounds_the_fall() -> None:
    depth = np.random.default_rng(0).normal(0, 1, (40, 60)).astype(np.float32)
    out = no_steeper(depth, 0.2)
    assert (out >= depth).all() and out.max() == depth.max()
    assert np.abs(np.diff(out, axis=0)).max() <= 0.2 + 1e-5 and np.abs(np.diff(out, axis=1)).max() <= 0.2 + 1e-5
    np.testing.assert_allclose(no_steeper(out, 0.2), out, atol=1e-5)
    gentle = np.linspace(0, 1, 60, dtype=np.float32)[None].repeat(40, axis=0)
    np.testing.assert_array_equal(no_steeper(gentle, 0.2), gentle)


def test_facing_of_a_ball() -> None:
    rows, columns = np.mgrid[0:13, 0:24]
    around, down = columns.ravel() / 24 * 2 * np.pi, (0.15 + 0.7 * rows.ravel() / 12) * np.pi
    normals = np.stack([np.sin(down) * np.sin(around), np.cos(down), np.sin(down) * np.cos(around)], axis=1)
    index = np.arange(13 * 24).reshape(13, 24)
    a, b = index[:-1], np.roll(index[:-1], -1, axis=1)
    c, d = index[1:], np.roll(index[1:], -1, axis=1)
    triangles = np.concatenate([np.stack([a, c, b], -1).reshape(-1, 3), np.stack([b, c, d], -1).reshape(-1, 3)])
    cosine = facing((0.01 * normals).astype(np.float32), triangles.astype(np.int32), 50.0)
    inner = (down > 0.3 * np.pi) & (down < 0.7 * np.pi)
    np.testing.assert_allclose(cosine[inner], normals[inner, 2], atol=0.03)


def test_at_rest_nothing_is_stretched_or_uncovered(portrait_puppet: Puppet) -> None:
    cell = measure_cell(portrait_puppet, 0, 0)
    assert cell.stretched < 0.005 and cell.uncovered == 0


def test_a_steep_relief_is_measured_as_stretched(
    head: AnatomicalHead, portrait_pixels: U8, portrait_fit: HeadFit, portrait_matte: F32, portrait_depth: DepthMap
) -> None:
    width = portrait_depth.values.shape[1]
    folded = portrait_depth.values.copy()
    folded[:, : width // 3] -= 0.4  # a step through the near side of the head
    torn = assemble(
        head, portrait_pixels, portrait_fit, portrait_matte,
        DepthMap(folded.clip(0, 1), portrait_depth.near, portrait_depth.far),
    )  # fmt: skip
    whole = assemble(head, portrait_pixels, portrait_fit, portrait_matte, portrait_depth)
    assert measure_cell(torn, 35, 0).stretched > 3 * measure_cell(whole, 35, 0).stretched + 0.005


def test_limits_are_less_toward_the_profile_of_a_turned_portrait(
    head: AnatomicalHead,
    make_fit: Callable[..., HeadFit],
    portrait_pixels: U8,
    portrait_matte: F32,
    portrait_depth: DepthMap,
    portrait_puppet: Puppet,
) -> None:
    up, down, left, right = np.degrees(portrait_puppet.turn_limits)
    assert min(up, down) >= 15 and max(up, down) <= 30
    assert min(left, right) >= 25 and max(left, right) <= 50
    assert find_limits(portrait_puppet) == portrait_puppet.turn_limits
    turned = assemble(head, portrait_pixels, make_fit(turn=(0, 0.5, 0)), portrait_matte, portrait_depth)
    _, _, left, right = np.degrees(turned.turn_limits)
    assert right < 32 < left + 8


@pytest.mark.parametrize("yaw", [-35, 35])
def test_skin_takes_no_background_along(
    portrait_puppet: Puppet, posed: Callable[..., PuppetPose], draw: Callable[[Puppet, PuppetPose], U8], yaw: int
) -> None:
    # the drawn room is blue-green, the person is not: within the turned head no pixel may be of the room
    drawn = draw(portrait_puppet, posed(portrait_puppet, turn=(0, np.radians(yaw), 0)))[..., :3].astype(int)
    place = portrait_puppet.size[1] * np.array([0.0, -0.06]) + np.array(portrait_puppet.size) / 2
    middle = drawn[int(place[1]) - 60 : int(place[1]) + 60, int(place[0]) - 24 : int(place[0]) + 24]
    assert ((middle[..., 1] > middle[..., 0] + 25).mean()) < 0.01


PORTRAITS = (
    "astronaut.png", "mona_lisa.jpg", "warrior.jpg", "cartoon_boy.jpg", "bouguereau_child.jpg", "group_of_five.jpg",
)  # fmt: skip


@pytest.mark.parametrize("name", PORTRAITS)
def test_real_portraits_bear_large_turns(
    name: str, media: Path, head: AnatomicalHead, fitter: HeadFitter, model: Callable[[str], Path],
    node_context: Callable[..., NodeContext],
) -> None:  # fmt: skip
    model("face_landmarker")
    pixels = np.array(Image.open(media / "portraits" / name).convert("RGB"))
    frame = Packet(Picture(pixels), 0, 0)
    context = node_context(fetch=model)
    landmarks, matting, relief = (
        FaceLandmarks(LandmarksParams(mode=Mode.STILL)), FaceMatte(MatteParams()), DepthRelief(ReliefParams()),
    )  # fmt: skip
    for node in (landmarks, matting, relief):
        node.open(context)
    face, matte = landmarks.look(frame), matting.process(MatteInputs(frame)).matte
    landmarks.close(Outcome.DONE)
    matting.close(Outcome.DONE)
    assert face is not None
    fit = fitter.fit(face)
    made = relief.process(ReliefInputs(Packet(matte, 0, 0), Packet(fit, 0, 0)))
    assert made is not None
    puppet = assemble(head, pixels, fit, matte.values, made.depth)
    cells = {turn: measure_cell(puppet, *turn) for turn in TURNS}
    # in the group picture the face is cut off by a neighbour's hair, which stays where it is
    most_stretched, most_uncovered = (0.2, 0.12) if name.startswith("group") else (0.1, 0.025)
    assert max(cell.stretched for cell in cells.values()) < most_stretched, cells
    assert max(cell.uncovered for cell in cells.values()) < most_uncovered, cells
    assert min(np.degrees(puppet.turn_limits)) >= 15, puppet.turn_limits


def test_a_collar_beside_the_neck_rests_and_hair_beside_the_ears_goes_with_the_head(portrait_fit: HeadFit) -> None:
    chin, width = (
        portrait_fit.points[152, :2],
        float(np.linalg.norm(portrait_fit.points[234] - portrait_fit.points[454])),
    )
    up = portrait_fit.points[10, :2] - chin
    up = up / np.linalg.norm(up)
    aside = np.array([-up[1], up[0]])

    def with_head(across: float, height: float) -> float:
        point = (chin + width * (across * aside + height * up))[None]
        return float(neck_weights(np.asarray(point, np.float32), portrait_fit, width)[2][0])

    for side in (-1, 1):
        assert with_head(1.15 * side, 0.1) < 0.15  # a collar's rim
        assert with_head(0.9 * side, 0.9) > 0.95  # hair above the ears
        assert with_head(0.4 * side, 0.1) > 0.95  # the jaw
        assert with_head(1.5 * side, 0.9) < 0.01  # somebody else
