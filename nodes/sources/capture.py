"""The capture device behind a camera: what is used of OpenCV's, and how one is connected."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any, Protocol


class Capture(Protocol):
    """The part of ``cv2.VideoCapture`` that a camera needs; tests bring their own."""

    def isOpened(self) -> bool: ...  # noqa: N802, D102 - OpenCV's name
    def grab(self) -> bool: ...  # noqa: D102
    def retrieve(self) -> tuple[bool, Any]: ...  # noqa: D102
    def get(self, propId: int, /) -> float: ...  # noqa: N803, D102
    def set(self, propId: int, value: float, /) -> bool: ...  # noqa: N803, D102
    def release(self) -> None: ...  # noqa: D102


Connect = Callable[[int | str], Capture]


def connect(device: int | str) -> Capture:
    """Open a camera with OpenCV, silently.

    Args:
        device: Its number, its path (``/dev/video2``), or an address that OpenCV understands.

    Returns:
        A capture; ``isOpened`` tells whether that went well.
    """
    # Read when Media Foundation starts: with its hardware transforms some cameras take 30 s to open.
    os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")
    import cv2

    local = isinstance(device, int) or device.startswith("/dev/")
    backend = cv2.CAP_V4L2 if sys.platform == "linux" and local else cv2.CAP_ANY
    # What is wrong is said in words of our own; OpenCV would add lines for each backend it tried.
    log = cv2.utils.logging
    level = log.getLogLevel()
    log.setLogLevel(log.LOG_LEVEL_SILENT)
    try:
        capture: Capture = cv2.VideoCapture(device, backend)
    finally:
        log.setLogLevel(level)
    return capture
