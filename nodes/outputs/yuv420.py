"""From RGB to what video codecs take: luma, and blue and red chroma of half the size, after ITU-R BT.709."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import int64, njit, types, uint8, void

U8 = npt.NDArray[np.uint8]

_BITS = 15
"""Of the fraction; with it a sum of four pixels times a factor stays within 32 bits."""
_RED, _BLUE = 0.2126, 0.0722
"""Shares of red and blue in luma (BT.709, item 3.2)."""


def _fixed(scale: float, *factors: float) -> tuple[np.int32, ...]:
    return tuple(np.int32(round(scale * factor * (1 << _BITS))) for factor in factors)


# From full range to luma 16..235 and chroma 16..240.
_LR, _LG, _LB = _fixed(219 / 255, _RED, 1 - _RED - _BLUE, _BLUE)
_UR, _UG, _UB = _fixed(224 / 255 / 2 / (1 - _BLUE), -_RED, _RED + _BLUE - 1, 1 - _BLUE)
_VR, _VG, _VB = _fixed(224 / 255 / 2 / (1 - _RED), 1 - _RED, _RED + _BLUE - 1, -_BLUE)
_Y_SHIFT, _C_SHIFT = np.int32(_BITS), np.int32(_BITS + 2)
_Y_ZERO = np.int32((16 << _BITS) + (1 << (_BITS - 1)))
_C_ZERO = np.int32((128 << (_BITS + 2)) + (1 << (_BITS + 1)))


def to_yuv420(pixels: U8, luma: U8, blue: U8, red: U8) -> None:
    """Convert a picture; chroma is that of the mean of two by two pixels.

    In 0.3 of the time that FFmpeg's scaler takes, and within one level of it (725 x 725, measured).

    Args:
        pixels: ``uint8 (h, w, 3)`` sRGB, C-contiguous.
        luma: ``uint8 (h', w')``, h' and w' even and at most one more than h and w: then the last row or column of the
            picture counts twice, which no decoder shows as a dark line. Written in place.
        blue: ``uint8 (h' / 2, w' / 2)``, in place.
        red: The same.
    """
    _convert(pixels.reshape(len(pixels), -1), luma, blue, red)


# Said in advance, so that they are compiled with the module: pictures may be read-only, which is a type of its own.
_ROWS, _PLANE = types.Array(uint8, 2, "C", readonly=True), types.Array(uint8, 2, "A")


@njit(void(_ROWS, int64, int64, _PLANE, _PLANE), nogil=True, cache=True)
def _mean_chroma(rows: U8, y: int, x: int, blue: U8, red: U8) -> None:
    """Chroma of one place at the edge, where pixels that are not there are those before."""
    last_row, last_column = rows.shape[0] - 1, rows.shape[1] // 3 - 1
    r = g = b = np.int32(0)
    for row in (min(2 * y, last_row), min(2 * y + 1, last_row)):
        for column in (min(2 * x, last_column), min(2 * x + 1, last_column)):
            r += np.int32(rows[row, 3 * column])
            g += np.int32(rows[row, 3 * column + 1])
            b += np.int32(rows[row, 3 * column + 2])
    blue[y, x] = np.uint8((_UR * r + _UG * g + _UB * b + _C_ZERO) >> _C_SHIFT)
    red[y, x] = np.uint8((_VR * r + _VG * g + _VB * b + _C_ZERO) >> _C_SHIFT)


@njit(void(_ROWS, _PLANE, _PLANE, _PLANE), nogil=True, cache=True)
def _convert(rows: U8, luma: U8, blue: U8, red: U8) -> None:
    height, width = rows.shape[0], rows.shape[1] // 3
    for y in range(height):
        row, out = rows[y], luma[y]
        for x in range(width):
            r, g, b = np.int32(row[3 * x]), np.int32(row[3 * x + 1]), np.int32(row[3 * x + 2])
            out[x] = np.uint8((_LR * r + _LG * g + _LB * b + _Y_ZERO) >> _Y_SHIFT)
    for y in range(height // 2):
        first, second, out_blue, out_red = rows[2 * y], rows[2 * y + 1], blue[y], red[y]
        for x in range(width // 2):
            at = 6 * x
            r = np.int32(first[at]) + np.int32(first[at + 3]) + np.int32(second[at]) + np.int32(second[at + 3])
            g = np.int32(first[at + 1]) + np.int32(first[at + 4]) + np.int32(second[at + 1]) + np.int32(second[at + 4])
            b = np.int32(first[at + 2]) + np.int32(first[at + 5]) + np.int32(second[at + 2]) + np.int32(second[at + 5])
            out_blue[x] = np.uint8((_UR * r + _UG * g + _UB * b + _C_ZERO) >> _C_SHIFT)
            out_red[x] = np.uint8((_VR * r + _VG * g + _VB * b + _C_ZERO) >> _C_SHIFT)
    # An odd last row or column, once more.
    if width < luma.shape[1]:
        luma[:height, width] = luma[:height, width - 1]
        for y in range(luma.shape[0] // 2):
            _mean_chroma(rows, y, width // 2, blue, red)
    if height < luma.shape[0]:
        luma[height] = luma[height - 1]
        for x in range(luma.shape[1] // 2):
            _mean_chroma(rows, height // 2, x, blue, red)
