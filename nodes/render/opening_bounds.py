"""Where a puppet's openings lie in a frame: what is seen through them alone need not be drawn elsewhere."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vivant.nodes.formats.puppet import Layer, Puppet, Role

F32 = npt.NDArray[np.float32]

Box = tuple[int, int, int, int]
"""Left, bottom, width and height in pixels, from the frame's lower left corner as OpenGL counts."""

_ROOM_PX = 1


class OpeningBounds:
    """Bounds the openings of one puppet.

    The mouth's parts lie whole behind the face and show by a few pixels: in software, drawing them within the opening
    alone spares 3 to 7 percent of a frame (a portrait of 725 x 725, measured in turns).

    Args:
        puppet: The puppet.
        size: Width and height of what is drawn, in pixels.
    """

    def __init__(self, puppet: Puppet, size: tuple[int, int]) -> None:
        openings = [layer for layer in puppet.layers if layer.role is Role.OPENING]
        corners = [
            np.unique(puppet.triangles.reshape(-1)[layer.first : layer.first + layer.count]) for layer in openings
        ]
        # where the depth map says how deep an opening lies, only the shader knows where it is
        known = [(layer, used) for layer, used in zip(openings, corners, strict=True) if not puppet.mapped[used].any()]
        self._pages = [layer.texture for layer, _ in known]
        self._used = np.concatenate([used for _, used in known]) if known else np.zeros(0, np.intp)
        self._starts = np.cumsum([0, *(len(used) for _, used in known)])[:-1]
        self._z = puppet.z[self._used]
        self._eye = puppet.eye.astype(np.float32)
        self._size = size
        aspect = puppet.size[0] / puppet.size[1]
        self._pixels = np.array([size[0] / aspect, size[1]], np.float32)  # per picture height
        self._middle = np.array(size, np.float32) / 2

    def of(self, vertices: F32) -> dict[str, Box]:
        """Return where each opening lies, by the name of its texture.

        Args:
            vertices: ``float32 (V, 7)`` as `SkinnedMesh.vertices`.
        """
        if not self._pages:
            return {}
        # as puppet.vert does
        bent = vertices[self._used]
        place = bent[:, :3] + (self._z + bent[:, 6])[:, None] * bent[:, 3:6]
        deep = place[:, 2:] / self._eye[2]
        if deep.max() >= 1:
            return {}  # behind the camera
        pixels = (place[:, :2] - self._eye[:2] * deep) / (1 - deep) * self._pixels + self._middle
        low = np.floor(np.minimum.reduceat(pixels, self._starts)) - _ROOM_PX
        high = np.ceil(np.maximum.reduceat(pixels, self._starts)) + _ROOM_PX
        low, high = np.clip(low, 0, self._size), np.clip(high, 0, self._size)
        boxes = np.concatenate([low, high - low], axis=1).astype(int).tolist()
        return {page: (box[0], box[1], box[2], box[3]) for page, box in zip(self._pages, boxes, strict=True)}

    @staticmethod
    def window_of(layer: Layer) -> str:
        """Return the name of the opening's texture through which an inner layer is seen."""
        return layer.texture if layer.name.startswith("eye") else MOUTH


MOUTH = "cavity"
"""Texture of the opening that is not an eye's."""
