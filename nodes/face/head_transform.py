"""Where a head is and how it is turned, from its landmarks: MediaPipe's face geometry."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.face_bundle import FaceBundle
from vivant.nodes.face.nearest_rotation import nearest_rotation

F64 = npt.NDArray[np.float64]

_FIELD_OF_VIEW = np.radians(63.0)
"""Vertical; what MediaPipe assumes of any camera."""
_FLIP = np.array([1.0, 1.0, -1.0])


class HeadTransform:
    """Lays a mean face upon landmarks with rotation, scale and translation, by weighted Procrustes analysis.

    Landmarks have x and y of the picture and a depth of unknown scale. The scale is estimated from the shape as it
    stands in the picture, again from the shape taken out of the perspective with it, and both together give the
    landmarks in centimetres. The conventions are those of MediaPipe's module `face_geometry`, so that its transforms
    and these are the same numbers; the rotation is Schönemann's (1966), "A generalized solution of the orthogonal
    Procrustes problem".

    Args:
        bundle: Its mean face and weights are used.
    """

    def __init__(self, bundle: FaceBundle) -> None:
        self._used = np.flatnonzero(bundle.weights > 0)
        self._count = len(bundle.canonical)
        self._weights = bundle.weights[self._used] / bundle.weights.sum()
        canonical = bundle.canonical[self._used]
        self._centre = self._weights @ canonical
        self._centred = canonical - self._centre
        self._weighted = self._centred * self._weights[:, None]
        self._spread = float((self._weighted * self._centred).sum())
        nearest_rotation(np.eye(3))  # compiled, or loaded, here: the first frame does not wait for it

    def solve(self, points: npt.NDArray[np.floating], size: tuple[int, int]) -> npt.NDArray[np.float32]:
        """Return the transform from head to camera.

        Args:
            points: ``(478, 3)`` landmarks in pixels, as `FaceReading.points`.
            size: Width and height of the picture in pixels.

        Returns:
            ``float32 (4, 4)`` as `FaceReading.transform`.
        """
        width, height = size
        # Onto a plane at distance 1 before the camera, y up.
        to_plane = 2 * np.tan(_FIELD_OF_VIEW / 2) / height
        depth = points[: self._count, 2].astype(np.float64) * to_plane
        used = points[self._used].astype(np.float64)
        plane = np.stack(
            [(used[:, 0] - width / 2) * to_plane, (height / 2 - used[:, 1]) * to_plane, depth[self._used]], axis=1
        )
        from_middle = 1 - depth.mean()

        def metric(scale: float) -> F64:
            far = (plane[:, 2] + from_middle) / scale
            return np.stack([plane[:, 0] * far, plane[:, 1] * far, -far], axis=1)

        scale = self._align(plane * _FLIP)[1]
        scale *= self._align(metric(scale))[1]
        target = metric(scale)
        rotation, final = self._align(target)
        transform = np.eye(4, dtype=np.float32)
        transform[:3, :3] = final * rotation
        transform[:3, 3] = self._weights @ target - final * rotation @ self._centre
        return transform

    def _align(self, target: F64) -> tuple[F64, float]:
        """Return the rotation ``(3, 3)`` and the scale that bring the mean face nearest to `target`."""
        covariance = target.T @ self._weighted
        rotation, along = nearest_rotation(covariance)
        return rotation, along / self._spread
