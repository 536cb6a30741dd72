"""A few lines of text as a picture."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

_PAD = 8
_GAP = 14
"""Between two columns."""
_SHADE = 150
"""How dark the ground is, 0 to 255: text is readable on any picture, and the picture is seen."""
_FEWEST_COLUMNS = 20


def text_picture(lines: Sequence[str], size: int = 15, width: int = 960) -> npt.NDArray[np.uint8]:
    """Write white text on a dark, half transparent ground.

    Args:
        lines: The text. Tabs separate columns, which stand below each other in neighbouring lines; a line without
            tabs that is too long goes on in the next.
        size: Height of the letters in pixels.
        width: The picture is no wider than this, in pixels.

    Returns:
        ``uint8 (height, width, 4)``, premultiplied alpha, row 0 on top.
    """
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(size)  # comes with Pillow: there is one everywhere
    room = max(1, width - 2 * _PAD)
    rows = [row for line in lines for row in _wrapped(line, room, font.getlength)] or [[""]]
    stops = _stops(rows, font.getlength)
    pieces = [[(stops[column] if len(row) > 1 else 0, text) for column, text in enumerate(row)] for row in rows]
    used = max(x + font.getlength(text) for row in pieces for x, text in row)
    height = size + size // 3
    ink = Image.new("L", (min(round(used), room) + 2 * _PAD, height * len(rows) + 2 * _PAD), 0)
    draw = ImageDraw.Draw(ink)
    for index, row in enumerate(pieces):
        for x, text in row:
            draw.text((_PAD + x, _PAD + height * index), text, fill=255, font=font)
    white = np.asarray(ink, np.uint8)
    alpha = np.maximum(white, np.uint8(_SHADE))
    return np.ascontiguousarray(np.dstack([white, white, white, alpha]))


def _wrapped(line: str, room: int, length: Callable[[str], float]) -> list[list[str]]:
    if "\t" in line:
        return [line.split("\t")]
    if length(line) <= room:
        return [[line]]
    columns = max(_FEWEST_COLUMNS, int(len(line) * room / length(line)) - 1)
    return [[part] for part in textwrap.wrap(line, columns, subsequent_indent="    ")] or [[""]]


def _stops(rows: Sequence[Sequence[str]], length: Callable[[str], float]) -> list[float]:
    """Return where each column begins, in pixels."""
    stops = [0.0]
    for column in range(max(len(row) for row in rows) - 1):
        widest = max((length(row[column]) for row in rows if len(row) > column + 1), default=0.0)
        stops.append(stops[-1] + widest + _GAP)
    return stops
