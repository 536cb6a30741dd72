from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from vivant.graph.node import NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.nodes.formats.camera_pose import CameraPose
from vivant.nodes.formats.depth import DepthMap
from vivant.nodes.render.scene import RenderScene, RenderSceneInputs, RenderSceneParams
from vivant.nodes.scene.frame_mesh import frame_mesh

HEIGHT, WIDTH = 96, 128
VALUES = np.tile(np.linspace(0, 1, WIDTH, dtype=np.float32), (HEIGHT, 1))
DEPTH = DepthMap(VALUES, 0.25, -0.25)
Contexts = Callable[..., NodeContext]


def frame() -> np.ndarray:
    """Smooth colours, and a red post on the right, where it is near."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    rgb = np.stack([x, y, 128 + 0 * x], axis=2).astype(np.uint8)
    rgb[:, 110:114] = (255, 0, 0)
    return rgb


def test_depth_is_where_the_picture_has_it() -> None:
    scene = frame_mesh(frame(), DEPTH, cell=8, reach=0.2)
    inside = np.abs(scene.vertices[:, 0]) <= 0.5 * WIDTH / HEIGHT + 1e-6
    x, z, u = (scene.vertices[inside][:, i] for i in (0, 2, 3))
    np.testing.assert_allclose(u, x * HEIGHT / WIDTH + 0.5, atol=1e-6)
    np.testing.assert_allclose(z, u / 2 - 0.25, atol=0.005)
    assert scene.size == (WIDTH, HEIGHT)


def test_every_triangle_faces_the_viewer_and_what_is_near_is_drawn_last() -> None:
    scene = frame_mesh(frame(), DEPTH, cell=8, reach=0.2)
    corners = scene.vertices[scene.triangles][..., :2].astype(float)
    (ax, ay), (bx, by) = ((corners[:, i] - corners[:, 0]).T for i in (1, 2))
    assert (ax * by - ay * bx > 0).all()
    first = scene.vertices[scene.triangles[:, 0], 2]
    assert (np.diff(first) >= 0).all()
    assert scene.layers[0].count == 3 * len(scene.triangles) == 6 * (16 + 2) * (12 + 2)


def test_without_depth_it_is_flat() -> None:
    assert (frame_mesh(frame(), None, cell=8, reach=0.2).vertices[:, 2] == 0).all()


@pytest.mark.parametrize("depth", [DEPTH, None])
def test_from_its_resting_place_it_is_the_frame_and_aside_nothing_is_empty(
    gl: Any, node_context: Contexts, depth: DepthMap | None
) -> None:
    node = RenderScene(RenderSceneParams())
    node.open(node_context(gl=gl, connected=frozenset({"frame"})))
    scene = Packet(frame_mesh(frame(), depth, cell=8, reach=0.2), 0, 0)

    def drawn(x: float, y: float, z: float) -> np.ndarray:
        made = node.process(RenderSceneInputs(Packet(CameraPose(move=(x, y, z)), 0, 0), scene)).frame
        assert made is not None
        return made.pixels

    at_rest = drawn(0, 0, 0)
    apart = np.abs(at_rest[..., :3].astype(float) - frame())
    assert (apart**2).mean() < 255**2 / 10**3.8  # PSNR above 38 dB
    post = [float(np.nonzero(drawn(x, 0, 0)[..., 0] > 240)[1].mean()) for x in (-0.1, 0.1)]
    assert post[0] - post[1] > 2 if depth else abs(post[0] - post[1]) < 0.5
    for move in ((0.2, 0, 0), (-0.14, 0.14, 0), (0, -0.2, 0)):
        assert drawn(*move).shape[2] == 3 or (drawn(*move)[..., 3] == 255).all()
    node.close(Outcome.DONE)
