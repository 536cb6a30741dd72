from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.formats.puppet import Layer, Puppet, Role
from vivant.nodes.puppet.skinning import bone_matrices, change_of, skin
from vivant.nodes.puppet.veils import shown
from vivant.nodes.render.opening_bounds import MOUTH, OpeningBounds
from vivant.nodes.render.puppet_renderer import PuppetRenderer

F32 = npt.NDArray[np.float32]
Posed = Callable[..., Any]

POSES: dict[str, dict[str, Any]] = {
    "at rest": {},
    "speaking": {"jawOpen": 0.8, "mouthFunnel": 0.4},
    "looking aside": {"eyeLookOutLeft": 0.9, "eyeLookInRight": 0.9, "eyeWideLeft": 1.0},
    "winking": {"eyeBlinkLeft": 1.0, "mouthSmileLeft": 0.7},
}
TURNS = ((0.0, 0.0, 0.0), (0.3, -0.5, 0.2), (-0.3, 0.6, -0.6))


def bent(puppet: Puppet, posed: Posed, weights: dict[str, float], turn: tuple[float, float, float]) -> tuple[F32, F32]:
    pose = posed(puppet, weights, turn)
    change = change_of(puppet, pose)
    out = np.empty((len(puppet.plane), 7), np.float32)
    skin(puppet, bone_matrices(puppet.bones, pose.rotations, pose.translations), change, out)
    return out, shown(puppet, change)


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("pose", POSES)
@pytest.mark.parametrize("height", [None, 200])
def test_a_frame_is_the_same_where_inner_layers_are_drawn_within_their_openings(
    gl: Any, portrait_puppet: Puppet, posed: Posed, pose: str, turn: tuple[float, float, float], height: int | None
) -> None:
    width, own = portrait_puppet.size
    size = (width, own) if height is None else (round(width * height / own), height)
    renderer = PuppetRenderer(gl, size)
    renderer.load(portrait_puppet)
    vertices, fades = bent(portrait_puppet, posed, POSES[pose], turn)
    renderer.draw(vertices, fades)
    bounded = renderer.framebuffer.read(components=4)
    renderer._bounds.of = lambda vertices: {}  # type: ignore[method-assign]
    renderer.draw(vertices, fades)
    whole = renderer.framebuffer.read(components=4)
    renderer.release()
    assert bounded == whole


def test_an_opening_lies_where_it_is_drawn(gl: Any, portrait_puppet: Puppet, posed: Posed) -> None:
    vertices, _ = bent(portrait_puppet, posed, {"jawOpen": 1.0}, (0.2, 0.3, 0.1))
    box = OpeningBounds(portrait_puppet, portrait_puppet.size).of(vertices)[MOUTH]
    # drawn alone, a window covers nothing outside of its box and reaches all its sides
    window = next(layer for layer in portrait_puppet.layers if layer.role is Role.OPENING and layer.texture == MOUTH)
    blank = {name: np.zeros_like(pixels) for name, pixels in portrait_puppet.textures.items()}
    blank[MOUTH] = np.full_like(blank[MOUTH], 255)
    renderer = PuppetRenderer(gl, portrait_puppet.size)
    renderer.load(dataclasses.replace(portrait_puppet, layers=(window,), textures=blank))
    renderer.draw(vertices)
    pixels = np.frombuffer(renderer.framebuffer.read(components=4), np.uint8)
    rows, columns = np.nonzero(pixels.reshape(*portrait_puppet.size[::-1], 4)[..., 3])
    renderer.release()
    left, bottom, width, height = box
    assert 0 <= columns.min() - left <= 3 and 0 <= left + width - 1 - columns.max() <= 3
    assert 0 <= rows.min() - bottom <= 3 and 0 <= bottom + height - 1 - rows.max() <= 3


def test_what_lies_outside_of_the_frame_has_no_size(portrait_puppet: Puppet, posed: Posed) -> None:
    vertices, _ = bent(portrait_puppet, posed, {}, (0.0, 0.0, 0.0))
    vertices[:, 0] += 5
    boxes = OpeningBounds(portrait_puppet, portrait_puppet.size).of(vertices)
    assert len(boxes) == 3
    assert all(width == 0 for _, _, width, _ in boxes.values())


def test_where_only_the_shader_knows_how_deep_an_opening_lies_there_is_no_bound(
    portrait_puppet: Puppet, posed: Posed
) -> None:
    vertices, _ = bent(portrait_puppet, posed, {}, (0.0, 0.0, 0.0))
    mapped = dataclasses.replace(portrait_puppet, mapped=np.ones_like(portrait_puppet.mapped))
    assert OpeningBounds(mapped, mapped.size).of(vertices) == {}
    vertices[:, 2] += 2 * portrait_puppet.eye[2]  # behind the camera
    assert OpeningBounds(portrait_puppet, portrait_puppet.size).of(vertices) == {}


def test_eyes_are_seen_through_their_own_openings_and_all_else_through_the_mouth() -> None:
    def seen(name: str, texture: str) -> str:
        return OpeningBounds.window_of(Layer(name, texture, 0, 0, Role.INSIDE))

    assert seen("eyeLeft", "eyeLeft") == "eyeLeft"
    assert seen("tongue", "tongue") == seen("shadeTongue", "shadeTongue") == seen("cavity", "cavity") == MOUTH
