"""How much memory this process has, and took at most."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any


def current_rss_mb() -> float | None:
    """Return the resident memory in MB (10^6 bytes), or None where the system does not say cheaply."""
    if sys.platform == "linux":
        try:
            pages = int(Path("/proc/self/statm").read_text().split()[1])
        except OSError:
            return None
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    if sys.platform == "win32":
        counters = _windows_counters()
        return None if counters is None else int(counters.working_set_size) / 1e6
    return None


def peak_rss_mb() -> float | None:
    """Return the peak resident memory in MB (10^6 bytes), or None where the system does not say."""
    if sys.platform == "linux":
        # not getrusage: on Linux its maximum is inherited from the process that started this one
        status = Path("/proc/self/status")
        for line in status.read_text().splitlines() if status.exists() else ():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
        return None
    if sys.platform == "win32":
        counters = _windows_counters()
        return None if counters is None else int(counters.peak_working_set_size) / 1e6
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # macOS counts bytes


def _windows_counters() -> Any:
    import ctypes

    class Counters(ctypes.Structure):
        """PROCESS_MEMORY_COUNTERS of psapi.h."""

        _fields_ = [
            ("cb", ctypes.c_uint32),
            ("page_fault_count", ctypes.c_uint32),
            ("peak_working_set_size", ctypes.c_size_t),
            ("working_set_size", ctypes.c_size_t),
            *((f"unused_{index}", ctypes.c_size_t) for index in range(6)),
        ]

    counters = Counters()
    counters.cb = ctypes.sizeof(Counters)
    kernel32 = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined,unused-ignore]
    kernel32.GetCurrentProcess.restype = ctypes.c_void_p
    kernel32.K32GetProcessMemoryInfo.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32)
    if not kernel32.K32GetProcessMemoryInfo(kernel32.GetCurrentProcess(), ctypes.byref(counters), counters.cb):
        return None
    return counters
