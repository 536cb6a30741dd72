"""The part of the head whose skin is drawn with the head's own topology: the face, with openings at eyes and lips."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.landmark_sets import FACE_OVAL
from vivant.nodes.face.rasterize import rasterize
from vivant.nodes.formats.arkit import INDEX

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]

_VIEW = 320
_YAWS = (-0.6, -0.3, 0.0, 0.3, 0.6)
_PITCHES = (-0.35, 0.0, 0.35)
_FEATHER_DM = 0.14
_RINGS = 2
_OUTER_DM = 0.26  # from the outline inward to where an edge may be soft
_JAW_FROM, _JAW_TO = 0.3, 0.55  # share of the chin's way that makes skin the jaw's
_MOUTH_DM = 6.55
_PIXELS_TO_COUNT = 8  # in all views together; fewer is a leak between the lips


@dataclass(frozen=True, slots=True, eq=False)
class SkinPatch:
    """The face's skin.

    Attributes:
        vertices: ``int32 (N,)`` indices into the head's vertices.
        triangles: ``int32 (T, 3)`` indices into the head's vertices.
        opacity: ``float32 (N,)`` 1 inside, fading to 0 at the face's outline.
        outer: ``float32 (N,)`` 1 at the outline, 0 where nose, eyes and mouth are: only there may an edge be soft, as
            behind it lies another layer.
    """

    vertices: I32
    triangles: I32
    opacity: F32
    outer: F32


def face_patch(head: AnatomicalHead) -> SkinPatch:
    """Select the skin inside the face's outline that some view of a closed mouth shows, and two rings beyond.

    The rings are the inner lips and the lids' rims: they come into view when the mouth or the eye opens. What lies
    deeper (mouth cavity, eye sockets) is left out, so that the layers behind show through.
    """
    body = head.triangles[head.triangle_group == 0]
    seen = _seen(head)
    for _ in range(_RINGS):
        touched = seen[body].any(axis=1)
        seen = seen.copy()
        seen[body[touched].ravel()] = True
    oval = head.landmark_positions(head.vertices)[list(FACE_OVAL), :2].astype(np.float32)
    inside = np.array([cv2.pointPolygonTest(oval, (float(x), float(y)), True) for x, y, _ in head.vertices], np.float32)
    # The jaw belongs to the patch with its underside: its edge moves over the neck.
    opening = head.face_units[INDEX["jawOpen"]]
    jaw = np.linalg.norm(opening, axis=1) / np.linalg.norm(opening, axis=1).max()
    jaw = _ease((jaw - _JAW_FROM) / (_JAW_TO - _JAW_FROM)) * (head.vertices[:, 1] < _MOUTH_DM)
    front = head.vertices[:, 2] > 0.55
    keep = seen & ((inside > -0.02) | (jaw > 0)) & front
    triangles = body[keep[body].all(axis=1)]
    vertices = np.unique(triangles)
    opacity = np.maximum(_ease(inside[vertices] / _FEATHER_DM), jaw[vertices])
    outer = _ease((_OUTER_DM - inside[vertices]) / _FEATHER_DM).astype(np.float32)
    return SkinPatch(vertices.astype(np.int32), triangles.astype(np.int32), opacity.astype(np.float32), outer)


def _ease(t: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    t = np.clip(t, 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def _seen(head: AnatomicalHead) -> npt.NDArray[np.bool_]:
    """Which vertices some frontal view of the neutral head shows, ``bool (V,)``."""
    lashes = np.array([("lash" in name) for name in head.group_names])
    solid = head.triangles[~lashes[head.triangle_group]]
    centre = np.array([0.0, 7.0, 0.5], np.float32)
    hits = np.zeros(len(solid), np.int64)
    for yaw in _YAWS:
        for pitch in _PITCHES:
            cy, sy, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
            turn = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]]) @ np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
            view = ((head.vertices - centre) @ turn.T).astype(np.float32)
            points = np.stack([view[:, 0], -view[:, 1], view[:, 2]], axis=1) * np.float32(_VIEW / 3.2)
            points[:, :2] += _VIEW / 2
            shown, _, _ = rasterize(points, solid, (_VIEW, _VIEW))
            hits += np.bincount(shown[shown >= 0], minlength=len(solid))
    seen = np.zeros(len(head.vertices), bool)
    seen[solid[hits >= _PIXELS_TO_COUNT].ravel()] = True
    return seen
