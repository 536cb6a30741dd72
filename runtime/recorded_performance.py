"""From a video of a face to a performance, by the part of a preset that makes motion of the driver's pictures."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from vivant.graph.errors import VivantError
from vivant.graph.node import Outcome
from vivant.graph.preset import apply_overrides, load_preset
from vivant.graph.registry import Registry
from vivant.graph.validation import validate
from vivant.runtime.motion_document import motion_document
from vivant.runtime.progress import FrameProgress
from vivant.runtime.services import Services
from vivant.runtime.shipped_presets import find_preset

if TYPE_CHECKING:
    from vivant.nodes.sources.performance_clip import PerformanceClip


def recorded_performance(
    video: Path, preset: str, overrides: list[str], services: Services, stop: threading.Event
) -> PerformanceClip:
    """Read the motion of a face off a video.

    Args:
        video: The video.
        preset: A preset file or the name of one, driven by a video.
        overrides: Texts ``node.param=value``.
        services: What nodes need from outside.
        stop: Set when the user wants to leave.

    Raises:
        VivantError: The preset cannot be used, the video cannot be read, no face is in it, or the user interrupted it.
    """
    from vivant.nodes.sources.performance_clip import read_clip
    from vivant.runtime.offline import OfflineEngine

    path, registry = find_preset(preset), Registry.installed()
    document = apply_overrides(load_preset(path), overrides)
    graph = validate(document, registry, path.parent, where=str(path))
    with tempfile.TemporaryDirectory(prefix="vivant-") as folder:
        out = Path(folder) / f"{video.stem}.json"
        document = motion_document(document, graph, video, out, "output.performance")
        part = validate(document, registry, path.parent, where=str(path))
        with FrameProgress(video.name) as progress:
            result = OfflineEngine(part, services, progress=progress).run(stop)
        if result.outcome is Outcome.INTERRUPTED:
            raise VivantError("interrupted: nothing was made")
        if not out.exists():
            raise VivantError("no face was seen in this video, so it moves nothing", where=str(video))
        return read_clip(out)
