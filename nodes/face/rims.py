"""The rims of lids and lips: what lies beyond them is tucked behind, not stretched over what they frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.landmark_sets import EYE_CONTOURS, INNER_LIPS, LEFT_SIDE, LIPS, RIGHT_SIDE

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

_LEFT_CORNER = 308
_OPEN_SHARE = 0.025  # of the face's width
_BEYOND = 0.004  # face widths that a tucked vertex lies outside the opening


def tuck_rims(vertices: F32, points: F32, lower_lip: npt.NDArray[np.bool_]) -> None:
    """Move vertices that the picture would show inside an eye or an open mouth out to its rim; in place.

    They are the insides of lips and lids. Left where they are, their skin would be the picture's teeth and
    eyeballs, and would show as such when the mouth or the eye closes.

    Args:
        vertices: ``(V, 3)`` in picture space.
        points: Landmarks ``(478, 3)`` in picture space.
        lower_lip: Which vertices go with the jaw, ``(V,)``: each lip of an open mouth is tucked behind its own edge,
            however near the other's is.
    """
    margin = _BEYOND * float(np.linalg.norm(points[234] - points[454]))
    for contour in (*EYE_CONTOURS.values(), INNER_LIPS):
        rim = points[list(contour), :2].astype(np.float64)
        near = np.flatnonzero(((vertices[:, :2] > rim.min(axis=0)) & (vertices[:, :2] < rim.max(axis=0))).all(axis=1))
        inside = near[_inside(vertices[near, :2].astype(np.float64), rim)]
        if contour is INNER_LIPS and mouth_is_open(points):
            turn = INNER_LIPS.index(_LEFT_CORNER)
            edges = [(inside[~lower_lip[inside]], rim[: turn + 1]), (inside[lower_lip[inside]], [*rim[turn:], rim[0]])]
        else:
            edges = [(inside, [*rim, rim[0]])]
        for members, edge in edges:
            if len(members):
                vertices[members, :2] = _beyond(vertices[members, :2].astype(np.float64), np.asarray(edge), margin)


def mouth_is_open(points: F32) -> bool:
    """Whether the lips are so far apart that the picture shows what is between them.

    Args:
        points: Landmarks ``(478, 3)`` in picture space.
    """
    gap = np.mean([np.linalg.norm(points[upper, :2] - points[lower, :2]) for upper, lower in LIPS[:3]])
    return bool(gap >= _OPEN_SHARE * np.linalg.norm(points[RIGHT_SIDE] - points[LEFT_SIDE]))


def _inside(places: F64, rim: F64) -> npt.NDArray[np.bool_]:
    """Even-odd rule: whether each place ``(N, 2)`` lies in the polygon ``(M, 2)``."""
    a, b = rim, np.roll(rim, -1, axis=0)
    x, y = places[:, :1], places[:, 1:]
    spans = (a[:, 1] > y) != (b[:, 1] > y)
    rise = np.where(b[:, 1] == a[:, 1], 1.0, b[:, 1] - a[:, 1])
    left = x < a[:, 0] + (y - a[:, 1]) * (b[:, 0] - a[:, 0]) / rise
    return np.asarray((spans & left).sum(axis=1) % 2 == 1)


def _beyond(places: F64, edge: F64, margin: float) -> F64:
    """The nearest point of a line of several segments ``(M, 2)``, and `margin` farther."""
    a, along = edge[:-1], np.diff(edge, axis=0)
    length = np.maximum((along**2).sum(axis=1), 1e-18)
    share = np.clip(((places[:, None] - a) * along).sum(axis=2) / length, 0, 1)
    feet = a + share[..., None] * along  # (N, M, 2)
    nearest = np.argmin(((feet - places[:, None]) ** 2).sum(axis=2), axis=1)
    foot = feet[np.arange(len(places)), nearest]
    outward = foot - places
    distance = np.linalg.norm(outward, axis=1, keepdims=True)
    return np.asarray(foot + margin * outward / np.maximum(distance, 1e-12))
