"""``vivant bench memory``: how much a live run takes, and whether it grows."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from vivant.graph.errors import VivantError
from vivant.runtime.benchmarks.finding import Chart, Figure, Finding, Setting
from vivant.runtime.benchmarks.runs import overrides_for, run_apart, run_live_apart
from vivant.runtime.models import ModelStore

DURATION_S = 120.0
SETTLED_S = 60.0
"""Caches, pools and the driver's first round are filled by then."""
EVENING_MIN, MOST_GROWTH_MB = 15.0, 5.0

_TRACKER = """
import json, sys
from pathlib import Path
import numpy as np
from vivant.nodes.face.face_reader import FaceReader
from vivant.nodes.face.face_roi import FaceRoi
from vivant.runtime.memory import current_rss_mb
reader = FaceReader(Path(sys.argv[1]))
pixels = np.zeros((512, 512, 3), np.uint8)
reader.search(pixels)
reader.read(pixels, FaceRoi(256, 256, 400, 0))
print(json.dumps(current_rss_mb()))
"""


def measure(setting: Setting) -> Finding:
    """Run live for a while and follow the resident memory."""
    duration_s = setting.duration_s or DURATION_S
    report, _ = run_live_apart("portrait-video", overrides_for(setting), duration_s, setting.folder / "memory.json")
    shown = report["presented"]
    samples = list(zip(shown["memory_at_s"], shown["memory_mb"], strict=True))
    if len(samples) < 4:
        raise VivantError("this system does not tell how much memory a process has, or the run was too short")
    settled_s = SETTLED_S if duration_s > 1.5 * SETTLED_S else duration_s / 2
    settled = [(at, mb) for at, mb in samples if at >= settled_s]
    per_minute = 60 * slope(settled)
    alone_mb = json.loads(
        run_apart([sys.executable, "-c", _TRACKER, str(ModelStore().fetch("face_landmarker"))], 120).splitlines()[-1]
    )
    grown = settled[-1][1] - settled[0][1]
    expected = per_minute * EVENING_MIN
    return Finding(
        "memory",
        "Resident memory of a live run, headless.",
        (
            Figure(
                "resident memory",
                "MB",
                samples[-1][1],
                "the face tracker alone in a process",
                alone_mb,
                samples[-1][1] / alone_mb,
            ),
            Figure(
                f"growth after {settled_s:g} s, until {samples[-1][0]:g} s",
                "MB",
                grown,
                goal=f"at most {MOST_GROWTH_MB:g} MB",
                met=grown <= MOST_GROWTH_MB,
            ),
            Figure(
                f"growth in {EVENING_MIN:g} min, by the slope",
                "MB",
                expected,
                goal=f"at most {MOST_GROWTH_MB:g} MB",
                met=expected <= MOST_GROWTH_MB,
                note="the line of least squares through the samples after that",
            ),
        ),
        Chart("lines", {"resident memory": samples}, "MB", x_unit="s"),
    )


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the slope of the line of least squares through points (x, y); 0 for fewer than two."""
    if len(points) < 2:
        return 0.0
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0
