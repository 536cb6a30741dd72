"""What must stand in the environment before any of the large libraries is imported."""

from __future__ import annotations

import ctypes
import os
import sys

SETTINGS = {
    "ORT_DISABLE_TELEMETRY": "1",  # ONNX Runtime would look up its maker's server
    "OPENBLAS_NUM_THREADS": "1",  # small products stall at random when their threads fight for few cores
    "OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS": "0",  # else a camera takes half a minute to open on Windows
}
FEW_CORES = 2
"""With so many, software OpenGL draws on the thread that asks for it: threads of its own only push tracking and
encoding aside (`vivant bench animate` 0.61 against 0.57 of its reference on two cores, measured in turns). OpenCV's
threads look for work in a circle for a while after each call, which costs 4 % of a run there."""
ARENAS = 2
_M_ARENA_MAX = -8  # malloc.h of glibc


def prepare_environment() -> None:
    """Set what is not yet set; to be called before numpy, OpenCV and the inference libraries are imported."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    if cores() <= FEW_CORES:
        os.environ.setdefault("LP_NUM_THREADS", "0")
        os.environ.setdefault("OPENCV_FOR_THREADS_NUM", "1")
    if sys.platform == "linux" and "MALLOC_ARENA_MAX" not in os.environ:
        _take_few_arenas()


def cores() -> int:
    """How many the process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _take_few_arenas() -> None:
    """Have glibc share its memory among threads.

    It gives threads heaps of their own, up to eight per core, and what is freed in one is not used by another: every
    tracker that is opened anew, on whatever thread, left some 10 MB behind until all heaps were full (measured).
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return  # another C library
    mallopt(_M_ARENA_MAX, ARENAS)
