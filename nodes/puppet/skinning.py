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

from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.formats.puppet import Bone, Puppet, PuppetPose
from vivant.nodes.puppet.lip_contact import closing, compile_closing

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
    pivots = np.array([bone.pivot for bone in bones], np.float64)
    out = np.zeros((len(bones), 4, 4))
    out[:, :3, :3] = rotations
    out[:, :3, 3] = pivots - (out[:, :3, :3] @ pivots[..., None])[..., 0] + translations
    out[:, 3, 3] = 1
    for i, bone in enumerate(bones):
        if bone.parent >= 0:
            out[i] = out[bone.parent] @ out[i]
    return out[:, :3].astype(np.float32)


def change_of(puppet: Puppet, pose: PuppetPose) -> F32:
    """Return by how much each unit of a puppet's morphs differs from rest, ``float32 (52 + 2 H + K,)``."""
    shaped = 52 + 2 * len(puppet.details.factor)
    change = np.zeros(shaped + len(puppet.lips.across), np.float32)
    change[:52] = pose.weights - puppet.expression
    change[52 : 52 + len(pose.handles)] = pose.handles
    if pose.contact.any():
        jaw_rad = puppet.jaw_swing * float(change[INDEX["jawOpen"]])
        change[shaped:] = closing(puppet.lips, change[:shaped], jaw_rad, pose.contact)
    return change


def skin(puppet: Puppet, matrices: F32, change: F32, out: F32) -> None:
    """Skin a puppet.

    Args:
        puppet: The puppet.
        matrices: ``float32 (B, 3, 4)``.
        change: ``float32 (52 + 2 H + K,)`` as `change_of` says: expression minus the puppet's own, handles, lips.
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
    """Kernel of `skin`; all arrays C-contiguous.

    The matrices of a vertex are blended first, then applied once to place and ray: a third of the products. Indices
    are unsigned, else each would be looked at for a count from the end; both together, 1.5 times as fast (measured).
    """
    zero = np.float32(0)
    for v in range(np.uintp(plane.shape[0])):
        x, y, dz = plane[v, 0], plane[v, 1], zero
        for k in range(np.uintp(offsets[v]), np.uintp(offsets[v + np.uintp(1)])):
            w = change[np.uintp(unit[k])]
            x += w * morph_plane[k, 0]
            y += w * morph_plane[k, 1]
            dz += w * morph_depth[k]
        rx, ry = ray[v, 0], ray[v, 1]
        a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = c0 = c1 = c2 = c3 = zero
        for j in range(np.uintp(4)):
            w = bone_weight[v, j]
            if w == zero:
                continue
            i = np.uintp(bone_index[v, j])
            a0 += w * matrices[i, 0, 0]
            a1 += w * matrices[i, 0, 1]
            a2 += w * matrices[i, 0, 2]
            a3 += w * matrices[i, 0, 3]
            b0 += w * matrices[i, 1, 0]
            b1 += w * matrices[i, 1, 1]
            b2 += w * matrices[i, 1, 2]
            b3 += w * matrices[i, 1, 3]
            c0 += w * matrices[i, 2, 0]
            c1 += w * matrices[i, 2, 1]
            c2 += w * matrices[i, 2, 2]
            c3 += w * matrices[i, 2, 3]
        out[v, 0] = a0 * x + a1 * y + a3
        out[v, 1] = b0 * x + b1 * y + b3
        out[v, 2] = c0 * x + c1 * y + c3
        out[v, 3] = a0 * rx + a1 * ry + a2
        out[v, 4] = b0 * rx + b1 * ry + b2
        out[v, 5] = c0 * rx + c1 * ry + c2
        out[v, 6] = dz


def compile_kernel() -> None:
    """Compile what a frame needs, or load it from Numba's cache, by running it on nothing."""
    flat, index, numbers = np.zeros((1, 3), np.float32), np.zeros((1, 4), np.int32), np.zeros(0, np.int32)
    skin_kernel(
        flat, flat, index, np.zeros((1, 4), np.float32), np.zeros((1, 3, 4), np.float32), np.zeros(2, np.int32),
        numbers, np.zeros((0, 2), np.float32), np.zeros(0, np.float32), np.zeros(52, np.float32),
        np.zeros((1, 7), np.float32),
    )  # fmt: skip
    compile_closing()
