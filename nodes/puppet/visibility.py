"""What of the picture moves with the head, and what of the body can ever be seen."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import numpy.typing as npt

from vivant.nodes.face.rasterize import rasterize
from vivant.nodes.formats.head import HeadFit
from vivant.nodes.puppet.mesh_part import MeshPart, picture_to_pixels
from vivant.nodes.puppet.skeleton import neck_weights

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

LEAST_MOVE = 2e-4
"""Face widths: smaller displacements by expression units count as none."""

_LEAST_ALPHA = 1  # what the shader leaves out
_HIDING_SIDE, _HIDING_MARGIN, _OPAQUE = 512, 0.05, 0.98


def moving(fit: HeadFit, face_width: float) -> F32:
    """How much each place of the picture follows neck and head, ``float32 (h, w)``."""
    width, height = fit.size
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    points = np.stack([(columns + 0.5 - width / 2) / height, (height / 2 - rows - 0.5) / height], axis=2)
    root, _, _ = neck_weights(points.reshape(-1, 2), fit, face_width)
    return 1 - root.reshape(height, width)


def that_shows(
    body: MeshPart, texture: U8, face: MeshPart, fit: HeadFit, face_width: float, whole: bool = False
) -> MeshPart:
    """Leave out triangles that rest whatever the head does, are always behind the face's skin, or show nothing.

    Where all rests the backdrop is the picture itself, unless the `whole` person is wanted; what is well inside the
    face goes with it; and beside the person the `texture` of the body, ``uint8 (h, w, 4)``, is clear.
    """
    root, _, _ = neck_weights(body.vertices, fit, face_width)
    assert body.units is not None
    still = (root >= 1) & (np.abs(body.units).max(axis=(0, 2)) <= LEAST_MOVE * face_width)
    hidden = _behind(face, body.vertices, face_width, fit.size)
    kept = whole | ~still[body.triangles].all(axis=1)
    kept &= ~hidden[body.triangles].all(axis=1)
    kept &= ~_clear(texture[..., 3], body.uv[body.triangles])
    triangles = body.triangles[kept]
    used, flat = np.unique(triangles, return_inverse=True)
    return dataclasses.replace(
        body,
        vertices=body.vertices[used],
        triangles=flat.reshape(-1, 3).astype(np.int32),
        uv=body.uv[used],
        opacity=body.opacity[used],
        units=body.units[:, used],
    )


def _clear(alpha: U8, corners: F32) -> npt.NDArray[np.bool_]:
    """Whether all texels about each triangle are clear; corners in the texture ``(T, 3, 2)``, alpha ``(h, w)``."""
    height, width = alpha.shape
    seen = cv2.integral((alpha > _LEAST_ALPHA).astype(np.uint8))
    size = np.array([width, height])
    # a texel more on each side: between texels colours are mixed
    left, top = np.floor(corners.min(axis=1) * size - 1).astype(int).clip(0, size).T
    right, bottom = np.ceil(corners.max(axis=1) * size + 1).astype(int).clip(0, size).T
    count = seen[bottom, right] - seen[top, right] - seen[bottom, left] + seen[top, left]
    return np.asarray(count == 0, np.bool_)


def _behind(face: MeshPart, vertices: F32, face_width: float, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Which vertices lie well inside the opaque part of the face's skin, its openings included, at rest."""
    zoom = min(1.0, _HIDING_SIDE / max(size))
    small = (max(8, round(size[0] * zoom)), max(8, round(size[1] * zoom)))
    pixels = np.concatenate([picture_to_pixels(face.vertices, small), face.vertices[:, 2:]], axis=1)
    shown, bary, _ = rasterize(pixels, face.triangles, small)
    opacity = (face.opacity[face.triangles[shown]] * bary).sum(axis=2)
    outline, _ = cv2.findContours(
        ((shown >= 0) & (opacity > _OPAQUE)).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    inside = np.zeros(shown.shape, np.uint8)
    cv2.drawContours(inside, outline, -1, 1, cv2.FILLED)
    reach = max(1, round(_HIDING_MARGIN * face_width * small[1]))
    inside = np.asarray(cv2.erode(inside, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)), np.uint8)
    column, row = np.floor(picture_to_pixels(vertices, small)).astype(int).T
    within = (column >= 0) & (column < small[0]) & (row >= 0) & (row < small[1])
    return np.asarray(within & (inside[row.clip(0, small[1] - 1), column.clip(0, small[0] - 1)] > 0))
