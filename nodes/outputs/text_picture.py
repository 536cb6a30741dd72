"""A few lines of text as a picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_PAD = 8
_SHADE = 150
"""How dark the ground is, 0 to 255: text is readable on any picture, and the picture is seen."""
_MOST_COLUMNS = 120


def text_picture(lines: Sequence[str], size: int = 15) -> npt.NDArray[np.uint8]:
    """Write white text on a dark, half transparent ground.

    Args:
        lines: The text; a line that is too long is cut off.
        size: Height of the letters in pixels.

    Returns:
        ``uint8 (height, width, 4)``, premultiplied alpha, row 0 on top.
    """
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(size)  # comes with Pillow: there is one everywhere
    shown = [line if len(line) <= _MOST_COLUMNS else f"{line[: _MOST_COLUMNS - 1]}…" for line in lines] or [""]
    row = size + size // 3
    width = max(1, *(round(font.getlength(line)) for line in shown)) + 2 * _PAD
    ink = Image.new("L", (width, row * len(shown) + 2 * _PAD), 0)
    draw = ImageDraw.Draw(ink)
    for index, line in enumerate(shown):
        draw.text((_PAD, _PAD + row * index), line, fill=255, font=font)
    white = np.asarray(ink, np.uint8)
    alpha = np.maximum(white, np.uint8(_SHADE))
    return np.ascontiguousarray(np.dstack([white, white, white, alpha]))
