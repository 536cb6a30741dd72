"""How far the head of this picture may turn before stretched skin or painted background catch the eye."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.rasterize import rasterize
from vivant.nodes.formats.puppet import Puppet, Role
from vivant.nodes.formats.rotation import rotation_matrix
from vivant.nodes.puppet.posing import pose
from vivant.nodes.puppet.skinning import bone_matrices, change_of, skin

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]

_SIDE = 192
_STRETCHED = 2.0
_SOLID = 0.5
_STEPS_DEG = {"pitch": (17.0, 27.0), "yaw": (25.0, 35.0, 45.0)}
_LEAST_DEG = {"pitch": 15.0, "yaw": 25.0}
_MOST_FAULTS = 0.08
"""Share of the head that may be stretched or uncovered: chosen by looking at six pictures."""
_PROFILE_RAD = np.radians(58.0)
"""Beyond this angle between face and camera the far eye is gone: no picture of a frontal eye can be turned there."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What is wrong at one turn, as shares of the moving person's pixels at rest.

    Attributes:
        stretched: Where a texel is longer than two pixels on the screen.
        uncovered: Where the person was, still inside what is now drawn around it, and painted background shows.
    """

    stretched: float
    uncovered: float


def find_limits(puppet: Puppet) -> tuple[float, float, float, float]:
    """Find how far the head may turn: looking up, down, toward the viewer's left, right; radians, all positive."""
    view = _View(puppet)
    out: list[float] = []
    frontal = float(np.arctan2(puppet.head_rotation[0, 2], puppet.head_rotation[2, 2]))
    for axis, sign in (("pitch", -1), ("pitch", 1), ("yaw", -1), ("yaw", 1)):
        reached, before, faults = _LEAST_DEG[axis], 0.0, 0.0
        for step in _STEPS_DEG[axis]:
            cell = view.measure(sign * step if axis == "yaw" else 0.0, sign * step if axis == "pitch" else 0.0)
            now = cell.stretched + cell.uncovered
            if now > _MOST_FAULTS:
                share = (_MOST_FAULTS - faults) / max(now - faults, 1e-6)
                reached = max(reached, before + share * (step - before))
                break
            before, faults, reached = step, now, max(reached, step)
        limit = float(np.radians(reached))
        if axis == "yaw":
            limit = min(limit, max(float(_PROFILE_RAD - sign * frontal), float(np.radians(5))))
        out.append(limit)
    return out[0], out[1], out[2], out[3]


def measure_cell(puppet: Puppet, yaw_deg: float, pitch_deg: float) -> Cell:
    """Measure one turn of the head."""
    return _View(puppet).measure(yaw_deg, pitch_deg)


class _View:
    """Draws a puppet small, in software, to count pixels."""

    def __init__(self, puppet: Puppet) -> None:
        self._puppet = puppet
        # The head fills the view, and what it may uncover.
        head = puppet.plane[np.unique(puppet.triangles[_corners(puppet, Role.SKIN)])]
        middle = 0.5 * (head.min(axis=0) + head.max(axis=0))
        self._zoom = _SIDE / (2.4 * puppet.face_width)
        self._origin = middle[:2]
        height, width = puppet.depth_map.shape
        column = np.clip((puppet.map_uv[:, 0] * width).astype(int), 0, width - 1)
        row = np.clip((puppet.map_uv[:, 1] * height).astype(int), 0, height - 1)
        self._depth = puppet.z + puppet.mapped * puppet.depth_map[row, column]
        self._out = np.empty((len(puppet.plane), 7), np.float32)
        self._rest = self._drawn(0.0, 0.0)[0]

    def measure(self, yaw_deg: float, pitch_deg: float) -> Cell:
        covered, stretched = self._drawn(yaw_deg, pitch_deg)
        count = max(int(self._rest.sum()), 1)
        # Holes: background with person on both sides. Along the outline uncovered background is what a turn is.
        sides = np.maximum.accumulate(covered, axis=1) & np.maximum.accumulate(covered[:, ::-1], axis=1)[:, ::-1]
        return Cell(float(stretched.sum()) / count, float((self._rest & sides & ~covered).sum()) / count)

    def _drawn(self, yaw_deg: float, pitch_deg: float) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        puppet = self._puppet
        turn = rotation_matrix(np.radians(np.array([pitch_deg, yaw_deg, 0.0])))
        bent = pose(puppet, puppet.expression, turn, np.zeros(3))
        matrices = bone_matrices(puppet.bones, bent.rotations, bent.translations)
        skin(puppet, matrices, change_of(puppet, bent), self._out)
        place = self._out[:, :3] + (self._depth + self._out[:, 6])[:, None] * self._out[:, 3:6]
        seen = place[:, :2] / (1 - place[:, 2:] / puppet.eye[2])
        points = np.concatenate([(seen - self._origin) * self._zoom, place[:, 2:]], axis=1).astype(np.float32)
        points[:, 1] *= -1
        points[:, :2] += _SIDE / 2
        covered = np.zeros((_SIDE, _SIDE), bool)
        stretched = np.zeros((_SIDE, _SIDE), bool)
        for layer in puppet.layers:
            if layer.role not in (Role.BODY, Role.SKIN) or layer.fade >= 0:
                continue
            triangles = puppet.triangles[layer.first // 3 : (layer.first + layer.count) // 3]
            front = triangles[_turned_to_viewer(points, triangles)]
            shown, bary, _ = rasterize(points, front, (_SIDE, _SIDE))
            corners = front[shown]
            opacity = (puppet.opacity[corners] * bary).sum(axis=2)
            texture = puppet.textures[layer.texture]
            uv = (puppet.uv[corners] * bary[..., None]).sum(axis=2)
            column = np.clip((uv[..., 0] * texture.shape[1]).astype(int), 0, texture.shape[1] - 1)
            row = np.clip((uv[..., 1] * texture.shape[0]).astype(int), 0, texture.shape[0] - 1)
            solid = (shown >= 0) & (opacity * texture[row, column, 3] / 255 > _SOLID)
            pulled = _stretch(seen * puppet.size[1], puppet.uv * texture.shape[1::-1], front) > _STRETCHED
            covered |= solid
            stretched = np.where(solid, pulled[shown], stretched)
        return covered, stretched


def _corners(puppet: Puppet, role: Role) -> slice:
    layer = next(layer for layer in puppet.layers if layer.role is role)
    return slice(layer.first // 3, (layer.first + layer.count) // 3)


def _turned_to_viewer(points: F32, triangles: I32) -> npt.NDArray[np.bool_]:
    a, b, c = (points[triangles[:, i], :2] for i in range(3))
    return np.asarray((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0] < 0)  # y goes down


def _stretch(places: F32, texels: F32, triangles: I32) -> npt.NDArray[np.float64]:
    """Largest singular value ``(T,)`` of each triangle's map from texels to pixels."""
    a, b, c = (places[triangles[:, i]].astype(np.float64) for i in range(3))
    u, v, w = (texels[triangles[:, i]].astype(np.float64) for i in range(3))
    p, q, r, s = (v - u)[:, 0], (w - u)[:, 0], (v - u)[:, 1], (w - u)[:, 1]
    area = p * s - q * r
    area = np.where(np.abs(area) < 1e-9, 1e-9, area)
    inverse = np.stack([np.stack([s, -q], axis=1), np.stack([-r, p], axis=1)], axis=1) / area[:, None, None]
    jacobian = np.stack([b - a, c - a], axis=2) @ inverse
    return np.asarray(np.linalg.norm(jacobian, ord=2, axis=(1, 2)))
