"""``vivant bench animate``: a whole offline run, both goes of it, beside MediaPipe's face landmarker alone."""

from __future__ import annotations

import statistics

from vivant.runtime.benchmarks.finding import Chart, Figure, Finding, Setting, compared
from vivant.runtime.benchmarks.runs import (
    MOST_FRAMES,
    animate_graphs,
    decoded_frames,
    landmarker_alone,
    run_offline_quietly,
)

LEAST_TO_LANDMARKER = 0.75


def measure(setting: Setting) -> Finding:
    """Animate and track in turns."""
    driver = setting.driver()
    frames = decoded_frames(driver)
    graphs = animate_graphs(setting.portrait, driver, setting.folder / "animated.mp4", frames=MOST_FRAMES)
    run_offline_quietly(graphs, setting)  # kernels are compiled, files are read, the puppet is looked at
    landmarker_alone(frames[:10])
    fps, reference = list[float](), list[float]()
    nodes: dict[str, list[float]] = {}
    for _ in range(setting.rounds):
        result = run_offline_quietly(graphs, setting)
        fps.append(result.fps)
        reference.append(1000 * len(frames) / sum(landmarker_alone(frames)))
        for node_id, node in result.nodes.items():
            median_ms = node.statistics.duration.percentile(50)
            if median_ms is not None and node.statistics.count > 1:
                nodes.setdefault(node_id, []).append(median_ms)
    whole = compared(
        "animate",
        "frames/s",
        fps,
        "face landmarker alone",
        reference,
        goal=f"at least {LEAST_TO_LANDMARKER:g} x",
        least=LEAST_TO_LANDMARKER,
        note=f"{len(frames)} frames of {frames[0].shape[1]} x {frames[0].shape[0]}, decoding and encoding included",
    )
    parts = tuple(Figure(f"node {name}", "ms", statistics.median(values)) for name, values in nodes.items())
    return Finding(
        "animate",
        "A video drives a picture into a video: it is read, then drawn, after the puppet is built and looked at.",
        (whole, *parts),
        Chart(
            "bars",
            {"animate": fps, "landmarker alone": reference},
            "frames/s",
            tuple(f"turn {index + 1}" for index in range(len(fps))),
        ),
    )
