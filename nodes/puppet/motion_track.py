"""The newest moments of a motion, steadied, and what lies between them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.one_euro import OneEuro
from vivant.nodes.formats.motion import FaceMotion
from vivant.nodes.formats.rotation import rotation_matrix, rotation_vector

F64 = npt.NDArray[np.float64]

SPEED_CUTOFF_HZ = 5.0
"""How the speed that opens the filter is steadied. The paper's 1 Hz answers a blink when it is over."""
EXPRESSION_BETA = 4.0
"""Hertz for each full weight per second: a blink moves at 10 to 20 of them."""
DETAIL_BETA = 40.0
"""Hertz for each decimetre, or width of the eye, per second: lips move at half of one."""
TURN_BETA = 30.0
"""Hertz for each radian per second; a quick turn of the head has 2."""
LONGEST_GAP_NS = 250_000_000
"""After a longer silence nothing is drawn between what was and what is: it begins anew."""
REMEMBERED = 30


@dataclass(frozen=True, slots=True, eq=False)
class _Moment:
    t_ns: int
    weights: F64
    turn: F64
    shift: F64
    details: F64 | None
    scores: F64 | None


class MotionTrack:
    """Holds what was captured last and answers what the motion was at a moment of the display.

    Expression and turn pass a 1 euro filter at their capture times. In between they are interpolated by capture
    time: the display asks for moments a little before the newest, so that there is something on both sides.
    """

    def __init__(self, min_cutoff_hz: float | None) -> None:
        """Begin with nothing.

        Args:
            min_cutoff_hz: What passes the filter where nothing moves; None: no filter.
        """
        self._filters: tuple[OneEuro, OneEuro, OneEuro, OneEuro] | None = None
        if min_cutoff_hz is not None:
            self._filters = (
                OneEuro(min_cutoff_hz, EXPRESSION_BETA, SPEED_CUTOFF_HZ),
                OneEuro(min_cutoff_hz, TURN_BETA, SPEED_CUTOFF_HZ),
                OneEuro(min_cutoff_hz, DETAIL_BETA, SPEED_CUTOFF_HZ),
                OneEuro(min_cutoff_hz, EXPRESSION_BETA, SPEED_CUTOFF_HZ),
            )
        self._moments: deque[_Moment] = deque(maxlen=3)
        self._delays: deque[int] = deque(maxlen=REMEMBERED)
        self._from_neutral = False

    def take(self, t_ns: int, motion: FaceMotion, now_ns: int) -> None:
        """Take in what was captured at `t_ns` and has come at `now_ns`."""
        last = self._moments[-1] if self._moments else None
        like_before = motion.from_neutral == self._from_neutral
        if last is not None and not (like_before and 0 < t_ns - last.t_ns <= LONGEST_GAP_NS):
            self.forget()
            last = None
        self._from_neutral = motion.from_neutral
        weights = motion.weights.astype(np.float64)
        turn = rotation_vector(motion.rotation.astype(np.float64))
        details = None if motion.details is None else motion.details.astype(np.float64)
        scores = None if motion.scores is None else motion.scores.astype(np.float64)
        if self._filters is not None:
            dt_s = 0.0 if last is None else (t_ns - last.t_ns) / 1e9
            of_weights, of_turn, of_details, of_scores = self._filters
            weights, turn = of_weights(weights, dt_s), of_turn(turn, dt_s)
            details, scores = _filtered(of_details, details, dt_s), _filtered(of_scores, scores, dt_s)
        self._moments.append(_Moment(t_ns, weights, turn, motion.translation.astype(np.float64), details, scores))
        self._delays.append(now_ns - t_ns)

    def forget(self) -> None:
        """Begin anew: what comes next has nothing to do with what was."""
        self._moments.clear()
        for steady in self._filters or ():
            steady.reset()

    def at(self, now_ns: int, share: float) -> FaceMotion:
        """Return the motion to be displayed.

        Args:
            now_ns: The display's moment.
            share: How far behind the newest moment it is asked for when that arrives, in intervals; 0: the newest
                itself, held until the next.

        Raises:
            IndexError: Nothing was taken in yet.
        """
        newest = self._moments[-1]
        if share > 0 and len(self._moments) > 1:
            interval_ns = newest.t_ns - self._moments[-2].t_ns
            asked_ns = now_ns - min(self._delays) - round(share * interval_ns)
            for before, after in zip(tuple(self._moments)[-2::-1], tuple(self._moments)[:0:-1], strict=True):
                if asked_ns < after.t_ns:
                    newest = _between(before, after, max(0.0, (asked_ns - before.t_ns) / (after.t_ns - before.t_ns)))
                if asked_ns >= before.t_ns:
                    break
        return FaceMotion(
            newest.weights.astype(np.float32),
            rotation_matrix(newest.turn).astype(np.float32),
            newest.shift.astype(np.float32),
            self._from_neutral,
            None if newest.details is None else newest.details.astype(np.float32),
            None if newest.scores is None else newest.scores.astype(np.float32),
        )


def _between(before: _Moment, after: _Moment, share: float) -> _Moment:
    # neighbours differ by a few degrees at most: there the straight line between rotation vectors is good enough
    weights, turn, shift = (
        a + share * (b - a)
        for a, b in ((before.weights, after.weights), (before.turn, after.turn), (before.shift, after.shift))
    )
    details, scores = (
        b if a is None or b is None else a + share * (b - a)
        for a, b in ((before.details, after.details), (before.scores, after.scores))
    )
    return _Moment(after.t_ns, weights, turn, shift, details, scores)


def _filtered(steady: OneEuro, value: F64 | None, dt_s: float) -> F64 | None:
    """What only some motion has; where it comes back the filter begins anew."""
    if value is None:
        steady.reset()
        return None
    return steady(value, dt_s)
