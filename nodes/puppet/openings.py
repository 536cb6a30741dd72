"""Windows in the face: what lies between the lids and between the lips."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.landmark_sets import EYE_CONTOURS, INNER_LIPS, LIDS
from vivant.nodes.face.placed_head import PlacedHead
from vivant.nodes.formats.head import HeadFit
from vivant.nodes.formats.puppet import Role
from vivant.nodes.puppet.eyes import on_eye_page, rim_reach
from vivant.nodes.puppet.mesh_part import MeshPart
from vivant.nodes.puppet.skin_patch import SkinPatch

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]

_MEET = 0.45  # of the way to the other lid: in the corners, where the eye is narrow, a rim ends there
_BEHIND = 0.03  # widths of the eye: how far a rim goes on behind the edge of the skin


def openings(face: MeshPart, patch: SkinPatch, fit: HeadFit) -> list[MeshPart]:
    """Close each hole of the face's skin with a fan, to be used as a window.

    A fan may reach beyond a bent rim: the skin, drawn later, covers what it does. An eye's fan carries the picture of
    the eye: seen from far aside the line of sight passes the eyeball, and there is no darkness behind it as in a mouth.

    Args:
        face: The face's skin.
        patch: What it was made from.
        fit: The head fitted to the picture.

    Returns:
        A part for each eye, and one for all else.
    """
    return [_window(face, loops, side, fit) for side, loops in _found(face, patch, fit).items() if loops]


def lid_rims(head: AnatomicalHead, placed: PlacedHead, fit: HeadFit, fades: dict[str, F32]) -> list[MeshPart]:
    """Return a narrow band along each eye's rim, to be drawn over the eyeball: it goes with the lids.

    It follows the line that the tracker reads as the lids' edge, not the mesh's own hole. That one lies behind the lids
    and moves less than they do: a band from there shows the lid's skin and crease once more below a lid that rises.

    Args:
        head: The anatomical head.
        placed: It in picture space.
        fit: The head fitted to the picture.
        fades: By side, as `MeshPart.fade`.
    """
    return [_rim(head, placed, fit, side, fades[side]) for side in EYE_CONTOURS]


def _found(face: MeshPart, patch: SkinPatch, fit: HeadFit) -> dict[str, list[I32]]:
    """The holes' rims, by the side of the eye; nothing: of all else."""
    found: dict[str, list[I32]] = {side: [] for side in ("", *EYE_CONTOURS)}
    for loop in holes(face.triangles, patch.opacity):
        place = face.vertices[loop].mean(axis=0)
        within = [side for side in EYE_CONTOURS if np.abs(on_eye_page(side, fit, place[None]) - 0.5).max() < 0.5]
        found[within[0] if within else ""].append(np.asarray(loop, np.int32))
    return found


def _rim(head: AnatomicalHead, placed: PlacedHead, fit: HeadFit, side: str, fade: F32) -> MeshPart:
    contour = list(EYE_CONTOURS[side])
    edge = fit.points[contour].astype(np.float64)
    count = len(contour)
    along = np.roll(edge, -1, axis=0)[:, :2] - np.roll(edge, 1, axis=0)[:, :2]
    inward = np.stack([-along[:, 1], along[:, 0]], axis=1) / np.maximum(np.linalg.norm(along, axis=1), 1e-9)[:, None]
    inward *= np.sign((inward * (edge.mean(axis=0)[:2] - edge[:, :2])).sum())
    reach, wide = rim_reach(side, fit)
    room = np.full(count, reach)
    for pair in LIDS[side]:
        upper, lower = (contour.index(mark) for mark in pair)
        room[[upper, lower]] = min(reach, _MEET * float(np.linalg.norm(edge[upper, :2] - edge[lower, :2])))
    outer, inner = edge.copy(), edge.copy()
    outer[:, :2] -= max(reach, _BEHIND * wide) * inward
    inner[:, :2] += room[:, None] * inward
    points = np.concatenate([outer, inner]).astype(np.float32)
    moves = np.concatenate([head.landmark_positions(part)[:, contour] for part in (placed.units, placed.handles)])
    here = np.arange(count)
    onward = np.roll(here, -1)
    triangles = [(here, onward, here + count), (onward, onward + count, here + count)]
    return MeshPart(
        name=f"rim{side}",
        texture=f"rim{side}",
        vertices=points,
        triangles=np.concatenate([np.stack(corners, axis=1) for corners in triangles]).astype(np.int32),
        uv=on_eye_page(side, fit, points),
        opacity=np.ones(len(points), np.float32),
        role=Role.RIM,
        units=np.concatenate([moves] * 2, axis=1).astype(np.float32),
        bone="head",
        fade=fade,
    )


def _window(face: MeshPart, loops: list[I32], side: str, fit: HeadFit) -> MeshPart:
    assert face.units is not None
    vertices, units, triangles, start = [], [], [], 0
    for rim in loops:
        vertices.append(np.concatenate([face.vertices[rim], face.vertices[rim].mean(axis=0, keepdims=True)]))
        moved = face.units[:, rim]
        units.append(np.concatenate([moved, moved.mean(axis=1, keepdims=True)], axis=1))
        count = len(rim)
        ring = np.arange(count)
        triangles.append(start + np.stack([ring, np.roll(ring, -1), np.full(count, count)], axis=1))
        start += count + 1
    points = np.concatenate(vertices).astype(np.float32)
    return MeshPart(
        name=f"opening{side}" if side else "openings",
        texture=f"eye{side}" if side else "cavity",
        vertices=points,
        triangles=np.concatenate(triangles).astype(np.int32),
        uv=on_eye_page(side, fit, points) if side else np.full((len(points), 2), 0.5, np.float32),
        opacity=np.ones(len(points), np.float32),
        role=Role.OPENING,
        units=np.concatenate(units, axis=1).astype(np.float32),
        bone="head",
    )


def mouth_rim(head: AnatomicalHead, patch: SkinPatch) -> I32:
    """Return the head's vertices around the opening of the mouth."""
    renumber = np.full(len(head.vertices), -1, np.int32)
    renumber[patch.vertices] = np.arange(len(patch.vertices), dtype=np.int32)
    lips = head.landmark_positions(head.vertices)[list(INNER_LIPS)].mean(axis=0)
    rims = [patch.vertices[loop] for loop in holes(renumber[patch.triangles], patch.opacity)]
    return np.asarray(min(rims, key=lambda rim: np.linalg.norm(head.vertices[rim].mean(axis=0) - lips)), np.int32)


def holes(triangles: I32, opacity: F32) -> list[list[int]]:
    """Return the rims of a mesh's inner holes as loops of vertices; the outer rim, where it fades, is none.

    Args:
        triangles: ``(T, 3)``.
        opacity: ``(N,)``: a rim of opacity below one half is an outer rim.
    """
    edges = {(int(a), int(b)) for t in triangles for a, b in ((t[0], t[1]), (t[1], t[2]), (t[2], t[0]))}
    following: dict[int, list[int]] = defaultdict(list)
    for a, b in edges:
        if (b, a) not in edges:
            following[a].append(b)
    loops = []
    while following:
        first = min(following)
        loop, here = [], first
        while here in following:
            loop.append(here)
            onward = following[here]
            here = onward.pop()
            if not onward:
                del following[loop[-1]]
        if len(loop) >= 3 and float(opacity[loop].mean()) > 0.5:
            loops.append(loop)
    return loops
