"""When the render lane draws the next frame."""

from __future__ import annotations

import itertools
from collections import deque

STEP_NS = 1_000_000_000 // 60
"""Time between two frames where no display sets the rate."""
SOONEST_NS = STEP_NS // 2
"""How soon after a frame another one may begin for the sake of what has just come."""
GRACE_NS = 4_000_000
"""How much longer than its usual interval something new is waited for, at least."""
REMEMBERED = 3


class FramePacer:
    """Lets frames begin when something new has come, and in between at the rate of a display.

    On a fixed grid a new result would wait half a frame on average, and longest where the grid drifts against the
    camera: a frame drawn shortly before it comes holds it up by the whole drawing. So every frame that shows
    something new begins the grid anew, and one that would begin shortly before the next is expected, or would not be
    done well before, waits for it: where drawing is slow, frames in between take the time from tracking. For the
    same reason what is late is waited for as long as a frame takes; drawing meanwhile would make it later still.

    Attributes:
        soonest_ns: Before this no frame begins.
        due_ns: At this moment one begins, whether there is something new or not.
    """

    def __init__(self, begin_ns: int) -> None:
        """Begin with a frame at once.

        Args:
            begin_ns: The clock's time.
        """
        self.soonest_ns = self.due_ns = begin_ns
        self._arrivals: deque[int] = deque(maxlen=REMEMBERED + 1)
        self._took: deque[int] = deque(maxlen=REMEMBERED)

    def drawn(self, begin_ns: int, end_ns: int, arrived_ns: int | None, *, awaits: bool = False) -> None:
        """Take note of a frame.

        Args:
            begin_ns: When it was begun.
            end_ns: When it was done.
            arrived_ns: When that came which it shows for the first time; None: nothing had come.
            awaits: Whether other threads are at work on what is shown.
        """
        if arrived_ns is not None:
            self._arrivals.append(arrived_ns)
        grid_ns = self.due_ns if arrived_ns is None else begin_ns
        self.soonest_ns = max(begin_ns + SOONEST_NS, end_ns)
        self.due_ns = max(grid_ns + STEP_NS, end_ns)
        self._took.append(end_ns - begin_ns)
        # twice as long: what is drawn beside tracking takes longer than usual
        beside_ns = 2 * sorted(self._took)[len(self._took) // 2]
        expected_ns = self._expected_ns()
        if expected_ns is None:
            if awaits:  # the first results take longest: most of the time is left to them
                self.due_ns = max(self.due_ns, begin_ns + 3 * self._took[-1])
        elif -SOONEST_NS < expected_ns - self.due_ns < max(SOONEST_NS, beside_ns):
            self.due_ns = max(self.due_ns, expected_ns + max(GRACE_NS, beside_ns))

    def shown(self, end_ns: int) -> None:
        """Take note of a frame that the display itself, or slow drawing, has spent its time on: the next may begin."""
        self.soonest_ns = self.due_ns = end_ns

    def _expected_ns(self) -> int | None:
        if len(self._arrivals) <= REMEMBERED:
            return None
        moments = list(self._arrivals)
        intervals = sorted(b - a for a, b in itertools.pairwise(moments))
        return moments[-1] + intervals[REMEMBERED // 2]
