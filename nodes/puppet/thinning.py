"""Leaves out vertices of a mesh that a picture of its size cannot show: they move as their neighbours say anyway."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import numpy.typing as npt
from numba import njit

from vivant.nodes.formats.head import HeadFit
from vivant.nodes.puppet.mesh_part import MeshPart
from vivant.nodes.puppet.skeleton import neck_weights

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
Bool = npt.NDArray[np.bool_]

_FLAT = 0.15
"""Least area of a triangle that comes about, as a share of its longest side squared (0.43: all sides are equal)."""
_OUTSIDE = 0.05
"""How far, in barycentric coordinates, a vertex may lie outside the triangle that it is looked for in: rounding."""
_NEVER = math.inf

_TOLERANCE_PX = 0.7
"""Of the picture. In 26 frames of a driver on a face 174 pixels wide the median was 0.10, 99 of 100 were below 0.52."""
_TURNED = np.float32(np.sin(np.radians(35)))
"""How much of a depth is seen as a shift when the head turns."""
_OPACITY_PX = 10.0
"""What opacity counts for: it may be off by 0.07."""
_REACH = 0.5
"""Face widths by which the head moves what hangs on it."""


def thin_part(part: MeshPart, depth: F32, most: F32, fit: HeadFit, face_width: float) -> MeshPart:
    """Leave triangles out of a part until what it does would differ by more than a share of a pixel.

    The head's own mesh has the same triangles whatever the size of the face, most of them about the mouth: on a small
    picture they are smaller than what a rasteriser works off at once.

    Args:
        part: What moves; all its vertices stay in it.
        depth: ``(N,)`` of its vertices, picture heights.
        most: How far each of its units goes; there may be more.
        fit: The head.
        face_width: In picture heights.
    """
    assert part.units is not None
    height = fit.size[1]
    places = np.ascontiguousarray(part.vertices[:, :2] * height, np.float32)
    moves = part.units.transpose(1, 0, 2) * (most[: len(part.units), None] * height)
    rest = np.zeros((len(places), 3, 3), np.float32)
    rest[:, 0, 2] = depth * height
    rest[:, 1, 0] = part.opacity * _OPACITY_PX
    rest[:, 2, :2] = _bent(places, part.uv * np.array(fit.size, np.float32))
    fields = np.concatenate([moves, rest], axis=1)
    fields[..., 2] *= _TURNED
    if part.bone is None:
        carried = np.stack(neck_weights(part.vertices, fit, face_width), axis=1)
        fields = np.concatenate([fields, carried[:, None] * (_REACH * face_width * height)], axis=1)
    fields = np.ascontiguousarray(fields, np.float32)
    held = edge_of(part.triangles, len(places))
    return dataclasses.replace(part, triangles=thinned(places, fields, part.triangles, held, _TOLERANCE_PX))


def thinned(places: F32, fields: F32, triangles: I32, held: Bool, tolerance: float) -> I32:
    """Return fewer triangles over some of the same vertices.

    Vertices are merged into neighbours, the least missed first, as in Garland and Heckbert 1997, "Surface
    simplification using quadric error metrics"; in place of quadrics the miss itself is measured, as every vertex that
    was left out stays known: no field is off by more than the tolerance at any of them.

    Args:
        places: ``(V, 2)`` where the vertices are, y up: what is interpolated is interpolated here.
        fields: ``(V, F, 3)`` vectors that triangles interpolate.
        triangles: ``(T, 3)`` counter-clockwise. Those that are not, of folded skin, stay as they are.
        held: ``(V,)`` vertices that stay. Those of the edge must.
        tolerance: How far each of the vectors may be off, in the unit of `fields`.

    Returns:
        ``int32 (T', 3)``, in the order of `triangles`.
    """
    triangles = np.array(triangles, np.int32)
    held = held.copy()
    held[triangles[_turned_over(places[triangles])]] = True
    alive = np.ones(len(triangles), np.bool_)
    home = np.full(len(places), -1, np.int32)  # of vertices that were left out: the triangle that they lie in
    while True:
        star = _stars(triangles, alive, len(places))
        lodgers, first = _lodgers(home, len(triangles))
        onto, miss = _merges(places, fields, triangles, star, held | (home >= 0), lodgers, first)
        order = np.argsort(miss, kind="stable")
        order = order[miss[order] <= tolerance]
        if not len(order):
            return triangles[alive]
        touched = np.zeros(len(places), np.bool_)
        for vertex in order.tolist():
            around = star[vertex][star[vertex] >= 0]
            ring = triangles[around]
            if touched[ring].any():
                continue  # seen again in the next round, as it will be then
            touched[ring] = True
            gone = (ring == onto[vertex]).any(axis=1)
            alive[around[gone]] = False
            left = around[~gone]
            inside = [lodgers[first[t] : first[t + 1]] for t in around]
            moved = np.concatenate([*inside, [vertex]])
            triangles[left] = np.where(ring[~gone] == vertex, onto[vertex], ring[~gone])
            home[moved] = left[_within(places[moved], places[triangles[left]]).min(axis=2).argmax(axis=1)]


def edge_of(triangles: I32, count: int) -> Bool:
    """Say which of `count` vertices are at the edge of a mesh, or in no triangle, ``bool (count,)``."""
    sides = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    sides, uses = np.unique(sides, axis=0, return_counts=True)
    edge = np.ones(count, np.bool_)
    edge[triangles] = False
    edge[sides[uses == 1]] = True
    return edge


def _bent(places: F32, texels: F32) -> F32:
    """Return how far each vertex shows other texels than an even map of places would have it, ``(N, 2)``."""
    even = np.concatenate([places, np.ones((len(places), 1), np.float32)], axis=1)
    return np.asarray(texels - even @ np.linalg.lstsq(even, texels, rcond=None)[0], np.float32)


def _stars(triangles: I32, alive: Bool, count: int) -> I32:
    """Return the triangles about each vertex, ``(V, most)``, -1 behind the last."""
    rows = np.flatnonzero(alive)
    corner, row = triangles[rows].ravel(), np.repeat(rows, 3)
    order = np.argsort(corner, kind="stable")
    degree = np.bincount(corner, minlength=count)
    star = np.full((count, int(degree.max(initial=1))), -1, np.int32)
    first = np.cumsum(degree) - degree
    star[corner[order], np.arange(len(order)) - first[corner[order]]] = row[order]
    return star


def _lodgers(home: I32, count: int) -> tuple[I32, I32]:
    """Return vertices that were left out by the triangle that they lie in, and where those of each begin."""
    order = np.argsort(home, kind="stable").astype(np.int32)
    return order, np.searchsorted(home[order], np.arange(count + 1)).astype(np.int32)


def _within(points: F32, corners: F32) -> npt.NDArray[np.float64]:
    """Return the barycentric coordinates of each point in each triangle, ``(P, T, 3)``."""
    a, b, c = (corners[None, :, i].astype(np.float64) - points[:, None] for i in range(3))
    parts = np.stack([_cross(b, c), _cross(c, a), _cross(a, b)], axis=2)
    return np.asarray(parts / parts.sum(axis=2, keepdims=True))


def _turned_over(corners: F32) -> Bool:
    a, b, c = (corners[:, i].astype(np.float64) for i in range(3))
    return np.asarray(_cross(b - a, c - a) <= 0)


def _cross(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])


@njit(nogil=True, cache=True)
def _merges(
    places: F32, fields: F32, triangles: I32, star: I32, held: Bool, lodgers: I32, first: I32
) -> tuple[I32, F32]:
    """Return for each vertex the neighbour that it is best merged into, and by how much fields are off then.

    Of a neighbour so much is asked: the triangles that are left fill the same area, none of them flat or turned over.
    """
    count, most = star.shape
    onto, miss = np.full(count, -1, np.int32), np.full(count, _NEVER, np.float32)
    ring, asked = np.empty((most, 3), np.int32), np.empty(len(lodgers) + 1, np.int32)
    for v in range(count):
        if held[v]:
            continue
        asked[0], many, degree = v, 1, 0
        while degree < most and star[v, degree] >= 0:
            for i in range(first[star[v, degree]], first[star[v, degree] + 1]):
                asked[many] = lodgers[i]
                many += 1
            degree += 1
        for k in range(3 * degree):
            u = triangles[star[v, k // 3], k % 3]
            if u == v:
                continue
            left = 0
            sound = True
            for j in range(degree):
                t = star[v, j]
                a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
                if u in (a, b, c):
                    continue
                a, b, c = (u if a == v else a), (u if b == v else b), (u if c == v else c)
                px, py = places[b, 0] - places[a, 0], places[b, 1] - places[a, 1]
                qx, qy = places[c, 0] - places[a, 0], places[c, 1] - places[a, 1]
                longest = max(px * px + py * py, qx * qx + qy * qy, (px - qx) ** 2 + (py - qy) ** 2)
                sound &= px * qy - py * qx > _FLAT * longest
                ring[left, 0], ring[left, 1], ring[left, 2] = a, b, c
                left += 1
            if not sound or left != degree - 2:
                continue
            worst, i = 0.0, 0
            while i < many and worst < miss[v]:
                worst = max(worst, _missed(asked[i], places, fields, ring, left, miss[v]))
                i += 1
            if worst < miss[v]:
                miss[v], onto[v] = worst, u
    return onto, miss


@njit(nogil=True, cache=True)
def _missed(vertex: int, places: F32, fields: F32, ring: I32, count: int, enough: float) -> float:
    """Return how far the worst field is off at a vertex, interpolated in whichever of `count` triangles it lies in.

    Beyond `enough` it is not looked further.
    """
    x, y = places[vertex, 0], places[vertex, 1]
    deepest, inside, share_b, share_c = -_NEVER, 0, np.float32(0), np.float32(0)
    for j in range(count):
        a, b, c = ring[j, 0], ring[j, 1], ring[j, 2]
        px, py = places[b, 0] - places[a, 0], places[b, 1] - places[a, 1]
        qx, qy = places[c, 0] - places[a, 0], places[c, 1] - places[a, 1]
        dx, dy = x - places[a, 0], y - places[a, 1]
        area = px * qy - py * qx
        beta, gamma = (dx * qy - dy * qx) / area, (px * dy - py * dx) / area
        least = min(beta, gamma, 1 - beta - gamma)
        if least > deepest:
            deepest, inside, share_b, share_c = least, j, beta, gamma
    if deepest < -_OUTSIDE:
        return _NEVER
    a, b, c = ring[inside, 0], ring[inside, 1], ring[inside, 2]
    share_a = 1 - share_b - share_c
    worst = 0.0
    for f in range(fields.shape[1]):
        square = np.float32(0)
        for i in range(3):
            off = fields[vertex, f, i] - share_a * fields[a, f, i] - share_b * fields[b, f, i]
            off -= share_c * fields[c, f, i]
            square += off * off
        worst = max(worst, float(square))
        if worst > enough * enough:
            return _NEVER
    return math.sqrt(worst)
