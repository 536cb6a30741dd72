"""Linear blend skinning of the picture plane, in Numba.

A vertex rests at ``p + z r``: its place ``p`` in the picture plane and its depth ``z`` along its view ray ``r``. Linear
blend skinning is linear, so with bone matrices ``(R_b, t_b)`` and weights ``w_b``

    sum w_b (R_b (p + z r) + t_b) = [sum w_b (R_b p + t_b)] + z [sum w_b R_b r] = p' + z r'.

Here the plane and the rays are skinned; the vertex shader adds ``z r'``, with z from the depth map and the morphs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from vivant.nodes.formats.puppet import Bone, Puppet

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]


def bone_matrices(bones: tuple[Bone, ...], rotations: F32, translations: F32) -> F32:
    """Compose local rotations about the bones' pivots down the skeleton.

    Args:
        bones: Parents before children.
        rotations: ``(B, 3, 3)`` local rotations in axes of picture space.
        translations: ``(B, 3)`` local shifts.

    Returns:
        ``float32 (B, 3, 4)`` from rest to posed place, rotation and translation side by side.
    """
    out = np.zeros((len(bones), 3, 4), np.float64)
    for i, bone in enumerate(bones):
        rotation = rotations[i].astype(np.float64)
        shift = bone.pivot - rotation @ bone.pivot + translations[i]
        if bone.parent >= 0:
            parent = out[bone.parent]
            shift = parent[:, :3] @ shift + parent[:, 3]
            rotation = parent[:, :3] @ rotation
        out[i, :, :3], out[i, :, 3] = rotation, shift
    return out.astype(np.float32)


def skin(puppet: Puppet, matrices: F32, change: F32, out: F32) -> None:
    """Skin a puppet.

    Args:
        puppet: The puppet.
        matrices: ``float32 (B, 3, 4)``.
        change: ``float32 (52,)`` expression minus the puppet's own.
        out: ``float32 (V, 7)``, written in place: p', r', change of depth.
    """
    morphs = puppet.morphs
    skin_kernel(
        puppet.plane, puppet.ray, puppet.bone_index, puppet.bone_weight, matrices,
        morphs.offsets, morphs.unit, morphs.plane, morphs.depth, change, out,
    )  # fmt: skip


@njit(nogil=True, cache=True, fastmath=True)
def skin_kernel(
    plane: F32,
    ray: F32,
    bone_index: I32,
    bone_weight: F32,
    matrices: F32,
    offsets: I32,
    unit: I32,
    morph_plane: F32,
    morph_depth: F32,
    change: F32,
    out: F32,
) -> None:
    """Kernel of `skin`; all arrays C-contiguous."""
    zero = np.float32(0)
    for v in range(plane.shape[0]):
        x, y, dz = plane[v, 0], plane[v, 1], zero
        for k in range(offsets[v], offsets[v + 1]):
            w = change[unit[k]]
            x += w * morph_plane[k, 0]
            y += w * morph_plane[k, 1]
            dz += w * morph_depth[k]
        rx, ry = ray[v, 0], ray[v, 1]
        px, py, pz, nx, ny, nz = zero, zero, zero, zero, zero, zero
        for j in range(4):
            w = bone_weight[v, j]
            if w == zero:
                continue
            m = matrices[bone_index[v, j]]
            px += w * (m[0, 0] * x + m[0, 1] * y + m[0, 3])
            py += w * (m[1, 0] * x + m[1, 1] * y + m[1, 3])
            pz += w * (m[2, 0] * x + m[2, 1] * y + m[2, 3])
            nx += w * (m[0, 0] * rx + m[0, 1] * ry + m[0, 2])
            ny += w * (m[1, 0] * rx + m[1, 1] * ry + m[1, 2])
            nz += w * (m[2, 0] * rx + m[2, 1] * ry + m[2, 2])
        out[v, 0], out[v, 1], out[v, 2] = px, py, pz
        out[v, 3], out[v, 4], out[v, 5] = nx, ny, nz
        out[v, 6] = dz


def compile_kernel() -> None:
    """Compile `skin_kernel`, or load it from Numba's cache, by running it on nothing."""
    flat, index, numbers = np.zeros((1, 3), np.float32), np.zeros((1, 4), np.int32), np.zeros(0, np.int32)
    skin_kernel(
        flat, flat, index, np.zeros((1, 4), np.float32), np.zeros((1, 3, 4), np.float32), np.zeros(2, np.int32),
        numbers, np.zeros((0, 2), np.float32), np.zeros(0, np.float32), np.zeros(52, np.float32),
        np.zeros((1, 7), np.float32),
    )  # fmt: skip
