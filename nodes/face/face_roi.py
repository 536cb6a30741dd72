"""The turned square of a picture in which a face is looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.landmark_sets import EYE_CORNERS

U8 = npt.NDArray[np.uint8]
F64 = npt.NDArray[np.float64]

_MARGIN = 1.5
"""The square's side over the longer side of the face's box, as the landmark network was trained."""

_NEAR, _NEAR_RAD = 0.15, 0.35
"""How far two squares of the same face may lie apart, in sides and radians, that one half-way says where it is."""


@dataclass(frozen=True, slots=True)
class FaceRoi:
    """A square.

    Attributes:
        x: Its centre in pixels, to the right.
        y: Down.
        side: In pixels.
        angle: How far it is turned, clockwise as seen, in radians: the eyes lie level in it.
    """

    x: float
    y: float
    side: float
    angle: float

    @classmethod
    def around(cls, low: F64, high: F64, right_eye: F64, left_eye: F64) -> FaceRoi:
        """Return the square for a face.

        Args:
            low: Left and top of the box around it.
            high: Right and bottom.
            right_eye: The person's right eye ``(x, y)``: on the left in the picture.
            left_eye: The other.
        """
        along = left_eye - right_eye
        centre = (low + high) / 2
        side = _MARGIN * float((high - low).max())
        return cls(float(centre[0]), float(centre[1]), side, float(np.arctan2(along[1], along[0])))

    @classmethod
    def around_landmarks(cls, points: npt.NDArray[np.floating]) -> FaceRoi:
        """Return the square for landmarks ``(478, 2 or 3)``: the next frame is looked at there."""
        flat = points[:, :2].astype(np.float64)
        eyes = flat[EYE_CORNERS["Right"][0]], flat[EYE_CORNERS["Left"][1]]
        return cls.around(flat.min(axis=0), flat.max(axis=0), *eyes)

    def between(self, other: FaceRoi) -> FaceRoi | None:
        """Return the square half-way to another one, None where they are too far apart for the same face."""
        x, y, side = (self.x + other.x) / 2, (self.y + other.y) / 2, (self.side + other.side) / 2
        turned = np.remainder(other.angle - self.angle + np.pi, 2 * np.pi) - np.pi
        moved = np.hypot(other.x - self.x, other.y - self.y)
        if max(moved, abs(other.side - self.side)) > _NEAR * side or abs(turned) > _NEAR_RAD:
            return None
        return FaceRoi(x, y, side, float(self.angle + turned / 2))

    def to_picture(self, pixels: int) -> F64:
        """Return the map ``(2, 3)`` from the square, `pixels` wide, to the picture."""
        scale = self.side / pixels
        cos, sin = scale * np.cos(self.angle), scale * np.sin(self.angle)
        half = pixels / 2
        return np.array([[cos, -sin, self.x - half * (cos - sin)], [sin, cos, self.y - half * (sin + cos)]])

    def cut(self, picture: U8, pixels: int, *, black_outside: bool = False) -> U8:
        """Return the square as ``uint8 (pixels, pixels, 3)``.

        Args:
            picture: ``uint8 (h, w, 3)``.
            pixels: Side of what is returned.
            black_outside: What lies outside the picture is black; else the edge is repeated.
        """
        import cv2

        border = cv2.BORDER_CONSTANT if black_outside else cv2.BORDER_REPLICATE
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(
            cv2.warpAffine(picture, self.to_picture(pixels), (pixels, pixels), flags=flags, borderMode=border), np.uint8
        )
