"""Pictures on the GPU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """A drawn frame, valid until the node that drew it draws again; only for nodes of the render lane.

    Attributes:
        texture: ``moderngl.Texture`` with 4 components, uint8 sRGB, premultiplied alpha, row 0 at the bottom
            as OpenGL has it.
        size: Width and height in pixels.
    """

    texture: Any
    size: tuple[int, int]
