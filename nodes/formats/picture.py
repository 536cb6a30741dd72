"""Pictures on the CPU."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vivant.nodes.formats.face_marks import FaceMarks


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture.

    Attributes:
        pixels: ``uint8 (height, width, 3)`` RGB or ``(height, width, 4)`` RGBA with straight alpha, sRGB,
            row 0 on top, C-contiguous, read-only.
        marks: The face that somebody pointed out in it, in its pixels; None: it has to be looked for.
    """

    pixels: npt.NDArray[np.uint8]
    marks: FaceMarks | None = None

    def __post_init__(self) -> None:
        p = self.pixels
        if p.dtype != np.uint8 or p.ndim != 3 or p.shape[2] not in (3, 4) or not p.flags.c_contiguous:
            raise ValueError(f"a picture is contiguous uint8 (height, width, 3 or 4), got {p.dtype} {p.shape}")
        p.flags.writeable = False

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.pixels.shape[0])

    @property
    def rgb(self) -> npt.NDArray[np.uint8]:
        """The colours without alpha, ``uint8 (height, width, 3)``, C-contiguous."""
        return self.pixels if self.pixels.shape[2] == 3 else np.ascontiguousarray(self.pixels[..., :3])

    def rgb_over(self, shade: int) -> npt.NDArray[np.uint8]:
        """Return the colours laid on a grey of this value, ``uint8 (height, width, 3)``, C-contiguous."""
        if self.pixels.shape[2] == 3:
            return self.pixels
        opacity = self.pixels[..., 3:].astype(np.float32) / np.float32(255)
        laid = np.rint(shade + opacity * (self.pixels[..., :3].astype(np.float32) - shade))
        return np.ascontiguousarray(laid, np.uint8)
