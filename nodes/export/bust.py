"""What is written to a file: parts of a person with true places, in metres, and all that moves them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """A bone.

    Attributes:
        name: root, neck, head, jaw, eyeLeft, eyeRight.
        parent: Index of the parent, -1 for the root; parents come before children.
        place: ``float32 (3,)`` where it turns, metres.
    """

    name: str
    parent: int
    place: F32


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Triangles with one texture.

    Attributes:
        name: What it shows; parts whose name ends with ``.edge`` are the soft edge of the part before the dot.
        texture: Name of its texture.
        blend: Whether something of it is transparent.
        double_sided: Whether it is seen from behind, too.
        vertices: ``float32 (N, 3)`` places of the face without expression, metres.
        triangles: ``int32 (T, 3)``, counter-clockwise as seen from the front.
        uv: ``float32 (N, 2)``, origin top left.
        moves: ``float32 (52, N, 3)`` displacement by each shape of `arkit.BLENDSHAPES` at weight 1.
        alpha: ``float32 (N,)`` opacity without expression.
        alpha_moves: ``float32 (52,)`` by how much each shape at weight 1 changes it; the sum counts within [0, 1].
        joints: ``int32 (N, 4)`` indices of joints; 0 where the weight is 0.
        weights: ``float32 (N, 4)``, each row sums to 1.
    """

    name: str
    texture: str
    blend: bool
    double_sided: bool
    vertices: F32
    triangles: I32
    uv: F32
    moves: F32
    alpha: F32
    alpha_moves: F32
    joints: I32
    weights: F32

    def worn(self, weights: F32) -> F32:
        """Return the places of its vertices in an expression ``(52,)``, ``float32 (N, 3)``."""
        return np.asarray(self.vertices + np.tensordot(weights, self.moves, axes=1), np.float32)

    def shown(self, weights: F32) -> F32:
        """Return the opacity of its vertices in an expression ``(52,)``, ``float32 (N,)`` in [0, 1]."""
        return np.clip(self.alpha + weights @ self.alpha_moves, 0, 1).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Bust:
    """A person from a picture, and what was behind it.

    Metres; x to the viewer's right, y up, z toward the viewer. The origin is below the neck, at the height where the
    person ends.

    Attributes:
        name: Of the picture.
        parts: In the order in which they are to be drawn: what is solid first, then what is transparent.
        backdrop: The picture without the person, or None. It does not move.
        textures: By name, ``uint8 (h, w, 4)`` RGBA, straight alpha.
        joints: Parents before children.
        expression: ``float32 (52,)`` what the picture itself wears.
        neck_share: How much of a turn of the head the neck takes, the head takes the rest.
        eye: ``float32 (3,)`` the picture's camera; it looks along -z.
        view_rad: Its angle of view from the top to the bottom of the picture.
        size: Width and height of the picture in pixels.
    """

    name: str
    parts: tuple[Part, ...]
    backdrop: Part | None
    textures: dict[str, U8]
    joints: tuple[Joint, ...]
    expression: F32
    neck_share: float
    eye: F32
    view_rad: float
    size: tuple[int, int]
