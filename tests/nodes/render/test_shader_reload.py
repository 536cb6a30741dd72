from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from vivant.graph.errors import VivantError
from vivant.graph.node import NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.nodes.formats.puppet import Puppet, SkinnedMesh
from vivant.nodes.puppet.skin import PuppetSkin, SkinInputs, SkinParams
from vivant.nodes.render.puppet import RenderInputs, RenderParams, RenderPuppet
from vivant.shaders import source

Contexts = Callable[..., NodeContext]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shaders that a test may change."""
    copy = tmp_path / "shaders"
    shutil.copytree(Path(source.__file__).parent, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    monkeypatch.setattr(source, "shader_folder", lambda: copy)
    return copy


@pytest.fixture
def mesh(portrait_puppet: Puppet, posed: Callable[..., Any], node_context: Contexts) -> SkinnedMesh:
    node = PuppetSkin(SkinParams())
    node.open(node_context())
    made = node.process(SkinInputs(Packet(posed(portrait_puppet), 0, 0), Packet(portrait_puppet, 0, 0)))
    assert made is not None
    return made.mesh


def change(folder: Path, name: str, old: str, new: str) -> frozenset[Path]:
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new))
    return frozenset({folder / name})


@pytest.mark.parametrize("samples", [1, 4])
def test_a_saved_shader_draws_the_next_frame_and_a_bad_one_changes_nothing(
    gl: Any, node_context: Contexts, portrait_puppet: Puppet, mesh: SkinnedMesh, folder: Path, samples: int
) -> None:
    def frame() -> npt.NDArray[np.uint8]:
        made = node.process(RenderInputs(Packet(mesh, 0, 0), Packet(portrait_puppet, 0, 0)))
        assert made is not None and made.frame is not None
        return np.asarray(made.frame.pixels)

    node = RenderPuppet(RenderParams(samples=samples))
    node.open(node_context(gl=gl, connected=frozenset({"frame"})))
    assert {path.name for path in node.files()} == {"puppet.vert", "puppet.frag", "backdrop.vert", "backdrop.frag"}
    before = frame()
    node.reload(change(folder, "puppet.frag", "vec4(texel.rgb * alpha, alpha)", "vec4(0.0, 0.0, alpha, alpha)"))
    blue = frame()
    is_blue = (blue == (0, 0, 255)).all(axis=2)
    assert 0.2 < is_blue.mean() < 0.9  # the head, not the backdrop
    with pytest.raises(VivantError, match=r"backdrop\.frag does not compile") as caught:
        node.reload(change(folder, "backdrop.frag", "texel.a);", "texel.b"))
    assert caught.value.where.startswith("backdrop.frag:")
    np.testing.assert_array_equal(frame(), blue)
    change(folder, "backdrop.frag", "texel.b", "texel.a).grba;")
    node.reload(change(folder, "puppet.frag", "vec4(0.0, 0.0, alpha, alpha)", "vec4(texel.rgb * alpha, alpha)"))
    after = frame()
    corner = before[0, 0]
    np.testing.assert_array_equal(after[0, 0], corner[[1, 0, 2]])  # the backdrop is drawn anew, with the new shader
    same = (after == before).all(axis=2)
    assert same[is_blue].mean() > 0.97
    node.close(Outcome.DONE)


def test_a_shader_that_leaves_out_what_it_was_given_still_draws(
    gl: Any, node_context: Contexts, portrait_puppet: Puppet, mesh: SkinnedMesh, folder: Path
) -> None:
    node = RenderPuppet(RenderParams())
    node.open(node_context(gl=gl, connected=frozenset({"frame"})))
    inputs = RenderInputs(Packet(mesh, 0, 0), Packet(portrait_puppet, 0, 0))
    node.process(inputs)
    # no attribute `mapped`, no depth map, no skin: a driver finds them unused and drops them
    change(folder, "puppet.vert", "mapped * texture(depth_map, map_place).r", "0.0")
    node.reload(change(folder, "puppet.frag", "texel.rgb * alpha", "vec3(0.0, alpha, 0.0)"))
    made = node.process(inputs)
    assert made is not None and made.frame is not None
    assert (made.frame.pixels == (0, 255, 0)).all(axis=2).mean() > 0.2
    node.close(Outcome.DONE)


def test_before_the_first_puppet_there_is_something_to_reload_too(
    gl: Any, node_context: Contexts, portrait_puppet: Puppet, mesh: SkinnedMesh, folder: Path
) -> None:
    node = RenderPuppet(RenderParams())
    node.open(node_context(gl=gl))
    node.reload(change(folder, "puppet.frag", "vec4(texel.rgb * alpha, alpha)", "vec4(0.0, 0.0, alpha, alpha)"))
    node.reconnect(frozenset({"frame"}))
    made = node.process(RenderInputs(Packet(mesh, 0, 0), Packet(portrait_puppet, 0, 0)))
    assert made is not None and made.frame is not None
    assert (made.frame.pixels == (0, 0, 255)).all(axis=2).mean() > 0.2
    node.close(Outcome.DONE)
