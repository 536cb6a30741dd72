from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.face.details import COUNT
from vivant.nodes.formats.puppet import Bone, Morphs, Puppet
from vivant.nodes.formats.rotation import rotation_matrix
from vivant.nodes.puppet.skinning import bone_matrices, skin, skin_kernel

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

TOLERANCE = 1e-5  # picture heights: a hundredth of a pixel of a picture 1000 pixels high


def bones(rng: np.random.Generator, count: int) -> tuple[Bone, ...]:
    return tuple(
        Bone(f"b{i}", -1 if i == 0 else int(rng.integers(0, i)), rng.uniform(-0.5, 0.5, 3).astype(np.float32))
        for i in range(count)
    )


def motions(rng: np.random.Generator, count: int) -> tuple[F32, F32]:
    rotations = np.stack([rotation_matrix(rng.normal(0, 0.4, 3)) for _ in range(count)])
    return rotations.astype(np.float32), rng.normal(0, 0.05, (count, 3)).astype(np.float32)


def random_puppet(base: Puppet, rng: np.random.Generator, count: int = 400) -> Puppet:
    skeleton = bones(rng, 6)
    plane = rng.uniform(-0.5, 0.5, (count, 3)).astype(np.float32)
    plane[:, 2] = 0
    eye = np.array([0.1, -0.05, 2.5], np.float32)
    weight = rng.uniform(0, 1, (count, 4)).astype(np.float32)
    weight[rng.random((count, 4)) < 0.4] = 0
    weight[:, 0] += 0.1
    weight /= weight.sum(axis=1, keepdims=True)
    moved = rng.random((count, 52)) < 0.2
    moved[: count // 10] = False  # vertices without any morph
    vertex, unit = np.nonzero(moved)
    offsets = np.zeros(count + 1, np.int32)
    np.cumsum(np.bincount(vertex, minlength=count), out=offsets[1:])
    return dataclasses.replace(
        base,
        eye=eye,
        plane=plane,
        ray=((eye - plane) / eye[2]).astype(np.float32),
        z=rng.uniform(-0.5, 0.4, count).astype(np.float32),
        bones=skeleton,
        bone_index=rng.integers(0, len(skeleton), (count, 4)).astype(np.int32),
        bone_weight=weight,
        morphs=Morphs(
            offsets,
            unit.astype(np.int32),
            rng.normal(0, 0.02, (len(unit), 2)).astype(np.float32),
            rng.normal(0, 0.02, len(unit)).astype(np.float32),
        ),
    )


def composed(skeleton: tuple[Bone, ...], rotations: F32, translations: F32) -> F64:
    """Turn about each pivot from the bone itself up to the root, 4x4 by 4x4."""

    def local(i: int) -> F64:
        there, turn, back = np.eye(4), np.eye(4), np.eye(4)
        there[:3, 3] = skeleton[i].pivot.astype(np.float64) + translations[i]
        turn[:3, :3] = rotations[i]
        back[:3, 3] = -skeleton[i].pivot.astype(np.float64)
        return there @ turn @ back

    def whole(i: int) -> F64:
        parent = skeleton[i].parent
        return local(i) if parent < 0 else whole(parent) @ local(i)

    return np.stack([whole(i) for i in range(len(skeleton))])


def morphed(puppet: Puppet, change: F32) -> tuple[F64, F64]:
    """Morphs by plain sums over a dense table: change of the plane and of the depth."""
    m = puppet.morphs
    count = len(puppet.plane)
    vertex = np.repeat(np.arange(count), np.diff(m.offsets))
    plane, depth = np.zeros((count, len(change), 2)), np.zeros((count, len(change)))
    plane[vertex, m.unit] = m.plane
    depth[vertex, m.unit] = m.depth
    return np.einsum("vux,u->vx", plane, change.astype(np.float64)), depth @ change.astype(np.float64)


def skinned_surface(puppet: Puppet, depth: F64, rotations: F32, translations: F32, change: F32) -> F64:
    """Displace the whole mesh first, then skin it: ``sum w_b (R_b (p + dp + (z + dz) r) + t_b)``, in float64."""
    plane_change, depth_change = morphed(puppet, change)
    points = puppet.plane.astype(np.float64).copy()
    points[:, :2] += plane_change
    points += (depth + depth_change)[:, None] * puppet.ray.astype(np.float64)
    matrices = composed(puppet.bones, rotations, translations)
    out = np.zeros_like(points)
    for j in range(4):
        chosen = matrices[puppet.bone_index[:, j]]
        moved = np.einsum("vij,vj->vi", chosen[:, :3, :3], points) + chosen[:, :3, 3]
        out += puppet.bone_weight[:, j, None].astype(np.float64) * moved
    return out


def shader_surface(puppet: Puppet, depth: F64, rotations: F32, translations: F32, change: F32) -> F64:
    """What the renderer does: Numba skins plane and ray in float32, the shader adds depth times ray."""
    out = np.empty((len(puppet.plane), 7), np.float32)
    skin(puppet, bone_matrices(puppet.bones, rotations, translations), change, out)
    whole = (depth.astype(np.float32) + out[:, 6])[:, None]
    return (out[:, :3] + whole * out[:, 3:6]).astype(np.float64)


@pytest.mark.parametrize("seed", range(8))
def test_skinning_the_plane_and_adding_depth_is_skinning_the_displaced_mesh(portrait_puppet: Puppet, seed: int) -> None:
    rng = np.random.default_rng(seed)
    puppet = random_puppet(portrait_puppet, rng)
    rotations, translations = motions(rng, len(puppet.bones))
    change = rng.uniform(-0.5, 1, 52).astype(np.float32)
    depth = rng.uniform(-1, 1, len(puppet.plane))
    expected = skinned_surface(puppet, depth, rotations, translations, change)
    actual = shader_surface(puppet, depth, rotations, translations, change)
    assert np.abs(expected - puppet.plane).max() > 0.3  # something moved
    np.testing.assert_allclose(actual, expected, atol=TOLERANCE)


def test_the_identity_holds_for_a_built_puppet(portrait_puppet: Puppet) -> None:
    rng = np.random.default_rng(11)
    rotations, translations = motions(rng, len(portrait_puppet.bones))
    change = rng.uniform(-0.5, 1, 52 + 2 * COUNT).astype(np.float32)
    depth = portrait_puppet.z + portrait_puppet.mapped * rng.uniform(-0.6, 0.2, len(portrait_puppet.z))
    expected = skinned_surface(portrait_puppet, depth, rotations, translations, change)
    actual = shader_surface(portrait_puppet, depth, rotations, translations, change)
    np.testing.assert_allclose(actual, expected, atol=TOLERANCE)


def test_depth_may_change_without_skinning_again(portrait_puppet: Puppet) -> None:
    rng = np.random.default_rng(4)
    puppet = random_puppet(portrait_puppet, rng)
    rotations, translations = motions(rng, len(puppet.bones))
    change = rng.uniform(0, 1, 52).astype(np.float32)
    out = np.empty((len(puppet.plane), 7), np.float32)
    skin(puppet, bone_matrices(puppet.bones, rotations, translations), change, out)
    for depth in (np.zeros(len(out)), np.full(len(out), 0.7), rng.normal(0, 0.5, len(out))):
        placed = out[:, :3] + (depth.astype(np.float32) + out[:, 6])[:, None] * out[:, 3:6]
        expected = skinned_surface(puppet, depth, rotations, translations, change)
        np.testing.assert_allclose(placed, expected, atol=TOLERANCE)


@pytest.mark.parametrize("seed", [0, 1])
def test_kernel_against_plain_numpy(portrait_puppet: Puppet, seed: int) -> None:
    rng = np.random.default_rng(seed)
    puppet = random_puppet(portrait_puppet, rng)
    rotations, translations = motions(rng, len(puppet.bones))
    matrices = bone_matrices(puppet.bones, rotations, translations)
    change = rng.uniform(-1, 1, 52).astype(np.float32)
    out = np.full((len(puppet.plane), 7), np.nan, np.float32)
    m = puppet.morphs
    skin_kernel(
        puppet.plane, puppet.ray, puppet.bone_index, puppet.bone_weight, matrices,
        m.offsets, m.unit, m.plane, m.depth, change, out,
    )  # fmt: skip
    plane_change, depth_change = morphed(puppet, change)
    plane = puppet.plane.astype(np.float64)
    plane[:, :2] += plane_change
    blended = np.einsum(
        "vj,vjxy->vxy", puppet.bone_weight.astype(np.float64), matrices[puppet.bone_index].astype(np.float64)
    )
    expected: npt.NDArray[Any] = np.concatenate(
        [
            np.einsum("vxy,vy->vx", blended[:, :, :3], plane) + blended[:, :, 3],
            np.einsum("vxy,vy->vx", blended[:, :, :3], puppet.ray.astype(np.float64)),
            depth_change[:, None],
        ],
        axis=1,
    )
    np.testing.assert_allclose(out, expected, atol=3e-6)


def test_bones_turn_about_their_pivots_and_carry_their_children() -> None:
    skeleton = (
        Bone("root", -1, np.zeros(3, np.float32)),
        Bone("neck", 0, np.array([0, -0.2, 0], np.float32)),
        Bone("head", 1, np.array([0, 0.1, 0], np.float32)),
    )
    still = np.tile(np.eye(3, dtype=np.float32), (3, 1, 1))
    nowhere = np.zeros((3, 3), np.float32)
    np.testing.assert_array_equal(bone_matrices(skeleton, still, nowhere)[:, :, :3], still)
    quarter = still.copy()
    quarter[1] = rotation_matrix(np.array([0, 0, np.pi / 2]))
    matrices = bone_matrices(skeleton, quarter, nowhere)
    np.testing.assert_array_equal(matrices[0], np.eye(3, 4))
    for bone, point, lands in ((1, (0, -0.2, 0), (0, -0.2, 0)), (2, (0, 0.1, 0), (-0.3, -0.2, 0))):
        moved = matrices[bone, :, :3] @ np.array(point) + matrices[bone, :, 3]
        np.testing.assert_allclose(moved, lands, atol=1e-6)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_bone_matrices_are_products_up_the_skeleton(seed: int) -> None:
    rng = np.random.default_rng(seed)
    skeleton = bones(rng, 7)
    rotations, translations = motions(rng, 7)
    expected = composed(skeleton, rotations, translations)[:, :3]
    np.testing.assert_allclose(bone_matrices(skeleton, rotations, translations), expected, atol=1e-6)
