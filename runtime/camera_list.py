"""The cameras of this computer, for people."""

from __future__ import annotations


def camera_lines() -> list[str]:
    """Return one line for each camera found."""
    from vivant.nodes.sources.camera import list_cameras

    return [str(camera) for camera in list_cameras()]
