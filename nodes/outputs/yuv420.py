"""From RGB to what video codecs take: luma, and blue and red chroma of half the size, after ITU-R BT.709."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import int32, njit, types, uint8, uint32, void

U8 = npt.NDArray[np.uint8]
U32 = npt.NDArray[np.uint32]
I32 = npt.NDArray[np.int32]

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


_LOW, _BOTH = np.uint32(255), np.uint32(0x00FF00FF)
_8, _16, _SIXTEEN = np.uint32(8), np.uint32(16), np.uint32(0xFFFF)
# Said in advance, so that it is compiled with the module: pictures may be read-only, which is a type of its own.
_ROWS, _PLANE = types.Array(uint32, 2, "C", readonly=True), types.Array(uint8, 2, "A")


@njit(void(_ROWS, types.Array(int32, 1, "C"), _PLANE, _PLANE, _PLANE), nogil=True, cache=True)
def _convert(rows: U32, order: I32, luma: U8, blue: U8, red: U8) -> None:
    """Convert rows two by two, chroma while they are still in the cache.

    A pixel is read as a word: its bytes one by one would be gathered. The order of rows is a table: counted backward,
    loops are not turned into vector instructions (twice the time).
    """
    for pair in range(len(order) // 2):
        for y in range(2 * pair, 2 * pair + 2):
            row, out = rows[order[y]], luma[y]
            for x in range(rows.shape[1]):
                word = row[x]
                r, g, b = np.int32(word & _LOW), np.int32((word >> _8) & _LOW), np.int32((word >> _16) & _LOW)
                out[x] = np.uint8((_LR * r + _LG * g + _LB * b + _Y_ZERO) >> _Y_SHIFT)
        first, second = rows[order[2 * pair]], rows[order[2 * pair + 1]]
        out_blue, out_red = blue[pair], red[pair]
        for x in range(rows.shape[1] // 2):
            w0, w1, w2, w3 = first[2 * x], first[2 * x + 1], second[2 * x], second[2 * x + 1]
            # red and blue are added at once: neither sum reaches the other
            both = (w0 & _BOTH) + (w1 & _BOTH) + (w2 & _BOTH) + (w3 & _BOTH)
            r, b = np.int32(both & _SIXTEEN), np.int32(both >> _16)
            g = np.int32(((w0 >> _8) & _LOW) + ((w1 >> _8) & _LOW) + ((w2 >> _8) & _LOW) + ((w3 >> _8) & _LOW))
            out_blue[x] = np.uint8((_UR * r + _UG * g + _UB * b + _C_ZERO) >> _C_SHIFT)
            out_red[x] = np.uint8((_VR * r + _VG * g + _VB * b + _C_ZERO) >> _C_SHIFT)


def to_yuv420(pixels: U8, luma: U8, blue: U8, red: U8, *, upside_down: bool = False) -> None:
    """Convert a picture; chroma is that of the mean of two by two pixels.

    In at most 0.4 of the time that FFmpeg's scaler takes, and within one level of it (725 x 725, measured).

    Args:
        pixels: ``uint8 (h, w, 3 or 4)`` sRGB, C-contiguous; a fourth component is left out.
        luma: ``uint8 (h', w')``, h' and w' even and at most one more than h and w: then the last row or column of the
            picture counts twice, which no decoder shows as a dark line. Written in place.
        blue: ``uint8 (h' / 2, w' / 2)``, in place.
        red: The same.
        upside_down: Row 0 of `pixels` is the picture's last.
    """
    height, width, components = pixels.shape
    if components == 3:
        import cv2

        pixels = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2RGBA), np.uint8)
    order = np.arange(height, dtype=np.int32)[:: -1 if upside_down else 1]
    order = np.append(order, order[-1:]) if height % 2 else np.ascontiguousarray(order)
    # "<": a word's lowest byte is the first component
    rows = np.require(pixels.view("<u4")[..., 0], requirements=("C", "A"))
    _convert(rows, order, luma, blue, red)
    if width % 2:
        last = np.repeat(rows[:, -1:], 2, axis=1)
        _convert(last, order, luma[:, width - 1 :], blue[:, width // 2 :], red[:, width // 2 :])
