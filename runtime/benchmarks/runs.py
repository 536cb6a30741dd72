"""Runs of Vivant that benchmarks measure, in this process or in one of their own."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path
from time import perf_counter_ns
from typing import Any

from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph
from vivant.runtime.benchmarks.finding import Setting
from vivant.runtime.report import RunResult

LONGEST_CHILD_S = 600
MOST_FRAMES = 150
"""Of a driver: decoded frames are held in memory, 100 MB of them at 512 x 512."""


def animate_graphs(portrait: str, driver: Path, out: Path, *, frames: int = 0) -> tuple[Graph, ...]:
    """Return what ``vivant animate PORTRAIT DRIVER -o OUT`` runs one after the other.

    Args:
        portrait: Absolute path of a picture, or the name of a sample.
        driver: Absolute path of a video or a performance.
        out: Absolute path of the result; what is read of a video's driver is kept beside it.
        frames: How many there are at most; 0: all.
    """
    from vivant.graph.preset import apply_overrides, load_preset
    from vivant.graph.registry import Registry
    from vivant.graph.validation import validate
    from vivant.runtime.offline_document import PERFORMANCE_SUFFIX, offline_document
    from vivant.runtime.shipped_presets import find_preset
    from vivant.runtime.studied_run import studied_graphs

    path, registry = find_preset("portrait-video"), Registry.installed()
    document = load_preset(path)
    graph = validate(document, registry, path.parent, where=str(path))
    document = offline_document(document, graph, registry, portrait=portrait, driver=driver, out=out)
    if frames:
        document = apply_overrides(document, [f"driver.frames={frames}"])
    graph = validate(document, registry, path.parent, where=str(path))
    if driver.suffix.lower() == PERFORMANCE_SUFFIX:
        return (graph,)
    return studied_graphs(document, graph, registry, out.with_suffix(".driver.npz"))


def run_offline_quietly(graphs: Sequence[Graph], setting: Setting) -> RunResult:
    """Run graphs offline in this process, one after the other; return what is told of them as one."""
    return reduce(RunResult.followed_by, [_run_offline_quietly(graph, setting) for graph in graphs])


def _run_offline_quietly(graph: Graph, setting: Setting) -> RunResult:
    from vivant.runtime.drawing import gl_for
    from vivant.runtime.models import ModelStore
    from vivant.runtime.offline import OfflineEngine
    from vivant.runtime.services import Services

    with gl_for(graph, window=False) as gl:
        # what is built is kept between the turns: the first one, which is not measured, makes it
        services = Services(fetch=ModelStore().fetch, notice=setting.say, gl=gl, cache_dir=setting.folder / "built")
        return OfflineEngine(graph, services).run(threading.Event())


def run_live_apart(
    preset: str,
    overrides: Sequence[str],
    duration_s: float,
    report: Path,
    environment: Mapping[str, str] | None = None,
) -> tuple[dict[str, Any], float]:
    """Run ``vivant run PRESET --headless`` in a process of its own.

    Returns:
        Its report, and the seconds from its start to its first presented frame.

    Raises:
        VivantError: It failed; says what it wrote.
    """
    command = [sys.executable, "-m", "vivant.runtime.cli", "run", preset, "--headless"]
    command += ["--duration", str(duration_s), "--report", str(report)]
    for override in overrides:
        command += ["--set", override]
    begin_ns = perf_counter_ns()  # the clock of the child's report: it counts from the start of the system
    child = run_apart(command, LONGEST_CHILD_S + duration_s, environment)
    values: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    first_ns = (values.get("presented") or {}).get("first_ns")
    if first_ns is None:
        raise VivantError(f"a run of {preset} presented nothing", remedy=child)
    return values, (first_ns - begin_ns) / 1e9


def run_apart(command: Sequence[str], timeout_s: float, environment: Mapping[str, str] | None = None) -> str:
    """Run a command and return what it wrote.

    Raises:
        VivantError: It failed, or did not end in time.
    """
    import os

    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
            env={**os.environ, **(environment or {})},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise VivantError(f"a measured process could not be run: {error}") from None
    if done.returncode != 0:
        raise VivantError(f"a measured process failed with status {done.returncode}", remedy=done.stderr.strip())
    return done.stdout


def overrides_for(setting: Setting) -> list[str]:
    """Return the overrides that give a preset the portrait and the driver, played without end."""
    return [
        f"portrait.path={json.dumps(setting.portrait)}",
        f"driver.path={json.dumps(str(setting.driver()))}",
        "driver.loop=true",
    ]


def decoded_frames(driver: Path) -> list[Any]:
    """Return the first frames of a video, at most `MOST_FRAMES`, as ``uint8 (height, width, 3)``."""
    from vivant.nodes.sources.video_reader import VideoReader

    reader = VideoReader(driver, 0, 0, lambda line: None)
    try:
        return [pixels for _, (_, pixels) in zip(range(MOST_FRAMES), reader.frames(), strict=False)]
    finally:
        reader.close()


def tracker_alone(frames: Sequence[Any]) -> list[float]:
    """Track `frames` with nothing but what `face.landmarks` follows a face with; return ms per frame."""
    from vivant.nodes.face.face_follower import FaceFollower
    from vivant.nodes.face.face_reader import FaceReader
    from vivant.runtime.models import ModelStore

    follower = FaceFollower(FaceReader(ModelStore().fetch("face_landmarker")))
    taken = []
    for pixels in frames:
        begin_ns = perf_counter_ns()
        follower.step(pixels)
        taken.append((perf_counter_ns() - begin_ns) / 1e6)
    return taken


def landmarker_alone(frames: Sequence[Any]) -> list[float]:
    """Track `frames` with nothing but MediaPipe's own face landmarker; return ms per frame.

    Raises:
        VivantError: MediaPipe is not installed: nothing but this needs it.
    """
    try:
        import mediapipe as mp
        from mediapipe.tasks.python import BaseOptions, vision
    except ImportError as error:
        raise VivantError(
            f"the reference of this benchmark is not installed: {error}", remedy='pip install "vivant[bench]"'
        ) from error

    from vivant.runtime.models import ModelStore

    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(ModelStore().fetch("face_landmarker"))),
        output_face_blendshapes=True,
        output_facial_transformation_matrixes=True,
        num_faces=1,
        running_mode=vision.RunningMode.VIDEO,
    )
    taken = []
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        for index, pixels in enumerate(frames):
            begin_ns = perf_counter_ns()
            landmarker.detect_for_video(mp.Image(image_format=mp.ImageFormat.SRGB, data=pixels), 33 * index)
            taken.append((perf_counter_ns() - begin_ns) / 1e6)
    return taken
