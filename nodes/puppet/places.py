"""Where the vertices of a puppet are in space, as the vertex shader has them."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from vivant.nodes.formats.puppet import Puppet, PuppetPose
from vivant.nodes.puppet.skinning import bone_matrices, change_of, skin

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]


def places(puppet: Puppet, pose: PuppetPose) -> F64:
    """Return the places of a bent puppet's vertices in picture space, ``float64 (V, 3)``."""
    out = np.empty((len(puppet.plane), 7), np.float32)
    skin(puppet, bone_matrices(puppet.bones, pose.rotations, pose.translations), change_of(puppet, pose), out)
    bent = out.astype(np.float64)
    return np.asarray(bent[:, :3] + (rest_depth(puppet) + bent[:, 6])[:, None] * bent[:, 3:6])


def rest_places(puppet: Puppet) -> F64:
    """Return where a puppet's vertices rest in picture space, ``float64 (V, 3)``."""
    return np.asarray(puppet.plane + rest_depth(puppet)[:, None] * puppet.ray, np.float64)


def rest_depth(puppet: Puppet) -> F64:
    """Return how deep a puppet's vertices rest along their view rays, ``float64 (V,)``, picture heights."""
    return np.asarray(puppet.z + puppet.mapped * sampled(puppet.depth_map, puppet.map_uv), np.float64)


def sampled(depth_map: F32, uv: F32) -> F32:
    """Read a map at texture coordinates ``(N, 2)`` as the vertex shader does: bilinear, clamped, ``float32 (N,)``."""
    height, width = depth_map.shape
    map_x = (uv[:, 0] * width - 0.5).astype(np.float32)[None]
    map_y = (uv[:, 1] * height - 0.5).astype(np.float32)[None]
    values = cv2.remap(depth_map, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(values[0], np.float32)
