"""``vivant bench start``: from the start of the process to the first presented frame."""

from __future__ import annotations

import statistics
import sys
from time import perf_counter_ns

from vivant.runtime.benchmarks.finding import Chart, Figure, Finding, Setting, compared
from vivant.runtime.benchmarks.runs import overrides_for, run_apart, run_live_apart

MOST_WARM_S = 3.0
FEW_S = 2.0
"""The tracker's first frame takes longer than those after it."""
_IMPORTS = "import numba, cv2, moderngl, av; import ai_edge_litert.interpreter"


def measure(setting: Setting) -> Finding:
    """Start with empty caches, then with full ones, in turns with a process that only imports the libraries."""
    caches = setting.folder / "caches"
    environment = {
        "NUMBA_CACHE_DIR": str(caches / "numba"),
        "PYTHONPYCACHEPREFIX": str(caches / "python"),
        "PYTHONDONTWRITEBYTECODE": "",  # where it is set, no start is ever warm
    }
    overrides, report = overrides_for(setting), setting.folder / "start.json"
    _, cold_s = run_live_apart("portrait-video", overrides, FEW_S, report, environment)
    warm, imports = list[float](), list[float]()
    for _ in range(setting.rounds):
        warm.append(run_live_apart("portrait-video", overrides, FEW_S, report, environment)[1])
        begin_ns = perf_counter_ns()
        run_apart([sys.executable, "-c", _IMPORTS], 120, environment)
        imports.append((perf_counter_ns() - begin_ns) / 1e9)
    beside = compared("start, warm caches", "s", warm, "a process that imports the same libraries", imports)
    warm_s = statistics.median(warm)
    imports_s = statistics.median(imports)
    goal = Figure("start, warm caches", "s", warm_s, goal=f"at most {MOST_WARM_S:g} s", met=warm_s <= MOST_WARM_S)
    cold = Figure(
        "start, cold caches",
        "s",
        cold_s,
        beside.reference_name,
        imports_s,
        cold_s / imports_s,
        note="Numba's and Python's caches empty; what the system keeps of files cannot be emptied from here",
    )
    return Finding(
        "start",
        "From the start of the process to the first presented frame, the puppet's making included.",
        (beside, goal, cold),
        Chart("bars", {"seconds": [cold_s, warm_s, imports_s]}, "s", ("cold", "warm", "imports alone")),
    )
