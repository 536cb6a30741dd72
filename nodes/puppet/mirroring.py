"""Left and right exchanged, as in a mirror."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.details import MIRRORED
from vivant.nodes.formats.arkit import BLENDSHAPES, INDEX


def _partner(name: str) -> str:
    if name.endswith("Left"):
        return name[:-4] + "Right"
    if name.endswith("Right"):
        return name[:-5] + "Left"
    return name


def mirrored_weights(weights: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Exchange left and right of expression weights ``(52,)``."""
    return weights[[INDEX[_partner(name)] for name in BLENDSHAPES]]


def mirrored_details(details: npt.NDArray[np.float32] | None) -> npt.NDArray[np.float32] | None:
    """Exchange left and right of `FaceMotion.details`."""
    return None if details is None else details[MIRRORED] * np.array([-1, 1], np.float32)


def mirrored_rotation_vector(vector: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Mirror a rotation vector at the plane x = 0: nodding stays, turning and tilting change sides."""
    return np.asarray(vector * np.array([1.0, -1.0, -1.0]))
