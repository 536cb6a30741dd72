from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from vivant.graph.node import NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.nodes.formats.puppet import Puppet, SkinnedMesh
from vivant.nodes.puppet.skin import PuppetSkin, SkinInputs, SkinParams
from vivant.nodes.render.puppet import RenderInputs, RenderParams, RenderPuppet

U8 = npt.NDArray[np.uint8]
Posed = Callable[..., Any]
Contexts = Callable[..., NodeContext]


@pytest.fixture
def resting(portrait_puppet: Puppet, posed: Posed, node_context: Contexts) -> SkinnedMesh:
    node = PuppetSkin(SkinParams())
    node.open(node_context())
    made = node.process(SkinInputs(Packet(posed(portrait_puppet), 0, 0), Packet(portrait_puppet, 0, 0)))
    assert made is not None
    return made.mesh


def small(puppet: Puppet) -> Puppet:
    """The same puppet as a smaller picture."""
    textures = {name: np.ascontiguousarray(t[::4, ::4]) for name, t in puppet.textures.items()}
    return dataclasses.replace(puppet, size=(puppet.size[0] // 2, puppet.size[1] // 2), textures=textures)


def inputs(mesh: SkinnedMesh, puppet: Puppet) -> RenderInputs:
    return RenderInputs(Packet(mesh, 0, 0), Packet(puppet, 0, 0))


def names_in_use(gl: Any) -> dict[str, int]:
    """How many OpenGL names of each kind exist, asked of the driver (``glIs*``)."""
    import ctypes

    try:
        library = ctypes.CDLL("libEGL.so.1")
    except OSError:
        pytest.skip("OpenGL's names are counted through EGL, which is not here")
    library.eglGetProcAddress.restype = ctypes.c_void_p
    kinds = ("Buffer", "Texture", "Framebuffer", "Renderbuffer", "VertexArray", "Program", "Shader")
    counts = {}
    for kind in kinds:
        address = library.eglGetProcAddress(f"glIs{kind}".encode())
        ask = ctypes.CFUNCTYPE(ctypes.c_ubyte, ctypes.c_uint)(address)
        counts[kind] = sum(bool(ask(name)) for name in range(1, 4000))
    return counts


def test_the_picture_comes_back_only_where_something_is_wired_to_it(
    gl: Any, node_context: Contexts, portrait_puppet: Puppet, resting: SkinnedMesh
) -> None:
    for connected, reads in ((("surface",), False), (("surface", "frame"), True)):
        node = RenderPuppet(RenderParams())
        node.open(node_context(gl=gl, connected=frozenset(connected)))
        made = node.process(inputs(resting, portrait_puppet))
        assert made is not None
        assert (made.frame is not None) == reads
        assert made.surface.size == portrait_puppet.size
        node.close(Outcome.DONE)


def test_surface_and_picture_are_the_same_frame(
    gl: Any, node_context: Contexts, portrait_puppet: Puppet, portrait_pixels: U8, resting: SkinnedMesh
) -> None:
    node = RenderPuppet(RenderParams(samples=1))
    node.open(node_context(gl=gl, connected=frozenset({"frame"})))
    made = node.process(inputs(resting, portrait_puppet))
    assert made is not None and made.frame is not None
    width, height = portrait_puppet.size
    bottom_up = np.frombuffer(made.surface.texture.read(), np.uint8).reshape(height, width, 4)
    np.testing.assert_array_equal(bottom_up[::-1, :, :3], made.frame.pixels)
    # upright: the picture's own rows, not swapped
    assert np.abs(made.frame.pixels[:30].astype(int) - portrait_pixels[:30]).max() <= 1
    node.close(Outcome.DONE)


def test_a_kept_picture_is_not_overwritten_by_the_next_frame(
    gl: Any, node_context: Contexts, portrait_puppet: Puppet, posed: Posed, resting: SkinnedMesh
) -> None:
    node = RenderPuppet(RenderParams())
    node.open(node_context(gl=gl, connected=frozenset({"frame"})))
    first = node.process(inputs(resting, portrait_puppet))
    assert first is not None and first.frame is not None
    before = first.frame.pixels.copy()
    shifted = SkinnedMesh(resting.vertices + np.array([0.3, 0, 0, 0, 0, 0, 0], np.float32))
    second = node.process(inputs(shifted, portrait_puppet))
    assert second is not None and second.frame is not None
    np.testing.assert_array_equal(first.frame.pixels, before)
    assert (second.frame.pixels != before).any()
    node.close(Outcome.DONE)


@pytest.mark.parametrize("height", [96, 500])
def test_height_sets_the_size_of_what_is_drawn(
    gl: Any, node_context: Contexts, portrait_puppet: Puppet, resting: SkinnedMesh, height: int
) -> None:
    node = RenderPuppet(RenderParams(height=height))
    node.open(node_context(gl=gl, connected=frozenset({"frame"})))
    made = node.process(inputs(resting, portrait_puppet))
    assert made is not None and made.frame is not None
    expected = (round(portrait_puppet.size[0] * height / portrait_puppet.size[1]), height)
    assert made.surface.size == expected == (made.frame.width, made.frame.height)
    node.close(Outcome.DONE)


def test_several_samples_soften_edges_and_keep_the_picture(
    gl: Any, node_context: Contexts, portrait_puppet: Puppet, portrait_pixels: U8, resting: SkinnedMesh
) -> None:
    if gl.max_samples < 2:
        pytest.skip("this OpenGL draws one sample per pixel only")
    node = RenderPuppet(RenderParams(samples=4))
    node.open(node_context(gl=gl, connected=frozenset({"frame"})))
    made = node.process(inputs(resting, portrait_puppet))
    assert made is not None and made.frame is not None
    error = ((made.frame.pixels.astype(float) - portrait_pixels) ** 2).mean()
    assert 10 * np.log10(255**2 / error) > 38
    node.close(Outcome.DONE)


def test_a_new_puppet_of_another_size_is_taken_over(
    gl: Any, node_context: Contexts, portrait_puppet: Puppet, resting: SkinnedMesh
) -> None:
    node = RenderPuppet(RenderParams())
    node.open(node_context(gl=gl, connected=frozenset({"frame"})))
    other = small(portrait_puppet)
    for puppet in (portrait_puppet, other, portrait_puppet):
        made = node.process(inputs(resting, puppet))
        assert made is not None and made.frame is not None
        assert (made.frame.width, made.frame.height) == puppet.size
        assert made.frame.pixels.max() > 100
    node.close(Outcome.DONE)


def test_a_new_puppet_of_the_same_size_is_taken_over(
    gl: Any, node_context: Contexts, portrait_puppet: Puppet, resting: SkinnedMesh
) -> None:
    node = RenderPuppet(RenderParams())
    node.open(node_context(gl=gl, connected=frozenset({"frame"})))
    blue = np.full_like(portrait_puppet.textures["backdrop"], 255)
    blue[..., :2] = 0
    other = dataclasses.replace(portrait_puppet, textures=portrait_puppet.textures | {"backdrop": blue})
    for puppet, corner_is_blue in ((portrait_puppet, False), (other, True)):
        made = node.process(inputs(resting, puppet))
        assert made is not None and made.frame is not None
        assert (tuple(made.frame.pixels[0, 0]) == (0, 0, 255)) == corner_is_blue
    node.close(Outcome.DONE)


def test_a_mesh_of_the_puppet_before_is_passed_over(
    gl: Any, node_context: Contexts, portrait_puppet: Puppet, resting: SkinnedMesh
) -> None:
    node = RenderPuppet(RenderParams())
    node.open(node_context(gl=gl, connected=frozenset({"frame"})))
    assert node.process(inputs(SkinnedMesh(resting.vertices[:-1].copy()), portrait_puppet)) is None
    node.close(Outcome.DONE)


@pytest.mark.parametrize("samples", [1, 4])
def test_closing_gives_everything_back(
    gl: Any, node_context: Contexts, portrait_puppet: Puppet, resting: SkinnedMesh, samples: int
) -> None:
    other = small(portrait_puppet)

    def once() -> None:
        node = RenderPuppet(RenderParams(height=24, samples=samples))
        node.open(node_context(gl=gl, connected=frozenset({"frame"})))
        node.process(inputs(resting, other))
        node.process(inputs(resting, small(other)))
        node.close(Outcome.DONE)
        node.close(Outcome.DONE)  # a second call does no harm

    once()  # a program that was used last lives until another one is used
    before = names_in_use(gl)
    assert before["Texture"] == before["Buffer"] == before["VertexArray"] == 0
    keep = gl.texture((4, 4), 4)
    assert names_in_use(gl)["Texture"] == before["Texture"] + 1  # the count does see what is there
    keep.release()
    for _ in range(50):
        once()
    assert names_in_use(gl) == before


def test_the_skin_node_passes_over_a_pose_of_another_puppet(
    node_context: Contexts, portrait_puppet: Puppet, posed: Posed
) -> None:
    node = PuppetSkin(SkinParams())
    node.open(node_context())
    bent = posed(portrait_puppet)
    other = dataclasses.replace(bent, rotations=bent.rotations[:3], translations=bent.translations[:3])
    assert node.process(SkinInputs(Packet(other, 0, 0), Packet(portrait_puppet, 0, 0))) is None
