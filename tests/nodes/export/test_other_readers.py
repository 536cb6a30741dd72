"""OBJ, PLY and glTF as trimesh, which knows nothing of Vivant, reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh

from vivant.nodes.export.bust import Bust
from vivant.nodes.export.gltf import glb_of
from vivant.nodes.export.obj import obj_of, shown_parts
from vivant.nodes.export.ply import ply_of


def test_an_obj_is_read_with_its_materials_and_pictures(bust: Bust, tmp_path: Path) -> None:
    for name, data in obj_of(bust, "me").items():
        (tmp_path / name).write_bytes(data)
    read = trimesh.load_scene(tmp_path / "me.obj", process=False)
    parts = {part.name: part for part in shown_parts(bust) if not part.alpha_moves.any()}
    meshes: dict[str, Any] = {mesh.visual.material.name: mesh for mesh in read.geometry.values()}
    assert meshes.keys() == parts.keys()
    for name, part in parts.items():
        mesh = meshes[name]
        want, got = part.worn(bust.expression)[part.triangles], mesh.vertices[mesh.faces]
        np.testing.assert_allclose(got, want, atol=2e-6)
        page = np.asarray(mesh.visual.material.image)
        assert page.shape[:2] == bust.textures[part.texture].shape[:2]
        assert np.array_equal(page, bust.textures[part.texture][..., : page.shape[2]])
        # both count rows of a picture from the bottom
        np.testing.assert_allclose(mesh.visual.uv[mesh.faces], (part.uv * [1, -1] + [0, 1])[part.triangles], atol=2e-6)


def test_a_ply_is_read_with_its_colours(bust: Bust, tmp_path: Path) -> None:
    (tmp_path / "me.ply").write_bytes(ply_of(bust))
    mesh: Any = trimesh.load_mesh(tmp_path / "me.ply", process=False)
    whole = np.concatenate([part.worn(bust.expression) for part in shown_parts(bust, backdrop=False)])
    low, high = whole.min(0), whole.max(0)
    np.testing.assert_allclose(mesh.bounds[1], high, atol=0.02)
    np.testing.assert_allclose(mesh.bounds[0, [0, 2]], low[[0, 2]], atol=0.02)
    # Below the picture the layer ends in large triangles of which a part is clear, and clear parts are left out here.
    # What is seen goes farther down than those that are nowhere clear.
    (body,) = (part for part in shown_parts(bust, backdrop=False) if part.name == "body")
    assert low[1] < mesh.bounds[0, 1] < body.worn(bust.expression)[:, 1].min()
    colours = np.asarray(mesh.visual.vertex_colors)
    assert colours.shape == (len(mesh.vertices), 4) and len(mesh.faces) > 10_000
    clothes = np.abs(colours[:, :3].astype(int) - [96, 32, 112]).max(axis=1) < 40
    assert clothes.sum() > 500
    assert mesh.vertices[clothes][:, 1].max() < mesh.bounds[:, 1].mean(), "clothes are below the head"


def test_a_glb_is_read_part_for_part(bust: Bust, tmp_path: Path) -> None:
    (tmp_path / "me.glb").write_bytes(glb_of(bust))
    read = trimesh.load_scene(tmp_path / "me.glb", process=False)
    every = [*bust.parts, *([bust.backdrop] if bust.backdrop is not None else [])]
    assert sum(len(mesh.faces) for mesh in read.geometry.values()) == sum(len(part.triangles) for part in every)


@pytest.mark.parametrize("name", ["me.obj", "me.ply"])
def test_without_materials_beside_it_the_shape_is_read_still(bust: Bust, tmp_path: Path, name: str) -> None:
    data = obj_of(bust, "me")[name] if name.endswith("obj") else ply_of(bust)
    (tmp_path / name).write_bytes(data)
    assert trimesh.load_scene(tmp_path / name).bounds is not None
