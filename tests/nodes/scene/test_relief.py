from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from vivant.graph.errors import VivantError
from vivant.graph.node import NodeContext
from vivant.graph.packet import Packet
from vivant.nodes.formats.depth import DepthMap
from vivant.nodes.formats.picture import Picture
from vivant.nodes.scene.relief import SceneRelief, SceneReliefInputs, SceneReliefOutputs, SceneReliefParams

Contexts = Callable[..., NodeContext]
MS = 1_000_000


def room(*, negative: bool = False) -> Picture:
    rgb = np.zeros((48, 64, 3), np.uint8)
    rgb[10:30, 8:40] = 220
    rgb[30:, 30:] = 120
    return Picture(255 - rgb if negative else rgb)


def flat(value: float, near: float = 0.2) -> DepthMap:
    return DepthMap(np.full((48, 64), value, np.float32), near, 0.0)


@pytest.fixture
def relief(node_context: Contexts) -> SceneRelief:
    node = SceneRelief(SceneReliefParams())
    node.open(node_context())
    return node


def shown(
    node: SceneRelief, ms: int, depth: DepthMap | None, of_ms: int = 0, picture: Picture | None = None
) -> SceneReliefOutputs:
    known = None if depth is None else Packet(depth, of_ms * MS, 0)
    return node.process(SceneReliefInputs(Packet(picture or room(), ms * MS, 0), known))


def depth_of(made: SceneReliefOutputs) -> float:
    return float(made.scene.vertices[:, 2].mean())


def test_every_frame_is_a_scene_and_depth_is_faded_between_maps(relief: SceneRelief) -> None:
    first, second = flat(0), flat(1)
    shown(relief, 0, first, 0)
    told = [shown(relief, ms, first, 0) for ms in (200, 233, 366)]
    told += [shown(relief, ms, second, 200) for ms in (400, 500, 600, 633)]
    assert [depth_of(made) for made in told] == pytest.approx([0, 0, 0, 0, 0.1, 0.2, 0.2], abs=1e-6)
    assert [made.age_s for made in told] == pytest.approx([0.2, 0.233, 0.366, 0.2, 0.3, 0.4, 0.433])
    assert all(made.scene.layers[0].texture.shape == (48, 64, 4) for made in told)


def test_before_the_first_map_the_picture_is_flat_and_then_rises(relief: SceneRelief) -> None:
    told = [shown(relief, ms, None) for ms in (0, 33, 66)]
    told += [shown(relief, ms, flat(1), 33) for ms in (100, 350, 600, 850)]
    assert [depth_of(made) for made in told] == pytest.approx([0, 0, 0, 0, 0.1, 0.2, 0.2], abs=1e-6)
    assert told[0].age_s == 0 and told[4].age_s == pytest.approx(0.317)


def test_the_depth_of_this_very_frame_needs_no_time(relief: SceneRelief) -> None:
    """So it is into a file."""
    assert depth_of(shown(relief, 40, flat(1), 40)) == pytest.approx(0.2)


def test_how_often_depth_comes_is_told_once(relief: SceneRelief, notices: list[str]) -> None:
    for step in range(6):
        shown(relief, 200 * step + 150, flat(0), 200 * step)
    assert notices == ["depth comes 5.0 times a second, 150 ms after its frame; it is faded between"]


def test_after_a_cut_the_picture_is_flat_until_its_own_depth_is_there(relief: SceneRelief) -> None:
    assert depth_of(shown(relief, 0, flat(1), 0)) == pytest.approx(0.2)
    assert depth_of(shown(relief, 200, flat(1), 0)) == pytest.approx(0.2)
    other = room(negative=True)
    assert depth_of(shown(relief, 233, flat(1), 0, other)) == 0
    assert depth_of(shown(relief, 400, flat(1), 200, other)) == 0  # another map, but of a frame before the cut
    risen = [depth_of(shown(relief, ms, flat(0.5), 400, other)) for ms in (600, 850, 1100)]
    assert risen == pytest.approx([0, 0.05, 0.1])


def test_depth_that_reaches_to_the_camera_is_refused(relief: SceneRelief) -> None:
    with pytest.raises(VivantError, match="in the camera's way") as caught:
        shown(relief, 0, flat(1, near=1.2), 0)
    assert "`near`" in caught.value.remedy and caught.value.exit_status == 2
