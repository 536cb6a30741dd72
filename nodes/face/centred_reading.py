"""Steadies the readings of a recording from both sides: what comes later is known, so nothing lags."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.nearest_rotation import nearest_rotation
from vivant.nodes.formats.arkit import BLENDSHAPES
from vivant.nodes.formats.face import LANDMARK_COUNT, FaceReading
from vivant.nodes.formats.rotation import rotation_matrix, rotation_vectors

F64 = npt.NDArray[np.float64]

BEFORE, AFTER = 8, 4
"""How many readings before and after one are looked at. Those after are waited for: by a recording's first frame, and
where its last ones are drawn with nothing more to read. Of eight of them the narrow curve gains nothing, the wide one 5
percent of a noise that it takes down to 0.45 (at 25 to 30 frames per second, by the sum of squared shares)."""
_SPREAD_S = 0.035
"""Standard deviation of the Gauss curve by which neighbours count. On four drivers scores so steadied correlate at
0.998 with single readings of the same frames and landmarks have 0.5 to 0.7 times their second differences; steadied
from before alone (`SteadyReading`) that is 0.995 and 0.7 to 0.9. Wider ones cost quick lips."""
_CALM_SPREAD_S, _TURN_STEP = 0.09, np.radians(1.5)
"""The turn's, where both curves say the same; where they differ by the step or more, it is the narrow one's."""
_SPREADS_S = np.array([_SPREAD_S, _CALM_SPREAD_S])
_LONGEST_GAP_S = 0.25
_RIDGE = 1e-9
"""Of slope and curvature, should values lie at one time."""
_TURN = 9
_COLUMNS = 3 * LANDMARK_COUNT + len(BLENDSHAPES) + _TURN
"""What is steadied of a face: its points, scores and turn."""


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """What was read of one frame: its time, its number, and the face or None."""

    t_ns: int
    seq: int
    face: FaceReading | None


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    """A reading with what is asked of it again and again: how the head is turned ``(3, 3)``, and its scale."""

    read: Read
    turn: F64
    size: float


class _Rows:
    """The last rows of numbers, in their order and without being copied: each is written twice, a length apart."""

    def __init__(self, most: int, columns: int) -> None:
        self._most = most
        self._both = np.zeros((2 * most, columns))
        self._written = 0

    def add(self, *parts: npt.NDArray[np.floating]) -> None:
        """Write one more row, in place of the oldest; no parts: zeros."""
        place, first = self._written % self._most, 0
        row = self._both[place]
        row[:] = 0
        for part in parts:
            row[first : first + part.size] = part.reshape(-1)
            first += part.size
        self._both[place + self._most] = row
        self._written += 1

    def last(self, count: int) -> F64:
        """Return the last rows, the newest at the end ``(count, columns)``; not to be kept."""
        end = (self._written - 1) % self._most + self._most + 1
        return self._both[end - count : end]


class CentredReading:
    """A parabola through each reading and its neighbours, by weighted least squares; its middle is what is given.

    Savitzky and Golay, "Smoothing and Differentiation of Data by Simplified Least Squares Procedures", 1964, with
    weights that fall with the distance in time. A parabola keeps the height of a peak, such as a blink, where a mean
    would lower it. Neighbours are those of the same person without a gap between.
    """

    def __init__(self) -> None:
        self._window: deque[_Held] = deque(maxlen=BEFORE + 1 + AFTER)
        self._rows = _Rows(BEFORE + 1 + AFTER, _COLUMNS)
        self._waiting = 0

    def step(self, read: Read) -> Read | None:
        """Take one reading in; return the one of `AFTER` frames ago, None until there is one."""
        held = _held(read)
        self._window.append(held)
        if read.face is None:
            self._rows.add()
        else:
            self._rows.add(read.face.points, read.face.scores, held.turn)
        self._waiting += 1
        return self._answer() if self._waiting > AFTER else None

    def rest(self) -> Iterator[Read]:
        """Give those of the last frames, when nothing more comes."""
        while self._waiting:
            yield self._answer()

    def _answer(self) -> Read:
        place = len(self._window) - self._waiting
        self._waiting -= 1
        held = self._window[place]
        read = held.read
        if read.face is None:
            return read
        before, after = place, place
        while before > max(0, place - BEFORE) and _follows(self._window[before - 1], self._window[before]):
            before -= 1
        while after < len(self._window) - 1 and _follows(self._window[after], self._window[after + 1]):
            after += 1
        times_ns = tuple(self._window[n].read.t_ns - read.t_ns for n in range(before, after + 1))
        rows = self._rows.last(len(self._window) - before)[: len(times_ns)]
        return dataclasses.replace(read, face=_steadied(held, rows, *_shares_at(times_ns)))


def shares(times: F64, spreads: F64) -> F64:
    """Return by how much each value counts in the parabola's value at 0 ``(S, N)``; each row sums to 1.

    Args:
        times: Of the values ``(N,)``, 0 among them.
        spreads: Standard deviations of the weights, in the unit of `times`: a parabola for each ``(S,)``.
    """
    relative = times / spreads[:, None]
    weights = np.exp(-0.5 * relative * relative)
    powers = np.stack([np.ones_like(relative), relative, relative * relative][: len(times)], axis=1)
    weighted = powers * weights[:, None]
    order = powers.shape[1]
    gram = weighted @ powers.transpose(0, 2, 1) + _RIDGE * np.diag([0.0, 1.0, 1.0][:order])
    # of the inverse only the first row counts: that of the value at 0
    first = np.linalg.solve(gram, np.broadcast_to(np.eye(order)[:, :1], (len(spreads), order, 1)))
    return np.asarray((weighted * first).sum(axis=1), np.float64)


@lru_cache(maxsize=64)
def _shares_at(times_ns: tuple[int, ...]) -> F64:
    """`shares` of both curves. Frames of a recording come at an even rate: the same times come again and again."""
    found = shares(np.array(times_ns) / 1e9, _SPREADS_S)
    found.flags.writeable = False
    return found


def _follows(before: _Held, after: _Held) -> bool:
    """Whether two readings are of the same person's face, one soon after the other."""
    first, second = before.read.face, after.read.face
    if first is None or second is None or first.identity != second.identity:
        return False
    return 0 < after.read.t_ns - before.read.t_ns <= _LONGEST_GAP_S * 1e9


def _steadied(held: _Held, rows: F64, share: F64, calm_share: F64) -> FaceReading:
    face, own, size = held.read.face, held.turn, held.size
    assert face is not None
    turns = rotation_vectors(rows[:, -_TURN:].reshape(-1, 3, 3) @ own.T)
    turn, calm_turn = share @ turns, calm_share @ turns
    moved = min(1.0, float(np.sum((turn - calm_turn) ** 2)) / _TURN_STEP**2)  # squared: noise opens it hardly
    transform = face.transform.copy()
    transform[:3, :3] = size * rotation_matrix(calm_turn + moved * (turn - calm_turn)) @ own
    row = share @ rows[:, :-_TURN]
    count = face.points.size
    points, scores = row[:count].reshape(face.points.shape), row[count:].clip(0, 1)
    return dataclasses.replace(
        face, points=points.astype(np.float32), scores=scores.astype(np.float32), transform=transform
    )


def _held(read: Read) -> _Held:
    face = read.face
    if face is None:
        return _Held(read, np.eye(3), 1.0)
    rotation, trace = nearest_rotation(face.transform[:3, :3].astype(np.float64))
    return _Held(read, rotation, trace / 3)
