"""The anatomical head as fitted to one face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class HeadFit:
    """The head that explains one face, and where it stands in the picture.

    A vertex ``v`` of the head (decimetres, x to the head's left, y up, z forward) lies in picture space
    (1 unit = picture height, origin in the centre, y up, z toward the viewer) at
    ``scale * rotation @ v + translation``.

    Attributes:
        neutral: ``float32 (V, 3)`` this person's head without expression, decimetres.
        shape: ``float32 (S,)`` coefficients of the shape targets that made it.
        weights: ``float32 (52,)`` the expression that this face wears, `arkit.BLENDSHAPES` order.
        scale: Picture heights per decimetre.
        rotation: ``float32 (3, 3)`` head to picture space.
        translation: ``float32 (3,)`` picture space.
        points: ``float32 (478, 3)`` the landmarks that were fitted, in picture space.
        scores: ``float32 (52,)`` the tracker's own expression scores.
        tracker_rotation: ``float32 (3, 3)`` head to camera as the tracker's face geometry has it.
        size: Width and height of the picture in pixels.
        error: Median distance of landmarks to the fit, as a share of the face's width.
    """

    neutral: npt.NDArray[np.float32]
    shape: npt.NDArray[np.float32]
    weights: npt.NDArray[np.float32]
    scale: float
    rotation: npt.NDArray[np.float32]
    translation: npt.NDArray[np.float32]
    points: npt.NDArray[np.float32]
    scores: npt.NDArray[np.float32]
    tracker_rotation: npt.NDArray[np.float32]
    size: tuple[int, int]
    error: float

    def place(self, vertices: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Map head vertices ``(N, 3)`` in decimetres to picture space."""
        return (self.scale * vertices @ self.rotation.T + self.translation).astype(np.float32)
