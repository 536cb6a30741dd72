"""How lips meet: where along the mouth they are looked at, how far apart they are there, and what closes them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.landmark_sets import LIPS

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]

_CORNERS = ((-0.91, 7), (0.91, 8), (-0.97, 7), (0.97, 8))
"""Close to the corners no landmarks lie: where they are looked at besides, and which of `LIPS` is nearest."""
STATIONS = len(LIPS) + len(_CORNERS)
"""Where lips are looked at: at the landmarks of `LIPS`, then close to the corners."""
_NEAREST = np.array([*range(len(LIPS)), *(nearest for _, nearest in _CORNERS)])  # of `LIPS` to each station

UPPER_SHARE = 0.3
"""How much of a gap the upper lip closes; the lower one is softer and hangs on the jaw."""
_EDGE_DM = 0.16  # from the rim to beyond where a lip turns inward: there lies what one sees as its edge
_RIGID_DM, _FADE_DM = (0.2, 0.26), (0.26, 0.34)
"""Upper, lower lip: how far from the rim it moves as one piece, its red not stretched, and over how much skin that
fades: to the nose, to the fold above the chin."""
_SHOWN_DM = 0.008
"""How far beyond the line where closed lips meet a lip's skin is the picture as it lies there."""
_REACH_DM = 0.75
_BEYOND = 0.3  # half widths of the mouth beyond its corners over which it fades
_SIDES_SURE = 0.2
_MOST = 4.0
"""At a corner what moves the lips fades: at least a quarter of it reaches the edges."""
_ROUNDS = 4
_RIDGE = 0.02


class LipSeal:
    """The mouth's edges on the head's mesh, and fields that bring them together.

    Args:
        head: The anatomical head.
        skin: Triangles of its face, as far in as they are drawn ``(T, 3)``.
        rim: Its vertices around the mouth's opening there, in turn ``(R,)``.
    """

    def __init__(self, head: AnatomicalHead, skin: I32, rim: I32) -> None:
        vertices = head.vertices.astype(np.float64)
        half = 0.5 * float(np.ptp(vertices[rim, 0]))
        across = vertices[:, 0] / half
        upper_arc, lower_arc = _arcs(vertices, rim)
        near = np.linalg.norm(vertices - vertices[rim].mean(axis=0), axis=1) < half + _REACH_DM
        edges = _edges(skin[near[skin].all(axis=1)])
        to_upper, to_lower = (_along_surface(vertices, edges, arc) for arc in (upper_arc, lower_arc))
        distance = np.minimum(to_upper, to_lower)
        reached = np.isfinite(distance)
        self._lip_edge = distance < _EDGE_DM
        self._side = side = np.zeros(
            len(vertices)
        )  # 1 on the upper lip, -1 on the lower, between them beyond the corners
        apart = to_lower[reached] - to_upper[reached]
        side[reached] = np.clip(apart / np.maximum((to_upper + to_lower)[reached], 1e-9) / _SIDES_SURE, -1, 1)
        places = [float(np.mean(head.landmark_positions(head.vertices)[list(pair), 0])) / half for pair in LIPS]
        self.across = np.array([*places, *(corner[0] for corner in _CORNERS)])
        """Where the stations are, -1 at the mouth's right corner, 1 at its left ``(K,)``."""
        self.corners = np.array([rim[vertices[rim, 0].argmin()], rim[vertices[rim, 0].argmax()]], np.int32)
        """The vertices at the right and the left corner."""
        edge = skin[(distance[skin] < _EDGE_DM).all(axis=1)]
        upward = side[edge].mean(axis=1)
        self.upper = np.ascontiguousarray(edge[upward > 0], np.int32)
        """Triangles of the upper lip's edge ``(A, 3)``."""
        self.lower = np.ascontiguousarray(edge[upward <= 0], np.int32)
        rigid, fade = (np.where(side > 0, *lips) for lips in (_RIGID_DM, _FADE_DM))
        moved = np.where(reached, 1 - _ease((np.where(reached, distance, 9.0) - rigid) / fade), 0)
        moved *= 1 - _ease((np.abs(across) - 1) / _BEYOND)
        moved *= -side * np.where(side > 0, UPPER_SHARE, 1 - UPPER_SHARE)  # the upper lip goes down, the lower one up
        order = np.argsort(self.across)
        hats = np.stack([np.interp(across, self.across[order], one[order]) for one in np.eye(STATIONS)])
        self.fields = hats * moved
        """How far up each vertex goes for a gap of 1 at each station, ``(K, V)``."""

    def gaps(self, places: F64) -> F64:
        """Return how far apart the lips are at the stations, below 0 where they overlap, ``(K,)``.

        Args:
            places: Of the head's vertices along its own axes across and up, ``(V, 2)``.
        """
        return lip_gaps(places, self.upper, self.lower, self.stations(places))

    def stations(self, places: F64) -> F64:
        """Return where the stations lie across ``(K,)``; arguments as of `gaps`."""
        right, left = places[self.corners, 0]
        return np.asarray(right + (left - right) * (self.across + 1) / 2)

    def closing(self, places: F64, overlap: F64) -> F64:
        """Return how far up the vertices must go until lips overlap, ``(V,)``; what overlaps more is left.

        Args:
            places: As in `gaps`.
            overlap: ``(K,)``; -inf: a station is left as it is.
        """
        held = places.copy()
        into_fields = self.into_fields(places).astype(np.float32)  # as a puppet keeps them
        for _ in range(_ROUNDS):
            held[:, 1] += closed_by(into_fields, self.gaps(held) + overlap) @ self.fields
        return np.asarray(held[:, 1] - places[:, 1])

    def folded(self, places: F64, marks: F64) -> F64:
        """Return how far up skin of closed lips must look for its colour, ``(V,)``: each lip shows its own.

        What lies beyond the line where they meet is hidden by the other lip, and comes into view when lips roll,
        purse and part. The picture has the other lip there: it goes on as in a mirror at the line.

        Args:
            places: As in `gaps`.
            marks: Landmarks in the same axes ``(478, 2)``.
        """
        line = np.array([[*(marks[upper] + marks[lower]) / 2] for upper, lower in LIPS] + [marks[78], marks[308]])
        line = line[np.argsort(line[:, 0])]
        within = self._lip_edge & (places[:, 0] > line[0, 0]) & (places[:, 0] < line[-1, 0])
        beyond = np.sign(self._side) * (np.interp(places[:, 0], line[:, 0], line[:, 1]) - places[:, 1])
        return np.where(within, np.sign(self._side) * 2 * np.maximum(beyond - _SHOWN_DM, 0), 0)

    def into_fields(self, places: F64) -> F64:
        """Return how strong each field must be for each gap that is to be closed ``(K, K)``; arguments as of `gaps`.

        What each field closes is tried out, and inverted with a ridge: close to a corner fields are much alike.
        """
        step = 0.02 * float(np.ptp(places[self.corners, 0]))
        before, closed = self.gaps(places), np.zeros((STATIONS, STATIONS))
        for number, field in enumerate(self.fields):
            moved = places.copy()
            moved[:, 1] += step * field
            closed[:, number] = (before - self.gaps(moved)) / step
        return np.asarray(np.linalg.solve(closed.T @ closed + _RIDGE * np.eye(STATIONS), closed.T), np.float64)


