from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.formats.puppet import Puppet
from vivant.nodes.puppet.skinning import bone_matrices, change_of, skin
from vivant.nodes.puppet.veils import shown
from vivant.nodes.render.opening_bounds import MOUTH, OpeningBounds
from vivant.nodes.render.puppet_renderer import PuppetRenderer

U8 = npt.NDArray[np.uint8]
Posed = Callable[..., Any]


def drawn(gl: Any, puppet: Puppet, posed: Posed, weights: dict[str, float], samples: int, soft: bool) -> tuple[U8, Any]:
    """Frame with row 0 at the bottom, and the mouth's box."""
    pose = posed(puppet, weights, (0.1, 0.2, 0.0))
    change = change_of(puppet, pose)
    vertices = np.empty((len(puppet.plane), 7), np.float32)
    skin(puppet, bone_matrices(puppet.bones, pose.rotations, pose.translations), change, vertices)
    renderer = PuppetRenderer(gl, puppet.size, samples)
    if not soft:
        renderer._edge = None
    renderer.load(puppet)
    for _ in range(2):  # nothing of the frame before is left
        renderer.draw(vertices, shown(puppet, change))
    pixels = np.frombuffer(renderer.framebuffer.read(components=4), np.uint8).reshape(*puppet.size[::-1], 4)
    renderer.release()
    return pixels, OpeningBounds(puppet, puppet.size).of(vertices)[MOUTH]


def test_only_the_edge_of_an_open_mouth_is_softened(gl: Any, portrait_puppet: Puppet, posed: Posed) -> None:
    hard, box = drawn(gl, portrait_puppet, posed, {"jawOpen": 0.7}, 1, soft=False)
    soft, _ = drawn(gl, portrait_puppet, posed, {"jawOpen": 0.7}, 1, soft=True)
    left, bottom, width, height = box
    changed = (hard != soft).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert rows.min() >= bottom and rows.max() < bottom + height
    assert columns.min() >= left and columns.max() < left + width
    # a line around what is open, not all of it
    assert 2 * width < changed.sum() < 0.6 * width * height
    # each is a mean of its neighbours: nothing is brighter or darker than before
    padded = np.pad(hard, ((1, 1), (1, 1), (0, 0)), mode="edge")
    around = np.stack([padded[y : y + len(hard), x : x + hard.shape[1]] for y in range(3) for x in range(3)])
    assert (soft[changed] <= around.max(axis=0)[changed]).all()
    assert (soft[changed] >= around.min(axis=0)[changed]).all()


def test_it_comes_nearer_to_what_more_samples_show(gl: Any, portrait_puppet: Puppet, posed: Posed) -> None:
    if gl.max_samples < 4:
        pytest.skip("this OpenGL has no more samples")
    hard, box = drawn(gl, portrait_puppet, posed, {"jawOpen": 0.7}, 1, soft=False)
    soft, _ = drawn(gl, portrait_puppet, posed, {"jawOpen": 0.7}, 1, soft=True)
    many, _ = drawn(gl, portrait_puppet, posed, {"jawOpen": 0.7}, 4, soft=True)
    left, bottom, width, height = box
    changed = (hard != soft).any(axis=2)
    apart = [float(np.sqrt(((frame.astype(float) - many)[changed] ** 2).mean())) for frame in (hard, soft)]
    assert apart[1] < 0.9 * apart[0], (apart, width, height, left, bottom)


def test_lips_that_touch_stay_as_they_are(gl: Any, portrait_puppet: Puppet, posed: Posed) -> None:
    hard, box = drawn(gl, portrait_puppet, posed, {"mouthClose": 0.0}, 1, soft=False)
    soft, _ = drawn(gl, portrait_puppet, posed, {"mouthClose": 0.0}, 1, soft=True)
    assert (hard != soft).any(axis=2).sum() <= 3 * box[2]
