"""What a tracker reads off a face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LANDMARK_COUNT = 478


@dataclass(frozen=True, slots=True, eq=False)
class FaceReading:
    """One face in one picture.

    Attributes:
        points: ``float32 (478, 3)`` landmarks in MediaPipe's order, in pixels: x to the right, y down,
            z on the scale of x, smaller is nearer.
        size: Width and height of the picture in pixels.
        scores: ``float32 (52,)`` the tracker's own blendshape scores in `arkit.BLENDSHAPES` order, in [0, 1];
            tongueOut, which the tracker does not know, is 0.
        transform: ``float32 (4, 4)`` head to camera: rotation times a uniform scale, translation in
            centimetres, right-handed, y up, the camera looks along -z.
        identity: Number of the face among those of a stream: another person has another. 0: nobody keeps count.
    """

    points: npt.NDArray[np.float32]
    size: tuple[int, int]
    scores: npt.NDArray[np.float32]
    transform: npt.NDArray[np.float32]
    identity: int = 0
