"""What must stand in the environment before any of the large libraries is imported."""

from __future__ import annotations

import os

SETTINGS = {
    "ORT_DISABLE_TELEMETRY": "1",  # ONNX Runtime would look up its maker's server
    "OPENBLAS_NUM_THREADS": "1",  # small products stall at random when their threads fight for few cores
    "OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS": "0",  # else a camera takes half a minute to open on Windows
    "GLOG_minloglevel": "3",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}


def prepare_environment() -> None:
    """Set what is not yet set; to be called before numpy, OpenCV and the inference libraries are imported."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
