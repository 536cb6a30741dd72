"""Which libraries would report usage to their makers, and what keeps them from it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib import metadata

from vivant.runtime.environment import SETTINGS

SILENT_MEDIAPIPE = ((0, 10, 31), (0, 10, 34))
"""From the first to before the second: these versions make no connection (watched with strace)."""
ONNX_SETTING = "ORT_DISABLE_TELEMETRY"


@dataclass(frozen=True)
class Telemetry:
    """What one library does.

    Attributes:
        module: Its module.
        silent: Whether it is known to send nothing.
        told: What keeps it from sending, or what to do.
    """

    module: str
    silent: bool
    told: str


def telemetry() -> tuple[Telemetry, ...]:
    """Return what is known of the libraries that have telemetry, as this process is set up."""
    version = _version("mediapipe")
    first, after = SILENT_MEDIAPIPE
    silent = first <= version < after
    setting = os.environ.get(ONNX_SETTING)
    off = setting == SETTINGS[ONNX_SETTING]
    return (
        Telemetry(
            "mediapipe",
            silent,
            "MediaPipe: this version sends nothing"
            if silent
            else "MediaPipe: this version MAY REPORT USAGE, no option stops it; install mediapipe>=0.10.31,<0.10.34",
        ),
        Telemetry(
            "onnxruntime",
            off,
            f"ONNX Runtime: switched off by {ONNX_SETTING}=1"
            if off
            else f"ONNX Runtime: MAY REPORT USAGE, {ONNX_SETTING} is {setting!r} and should be '1'",
        ),
    )


def loud_libraries() -> list[str]:
    """Return what there is to say of libraries that are loaded and may report usage."""
    return [library.told for library in telemetry() if not library.silent and library.module in sys.modules]


def _version(distribution: str) -> tuple[int, ...]:
    try:
        version = metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return (0,)
    return tuple(int(part) for part in version.split(".")[:3] if part.isdigit())
