"""How a driver's head is turned, from two readings of it that err differently."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vivant.nodes.formats.head_angles import change_of_angles, head_angles, rotation_of

F64 = npt.NDArray[np.float64]

_SHARE = 0.5
"""Of the solver's turn in what is given; the rest is the tracker's. From twelve pictures whose heads were held still
the tracker read 0.28 of what the two differ by on their drivers, in the mean, -0.2 to 0.8: a picture would be read most
like its driver with that share, and its head move most like the driver's with one nearer to 1."""
_AS_TRACKED = np.array([1.0, 0.75, 1.0])
"""The tracker's pitch, yaw and roll for each radian of the solver's: 0.70 to 0.87 of yaw on four drivers, the less the
farther they turn."""


class HeadTurn:
    """Blends the tracker's turn with the solver's, at the tracker's level.

    The tracker fits a rigid mean face to its landmarks: a mouth that opens is read as a nod, by a degree or two. The
    solver knows the expression, and is misled by what it does not know of the face. So changes are taken from both. By
    how much the two differ throughout depends on whose face it is, and is taken from its first frames.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Another person comes."""
        self._seen = 0
        self._apart = np.zeros(3)

    def learn(self, tracked: F64, solved: F64) -> None:
        """Take one frame into the mean of how far the two are apart; arguments as of `blend`."""
        self._seen += 1
        self._apart += (_apart(tracked, solved) - self._apart) / self._seen

    def blend(self, tracked: F64, solved: F64) -> F64:
        """Return how the head is turned, head to camera ``(3, 3)``.

        Args:
            tracked: What the tracker says, ``(3, 3)``.
            solved: What the solver of the expression found, ``(3, 3)``.
        """
        return rotation_of(head_angles(tracked) + _SHARE * (_apart(tracked, solved) - self._apart))


def _apart(tracked: F64, solved: F64) -> F64:
    """From the tracker's pitch, yaw and roll to the solver's as the tracker would tell them, radians ``(3,)``."""
    as_tracked = rotation_of(_AS_TRACKED * head_angles(solved))
    return change_of_angles(tracked, as_tracked)
