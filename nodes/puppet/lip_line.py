"""The dark line in which lips meet, where the picture does not show it: a ribbon that goes with both.

A picture of parted lips has no such line, and lips that roll in draw the picture's own one in with them: pressed to a
slit, a mouth without it is a patch of red.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.landmark_sets import INNER_LIPS, LEFT_SIDE, LIPS, OUTER_LIPS, RIGHT_SIDE
from vivant.nodes.face.rims import mouth_is_open
from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.formats.head import HeadFit
from vivant.nodes.formats.puppet import Role
from vivant.nodes.puppet.mesh_part import MeshPart, grid_triangles, picture_to_pixels
from vivant.nodes.puppet.skin_paint import filled, page

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

NAME = "lipLine"

_RIGHT_END, _LEFT_END = (OUTER_LIPS[0], INNER_LIPS[0]), (INNER_LIPS[10], OUTER_LIPS[10])
"""It goes on beyond the inner corners: closed lips have their corners where the red ends."""
_HALF_HEIGHT, _HALF_WIDTH = 0.014, 0.0055
"""Face widths: of the ribbon, and of the dark on it."""
_BEFORE_DM = 0.05  # how far before the lips it lies
_APART_DM = 0.03
"""How far lips are apart when it is gone: there is the dark of the mouth instead."""
_BY_ROLL = 0.7
"""How much of it each lip brings that rolls in, where the picture shows the lips closed."""
_ROLLS = ("mouthRollUpper", "mouthRollLower")
_SHADE = 0.75
_TINT = np.array([0.75, 1.15, 1.15], np.float32)  # what is dark between lips is red
_SIZE = (64, 16)


def lip_line(
    head: AnatomicalHead, fit: HeadFit, vertices: F32, units: F32, parted: F32, pixels: U8
) -> tuple[MeshPart, U8]:
    """Build the ribbon, to be drawn over the face's skin.

    Args:
        head: The anatomical head.
        fit: Its fit to the picture.
        vertices: Of the head in picture space, at rest ``(V, 3)``.
        units: What units, handles and the lips' closings do to them ``(U, V, 3)``.
        parted: How far apart they make the lips, as `middle_parting` says ``(1 + U,)``.
        pixels: The picture, ``uint8 (h, w, 3)``.

    Returns:
        The part, and its texture ``uint8 (h, w, 4)``.
    """
    resting, moves = head.landmark_positions(vertices), head.landmark_positions(units)
    pairs = sorted(LIPS, key=lambda pair: float(head.landmark_positions(head.vertices)[pair[0], 0]))
    upper, lower = ([*_RIGHT_END, *(pair[side] for pair in pairs), *_LEFT_END] for side in (0, 1))
    up, ahead = (fit.rotation[:, axis].astype(np.float32) for axis in (1, 2))
    wide = float(np.linalg.norm(fit.points[RIGHT_SIDE] - fit.points[LEFT_SIDE]))
    middle = 0.5 * (resting[upper] + resting[lower]) + _BEFORE_DM * fit.scale * ahead
    points = np.concatenate([middle + side * _HALF_HEIGHT * wide * up for side in (1, 0, -1)]).astype(np.float32)
    count = len(upper)
    along, across = np.meshgrid(np.linspace(0, 1, count), (0.0, 0.5, 1.0))
    together = 0.5 * (moves[:, upper] + moves[:, lower])
    rolled = [INDEX[name] for name in _ROLLS]
    # lips that roll in take their edges back behind skin; where they meet is seen in the same place, before it
    together[rolled, :, 2] = 0
    fade = np.asarray(-parted / _APART_DM, np.float32)
    if mouth_is_open(fit.points):
        fade[0] += 1
    else:
        # what the picture shows of it is there as long as the lips' red is
        fade[0] = 0
        for name in _ROLLS:
            fade[1 + INDEX[name]] += _BY_ROLL
    part = MeshPart(
        name=NAME,
        texture=NAME,
        vertices=points,
        triangles=grid_triangles(count, 3),
        uv=np.stack([along.ravel(), across.ravel()], axis=1).astype(np.float32),
        opacity=np.ones(len(points), np.float32),
        role=Role.SKIN,
        units=np.concatenate([together] * 3, axis=1).astype(np.float32),
        bone="head",
        fade=fade,
    )
    return part, _page(fit, pixels)


def _page(fit: HeadFit, pixels: U8) -> U8:
    """Paint the line, which thins out toward the corners, in the dark of the lips' own colour."""
    outer, inner = (picture_to_pixels(fit.points[list(line)], fit.size) for line in (OUTER_LIPS, INNER_LIPS))
    red = filled([outer], pixels.shape) * (1 - cv2.dilate(filled([inner], pixels.shape), np.ones((3, 3), np.uint8)))
    seen = pixels[red > 0]
    if not len(seen):
        seen = pixels.reshape(-1, 3)
    lips = np.median(seen, axis=0).astype(np.float32)
    width, height = _SIZE
    u, v = np.meshgrid((np.arange(width) + 0.5) / width, 2 * (np.arange(height) + 0.5) / height - 1)
    thin = np.sqrt(np.clip(np.sin(np.pi * u), 0, 1))
    cover = thin * np.exp(-((v * _HALF_HEIGHT / (_HALF_WIDTH * np.maximum(thin, 0.3))) ** 2))
    colour = np.broadcast_to(lips * (1 - _SHADE) ** _TINT, (height, width, 3))
    return page(colour.astype(np.float32), cover.astype(np.float32))
