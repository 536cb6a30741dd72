"""Pixels as the bytes of a PNG file."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt


def png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Return a PNG file of ``uint8 (h, w, 4)``; without alpha where nothing is transparent."""
    from PIL import Image

    opaque = bool((pixels[..., 3] == 255).all())
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels[..., :3] if opaque else pixels)).save(file, "PNG", optimize=True)
    return file.getvalue()
