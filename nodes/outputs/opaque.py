"""Pictures without transparency, for files that cannot hold any."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def over_black(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Lay a picture on black.

    Args:
        pixels: ``uint8 (h, w, 4)``, straight alpha.

    Returns:
        ``uint8 (h, w, 3)``, rounded to nearest.
    """
    product = pixels[..., :3].astype(np.uint16) * pixels[..., 3:]
    # Exact rounded division by 255 without leaving 16 bits (Jim Blinn, "Three Wrongs Make a Right", 1995)
    product += 128
    return ((product + (product >> 8)) >> 8).astype(np.uint8)