@njit(cache=True)
def closed_by(into_fields: F32, gaps: npt.NDArray[np.floating]) -> F64:
    """Return how strong the fields must be to close gaps; lips are never pulled apart, ``(K,)``.

    Args:
        into_fields: As of `LipSeal.into_fields`.
        gaps: ``(K,)``, those up to 0 need nothing.
    """
    wanted = np.maximum(gaps, 0.0)
    most, out = _MOST * wanted.max(), np.zeros(len(gaps))
    for i in range(len(out)):
        for k in range(len(wanted)):
            out[i] += into_fields[i, k] * wanted[k]
        out[i] = min(max(out[i], 0.0), most)
    return out


def at_stations(pairs: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Return what is known at the landmarks of `LIPS` ``(..., 9)`` at all stations ``(..., K)``."""
    return pairs[..., _NEAREST]


@njit(cache=True)
def lip_gaps(places: F64, upper: I32, lower: I32, stations: F64) -> F64:
    """Return how far the lowest of some triangles is above the highest of others at some places across, ``(K,)``.

    Args:
        places: ``(V, 2)`` across and up.
        upper: ``(A, 3)``.
        lower: ``(B, 3)``.
        stations: ``(K,)`` across; where nothing lies on one side, the gap is 0.
    """
    low, high = np.full(len(stations), np.inf), np.full(len(stations), -np.inf)
    for lip in range(2):
        triangles = lower if lip else upper
        for t in range(len(triangles)):
            for i in range(3):
                a, b = triangles[t, i], triangles[t, (i + 1) % 3]
                x, end, y = places[a, 0], places[b, 0], places[a, 1]
                for k in range(len(stations)):
                    if (x < stations[k]) != (end < stations[k]):
                        here = y + (places[b, 1] - y) * (stations[k] - x) / (end - x)
                        low[k] = low[k] if lip else min(low[k], here)
                        high[k] = max(high[k], here) if lip else high[k]
    return np.where(np.isfinite(low) & np.isfinite(high), low - high, 0.0)


def _arcs(vertices: F64, rim: I32) -> tuple[I32, I32]:
    """Split a loop of vertices at the corners of the mouth; upper and lower."""
    turned = np.roll(rim, -int(np.argmin(vertices[rim, 0])))
    end = int(np.argmax(vertices[turned, 0]))
    arcs = turned[: end + 1], np.append(turned[end:], turned[0])
    lower, upper = sorted(arcs, key=lambda arc: float(vertices[arc, 1].mean()))
    return upper, lower


def _edges(triangles: I32) -> I32:
    ends = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    return np.unique(np.sort(ends, axis=1), axis=0)


def _along_surface(vertices: F64, edges: I32, sources: I32) -> F64:
    """Distance of vertices from the sources along edges of the mesh (Bellman and Ford), ``(V,)``; inf: not joined."""
    out = np.full(len(vertices), np.inf)
    out[sources] = 0
    a, b = edges.T
    length = np.linalg.norm(vertices[a] - vertices[b], axis=1)
    while True:
        before = out.copy()
        np.minimum.at(out, a, before[b] + length)
        np.minimum.at(out, b, before[a] + length)
        if np.array_equal(out, before):
            return out


def _ease(t: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    t = np.clip(t, 0, 1)
    return np.asarray(t * t * (3 - 2 * t))
