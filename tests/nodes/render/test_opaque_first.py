from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.formats.puppet import Puppet, Role
from vivant.nodes.puppet.skinning import bone_matrices, change_of, skin
from vivant.nodes.puppet.veils import shown
from vivant.nodes.render import puppet_renderer
from vivant.nodes.render.opaque_first import opaque_first
from vivant.nodes.render.puppet_renderer import PuppetRenderer

U8 = npt.NDArray[np.uint8]


def drawn(gl: Any, puppet: Puppet, posed: Callable[..., Any], turn: tuple[float, float, float]) -> U8:
    pose = posed(puppet, {"jawOpen": 0.6, "eyeBlinkLeft": 0.7, "mouthSmileRight": 0.5}, turn)
    change = change_of(puppet, pose)
    vertices = np.empty((len(puppet.plane), 7), np.float32)
    skin(puppet, bone_matrices(puppet.bones, pose.rotations, pose.translations), change, vertices)
    renderer = PuppetRenderer(gl, puppet.size)
    renderer.load(puppet)
    renderer.draw(vertices, shown(puppet, change))
    pixels = np.frombuffer(renderer.framebuffer.read(components=4), np.uint8).reshape(*puppet.size[::-1], 4)
    renderer.release()
    return pixels


@pytest.mark.parametrize("turn", [(0.0, 0.0, 0.0), (0.3, -0.5, 0.2), (-0.3, 0.6, -0.6)])
def test_a_frame_looks_the_same_as_with_everything_blended(
    gl: Any,
    portrait_puppet: Puppet,
    posed: Callable[..., Any],
    turn: tuple[float, float, float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parted = drawn(gl, portrait_puppet, posed, turn)
    monkeypatch.setattr(puppet_renderer, "opaque_first", lambda puppet: (puppet.triangles, (0,) * len(puppet.layers)))
    blended = drawn(gl, portrait_puppet, posed, turn)
    differs = (np.abs(parted.astype(int) - blended) > 8).any(axis=2)
    assert differs.sum() <= 3  # where skin is folded another of its triangles may come first


def test_most_of_skin_and_body_is_opaque_and_nothing_is_lost(portrait_puppet: Puppet) -> None:
    triangles, counts = opaque_first(portrait_puppet)
    before = portrait_puppet.triangles.reshape(-1, 3)
    for layer, count in zip(portrait_puppet.layers, counts, strict=True):
        part = slice(layer.first // 3, (layer.first + layer.count) // 3)
        assert sorted(map(tuple, triangles[part])) == sorted(map(tuple, before[part]))
        if not count:
            np.testing.assert_array_equal(triangles[part], before[part])
    always = [layer for layer in portrait_puppet.layers if layer.fade < 0 and layer.role in (Role.SKIN, Role.BODY)]
    assert {n for n, count in enumerate(counts) if count} == {portrait_puppet.layers.index(layer) for layer in always}
    assert sum(counts) > 0.6 * sum(layer.count for layer in always)


def test_a_triangle_that_reaches_a_clear_texel_or_fades_at_a_corner_is_blended(portrait_puppet: Puppet) -> None:
    number, face = next((n, layer) for n, layer in enumerate(portrait_puppet.layers) if layer.name == "face")
    triangles, counts = opaque_first(portrait_puppet)
    first = triangles[face.first // 3]
    texture = portrait_puppet.textures[face.texture].copy()
    x, y = (portrait_puppet.uv[first].mean(axis=0) * texture.shape[1::-1]).astype(int)
    texture[y, x, 3] = 254
    holed = dataclasses.replace(portrait_puppet, textures={**portrait_puppet.textures, face.texture: texture})
    opacity = portrait_puppet.opacity.copy()
    opacity[first[0]] = 0.9
    for other in (holed, dataclasses.replace(portrait_puppet, opacity=opacity)):
        sorted_anew, fewer = opaque_first(other)
        assert 0 < fewer[number] < counts[number]
        opaque = sorted_anew[face.first // 3 : (face.first + fewer[number]) // 3]
        assert tuple(first) not in set(map(tuple, opaque))


def test_a_triangle_beyond_its_texture_shows_the_edge(portrait_puppet: Puppet) -> None:
    number, face = next((n, layer) for n, layer in enumerate(portrait_puppet.layers) if layer.name == "face")
    clear = np.zeros((8, 8, 4), np.uint8)
    for shift in (2.0, -2.0):
        beyond = dataclasses.replace(
            portrait_puppet,
            uv=portrait_puppet.uv + np.float32(shift),
            textures={**portrait_puppet.textures, face.texture: clear},
        )
        assert opaque_first(beyond)[1][number] == 0
