from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.formats.depth import DepthMap
from vivant.nodes.formats.head import HeadFit
from vivant.nodes.formats.puppet import Puppet, PuppetPose, Role
from vivant.nodes.puppet.assembly import assemble
from vivant.nodes.puppet.side_texture import push_pull
from vivant.nodes.puppet.turn_limits import find_limits, measure_cell

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]


def test_filling_keeps_what_is_trusted_and_goes_on_smoothly() -> None:
    colour = np.zeros((64, 96, 3), np.float32)
    trust = np.zeros((64, 96), np.float32)
    colour[:, :10], colour[:, -10:] = (200, 40, 40), (40, 40, 200)
    trust[:, :10] = trust[:, -10:] = 1
    filled = push_pull(colour, trust)
    np.testing.assert_allclose(filled[:, :8], colour[:, :8], atol=1e-3)
    np.testing.assert_allclose(filled[:, -8:], colour[:, -8:], atol=1e-3)
    across = filled[32, :, 0]
    assert across[20] > across[48] > across[76]
    assert filled.min() > 0 and filled.max() < 240


def test_filling_without_anything_trusted_is_no_error() -> None:
    assert np.isfinite(push_pull(np.full((20, 30, 3), 9, np.float32), np.zeros((20, 30), np.float32))).all()


def test_sides_lie_behind_the_body_and_over_the_face(portrait_puppet: Puppet) -> None:
    names = [layer.name for layer in portrait_puppet.layers]
    assert names[0] == "behind" and names[-1] == "beside"
    assert portrait_puppet.layers[0].role is Role.BEHIND
    assert np.isfinite(portrait_puppet.facing).all()
    assert (portrait_puppet.textures["sides"][..., 3] == 255).all()


def test_the_painted_cheek_has_the_colour_of_skin(portrait_puppet: Puppet) -> None:
    layer = portrait_puppet.layers[-1]
    used = np.unique(portrait_puppet.triangles[layer.first // 3 :])
    used = used[portrait_puppet.opacity[used] > 0.5]
    page = portrait_puppet.textures["sides"]
    at = (portrait_puppet.uv[used] * page.shape[1::-1]).astype(int)
    colours = page[at[:, 1], at[:, 0], :3].astype(float)
    assert len(used) > 20
    # the drawn person is skin or clothes; nothing of the green and grey room is on it
    assert (np.abs(colours - (208, 160, 128)).max(axis=1) < 60).mean() > 0.7


def test_the_neck_goes_on_behind_a_turned_head(
    portrait_puppet: Puppet, posed: Callable[..., PuppetPose], draw: Callable[[Puppet, PuppetPose], U8]
) -> None:
    without = dataclasses.replace(portrait_puppet, layers=portrait_puppet.layers[1:])
    bent = posed(portrait_puppet, turn=(0, 0.6, 0))
    change = np.abs(draw(portrait_puppet, bent).astype(int) - draw(without, bent)).max(axis=2)
    assert (change > 20).sum() > 100
    rest = posed(portrait_puppet)
    assert np.abs(draw(portrait_puppet, rest).astype(int) - draw(without, rest)).max(axis=2).mean() < 0.2


def test_at_rest_nothing_is_stretched_or_uncovered(portrait_puppet: Puppet) -> None:
    cell = measure_cell(portrait_puppet, 0, 0)
    assert cell.stretched < 0.005 and cell.uncovered == 0


def test_faults_grow_with_the_turn(portrait_puppet: Puppet) -> None:
    faults = [measure_cell(portrait_puppet, yaw, 0).stretched for yaw in (0, 20, 40, 60)]
    assert (np.diff(faults) >= -0.002).all() and faults[-1] > faults[0]


def test_limits_are_angles_and_less_toward_the_profile_of_a_turned_portrait(
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
