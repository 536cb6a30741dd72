"""Which libraries would report usage to their makers, and what keeps them from it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from vivant.runtime.environment import SETTINGS

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
    """Return what is known of the libraries that have telemetry or are suspected of it, as this process is set up."""
    setting = os.environ.get(ONNX_SETTING)
    off = setting == SETTINGS[ONNX_SETTING]
    return (
        # Its makers' MediaPipe does report, from 0.10.34 on; of this not one connection was seen with strace.
        Telemetry("ai_edge_litert", True, "LiteRT: has none"),
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
