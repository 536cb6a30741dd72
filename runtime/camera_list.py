"""The cameras of this computer, for people."""

from __future__ import annotations

import importlib
from typing import Any

from vivant.graph.registry import Registry


def camera_lines() -> list[str]:
    """Return one line for each camera found.

    The node that reads cameras knows how to look for them: it is found through the registry, like every node.
    """
    module: Any = importlib.import_module(Registry.installed().get("source.camera").__module__)
    return [str(camera) for camera in module.list_cameras()]
