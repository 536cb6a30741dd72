"""``vivant bench live``: from capture to presented, beside the tracker alone and drawing alone."""

from __future__ import annotations

import json
import statistics

from vivant.runtime.benchmarks.finding import Chart, Figure, Finding, Setting
from vivant.runtime.benchmarks.runs import decoded_frames, overrides_for, run_live_apart, tracker_alone

DURATION_S = 20.0
OLDEST_MS = 100.0
P50_RATIO, P95_RATIO = 1.6, 2.5
LEAST_FRESH_OF_RATE = 0.99
"""A driver of 30 Hz gives 599 or 600 frames in 20 s."""


def measure(setting: Setting) -> Finding:
    """Run the driver live as a camera would be, and its two expensive parts alone."""
    duration_s = setting.duration_s or DURATION_S
    drawn_alone, _ = run_live_apart(
        "demo",
        [f"portrait.path={json.dumps(setting.portrait)}", "driver.loop=true"],
        min(5.0, duration_s),
        setting.folder / "drawn.json",
    )
    frames = decoded_frames(setting.driver())
    tracked_alone_ms = statistics.median(tracker_alone(frames))
    report, _ = run_live_apart("portrait-video", overrides_for(setting), duration_s, setting.folder / "live.json")
    nodes, latency = report["nodes"], report["latency_ms"]
    alone_ms = tracked_alone_ms + drawn_alone["nodes"]["render"]["ms_p50"]
    same_ms = nodes["face"]["ms_p50"] + nodes["render"]["ms_p50"]
    rate_hz = nodes["driver"]["count"] / report["duration_s"]
    oldest_ms = report["latency_max_ms"]
    both = "tracker p50 + drawing p50, same run"
    figures = (
        _beside("capture to presented, p50", latency["p50"], both, same_ms, P50_RATIO),
        _beside("capture to presented, p95", latency["p95"], both, same_ms, P95_RATIO),
        Figure(
            "capture to presented, p50",
            "ms",
            latency["p50"],
            "tracker alone p50 + drawing alone p50",
            alone_ms,
            latency["p50"] / alone_ms,
        ),
        Figure(
            "presented frames with new tracking",
            "frames/s",
            report["fresh_fps"],
            "frames/s of the driver",
            rate_hz,
            report["fresh_fps"] / rate_hz,
            "as many as the driver has",
            report["fresh_fps"] >= LEAST_FRESH_OF_RATE * rate_hz,
        ),
        Figure(
            "oldest frame presented as new",
            "ms",
            oldest_ms,
            goal=f"at most {OLDEST_MS:g} ms",
            met=oldest_ms <= OLDEST_MS,
        ),
        Figure("presented frames", "frames/s", report["fps"], note="the render lane's own rate"),
    )
    shown = report["presented"]
    return Finding(
        "live",
        "A live run with the driver in place of a camera, headless.",
        figures,
        Chart(
            "lines",
            {
                "capture to presented": list(zip(shown["at_s"], shown["latency_ms"], strict=True)),
                both: [(0.0, same_ms), (shown["at_s"][-1], same_ms)],
            },
            "ms",
            x_unit="s",
        ),
    )


def _beside(name: str, value: float, reference_name: str, reference: float, most: float) -> Figure:
    ratio = value / reference
    return Figure(name, "ms", value, reference_name, reference, ratio, f"at most {most:g} x", ratio <= most)
