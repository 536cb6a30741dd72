"""The benchmarks by name, and a run of some of them."""

from __future__ import annotations

import importlib
import os
import platform
import sys
from collections.abc import Callable, Sequence
from importlib import metadata
from typing import Any

from vivant.runtime.benchmarks.finding import Finding, Setting

NAMES = ("hop", "skin", "live", "animate", "start", "memory")


def measure(name: str, setting: Setting) -> Finding:
    """Run one benchmark.

    Args:
        name: One of `NAMES`.
        setting: What it works with.

    Raises:
        VivantError: It cannot be measured here.
    """
    found: Callable[[Setting], Finding] = importlib.import_module(f"vivant.runtime.benchmarks.{name}").measure
    return found(setting)


def machine() -> dict[str, Any]:
    """Return what must be known of this computer to read the figures."""
    return {
        "vivant": metadata.version("vivant"),
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count(),
        "load_1min": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }


def as_json(findings: Sequence[Finding], before: dict[str, Any]) -> dict[str, Any]:
    """Return findings as JSON values, with the machine as it was `before`."""
    return {"machine": before, "benchmarks": {finding.name: finding.as_json() for finding in findings}}
