"""The cameras of this computer, for people."""

from __future__ import annotations

from pathlib import Path


def camera_lines() -> list[str]:
    """Return for each camera found a line with number, name and path, and one for each group of its formats."""
    from vivant.nodes.sources.camera import list_cameras
    from vivant.nodes.sources.camera_formats import CameraFormat, camera_formats

    lines = []
    for camera in list_cameras():
        device = Path(f"/dev/video{camera.device}")
        lines.append(f"{camera}, {device}" if device.exists() else str(camera))
        by_code: dict[str, list[CameraFormat]] = {}
        for offered in camera_formats(device):
            by_code.setdefault(offered.code, []).append(offered)
        for code, group in by_code.items():
            sizes = ", ".join(str(offered).removeprefix(code).strip() for offered in group)
            lines.append(f"   {code}: {sizes}")
    return lines
