"""Which formats a camera offers, asked of Linux's driver.

Source: the kernel's Video4Linux documentation, VIDIOC_ENUM_FMT, VIDIOC_ENUM_FRAMESIZES, VIDIOC_ENUM_FRAMEINTERVALS,
and ``videodev2.h`` for the numbers.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

Ioctl = Callable[[int, int, bytearray], object]
"""As ``fcntl.ioctl`` with a buffer that it fills; raises OSError when there is no such entry."""

_CAPTURE, _DISCRETE = 1, 1
# request: its number, its structure without the reserved end, the size of the whole
_ENUM_FMT = (0xC0405602, struct.Struct("<3I32sI"), 64)
_ENUM_SIZES = (0xC02C564A, struct.Struct("<9I"), 44)
_ENUM_INTERVALS = (0xC034564B, struct.Struct("<11I"), 52)
_MOST = 64
"""Entries of one list; a driver that never ends its list is broken."""


@dataclass(frozen=True)
class CameraFormat:
    """One way in which a camera gives frames.

    Attributes:
        code: Four letters: MJPG, YUYV, ...
        width: Pixels; the largest where any size is possible.
        height: Pixels.
        rate_hz: The highest rate at this size; 0 where the driver does not tell.
    """

    code: str
    width: int
    height: int
    rate_hz: float

    def __str__(self) -> str:
        rate = f" at {self.rate_hz:g} Hz" if self.rate_hz else ""
        return f"{self.code} {self.width} x {self.height}{rate}"


def camera_formats(device: Path, ioctl: Ioctl | None = None) -> list[CameraFormat]:
    """Return the formats of a camera, as its driver orders them; none where it cannot be asked."""
    if ioctl is None:
        try:
            import fcntl
        except ImportError:
            return []  # no such system
        ioctl = fcntl.ioctl
    try:
        # not the picture, only the driver is asked: this works while another program has the camera
        file = os.open(device, os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        return []
    try:
        return [
            CameraFormat(code.to_bytes(4, "little").decode("ascii", "replace").strip(), width, height, rate)
            for code in _codes(file, ioctl)
            for width, height in _sizes(file, ioctl, code)
            for rate in [_rate_hz(file, ioctl, code, width, height)]
        ]
    finally:
        os.close(file)


def _codes(file: int, ioctl: Ioctl) -> Iterator[int]:
    for index in range(_MOST):
        answer = _ask(file, ioctl, _ENUM_FMT, (index, _CAPTURE, 0, b"", 0))
        if answer is None:
            return
        yield answer[4]


def _sizes(file: int, ioctl: Ioctl, code: int) -> Iterator[tuple[int, int]]:
    for index in range(_MOST):
        answer = _ask(file, ioctl, _ENUM_SIZES, (index, code, *[0] * 7))
        if answer is None:
            return
        if answer[2] != _DISCRETE:
            yield answer[4], answer[7]  # smallest, largest and step of the width, then of the height
            return
        yield answer[3], answer[4]


def _rate_hz(file: int, ioctl: Ioctl, code: int, width: int, height: int) -> float:
    best = 0.0
    for index in range(_MOST):
        answer = _ask(file, ioctl, _ENUM_INTERVALS, (index, code, width, height, *[0] * 7))
        if answer is None:
            break
        seconds, parts = answer[5], answer[6]  # the shortest comes first where any is possible
        best = max(best, parts / seconds if seconds else 0.0)
        if answer[4] != _DISCRETE:
            break
    return round(best, 2)


def _ask(
    file: int, ioctl: Ioctl, request: tuple[int, struct.Struct, int], values: tuple[int | bytes, ...]
) -> tuple[int, ...] | None:
    number, layout, size = request
    buffer = bytearray(size)
    layout.pack_into(buffer, 0, *values)
    try:
        ioctl(file, number, buffer)
    except OSError:
        return None
    return layout.unpack_from(buffer)
