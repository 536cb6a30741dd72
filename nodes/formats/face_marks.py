"""A face that somebody pointed out in a picture, for pictures in which no tracker finds one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class FaceMarks:
    """Points of one face, in pixels of the picture that carries them: x to the right, y down.

    Either `landmarks` is given, or `points` hold at least what `nodes.face.named_points` requires.

    Attributes:
        points: Place ``(x, y)`` of each named point.
        landmarks: ``float32 (478, 2)`` or ``(478, 3)`` in MediaPipe's order, z on the scale of x and smaller when
            nearer; or None.
        expression: What the face wears, by ARKit name in [0, 1]; what is missing is estimated.
    """

    points: Mapping[str, tuple[float, float]]
    landmarks: npt.NDArray[np.float32] | None
    expression: Mapping[str, float]

    def scaled(self, x: float, y: float) -> FaceMarks:
        """Return the marks for a picture that was resized by `x` and `y`."""
        landmarks = self.landmarks
        if landmarks is not None:
            factors = np.array([x, y, x], np.float32)[: landmarks.shape[1]]
            landmarks = np.asarray(landmarks * factors, np.float32)
        points = {name: (place[0] * x, place[1] * y) for name, place in self.points.items()}
        return replace(self, points=points, landmarks=landmarks)
