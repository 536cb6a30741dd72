"""The cameras of this computer, for people."""

from __future__ import annotations

import time
from pathlib import Path

from vivant.graph.errors import VivantError
from vivant.graph.node import NodeContext, Outcome


def camera_lines(*, granted: bool = False) -> list[str]:
    """Return for each camera found a line with number, name and path, and one for each group of its formats.

    Args:
        granted: Take a picture with each, as a preset would, and say what it grants of what is asked for.
    """
    from vivant.nodes.sources.camera import list_cameras
    from vivant.nodes.sources.camera_formats import CameraFormat, camera_formats

    lines = []
    for camera in list_cameras():
        device = Path(f"/dev/video{camera.device}")
        lines.append(f"{camera}, {device}" if device.exists() else str(camera))
        if granted and camera.opens:
            lines.append(f"   {_granted(camera.device)}")
        by_code: dict[str, list[CameraFormat]] = {}
        for offered in camera_formats(device):
            by_code.setdefault(offered.code, []).append(offered)
        for code, group in by_code.items():
            sizes = ", ".join(str(offered).removeprefix(code).strip() for offered in group)
            lines.append(f"   {code}: {sizes}")
    return lines


def _granted(device: int | str) -> str:
    from vivant.nodes.sources.camera import CameraParams, CameraSource

    source = CameraSource(CameraParams(device=device))
    context = NodeContext(
        now_ns=time.perf_counter_ns,
        base_dir=Path(),
        fetch=Path,
        notice=lambda line: None,
        connected=frozenset({"frame"}),
        offline=False,
    )
    try:
        source.open(context)
    except VivantError as error:
        return f"WARNING: {error.what}"
    source.close(Outcome.DONE)
    return f"{'WARNING: ' if 'asked:' in source.granted else ''}grants {source.granted}"
