"""The cameras of this computer, for people."""

from __future__ import annotations


def camera_lines(*, granted: bool = False) -> list[str]:
    """Return one line for each camera found.

    Args:
        granted: Take a picture with each, as a preset would, and say what it grants of what is asked for.
    """
    from vivant.nodes.sources.camera import list_cameras

    lines = []
    for camera in list_cameras():
        mode = f"; {_granted(camera.device)}" if granted and camera.opens else ""
        lines.append(f"{camera}{mode}")
    return lines


def _granted(device: int | str) -> str:
    import time
    from pathlib import Path

    from vivant.graph.errors import VivantError
    from vivant.graph.node import NodeContext, Outcome
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
        return error.what
    source.close(Outcome.DONE)
    return f"grants {source.granted}"
