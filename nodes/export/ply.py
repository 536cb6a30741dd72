"""A bust as a PLY: one mesh whose vertices have the picture's colours. It does not move."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from vivant.nodes.export.bust import Bust, Part
from vivant.nodes.export.obj import shown_parts

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]

_PIXELS, _MOST_ROUNDS = 1.5, 4  # how long edges are, in pixels of the texture; each round makes four triangles of one
_FAINT = 5  # of 255

_VERTEX = np.dtype([("place", "<f4", 3), ("colour", "u1", 4)])
_FACE = np.dtype([("count", "u1"), ("corners", "<i4", 3)])


def ply_of(bust: Bust) -> bytes:
    """Write a bust in the expression of its picture, without backdrop.

    Triangles are divided until they are about as fine as the picture: colours lie at vertices here.
    """
    vertices, faces, first = [], [], 0
    for part in shown_parts(bust, backdrop=False):
        places, colours, triangles = _coloured(bust, part)
        made = np.empty(len(places), _VERTEX)
        made["place"], made["colour"] = places, colours
        vertices.append(made)
        faces.append(triangles + first)
        first += len(places)
    corners = np.concatenate(faces)
    face = np.empty(len(corners), _FACE)
    face["count"], face["corners"] = 3, corners
    header = "\n".join(
        [
            "ply",
            "format binary_little_endian 1.0",
            # a header is ASCII
            f"comment {bust.name.encode('ascii', 'replace').decode()}, by Vivant; metres, y up, seen from +z",
            f"element vertex {first}",
            *(f"property float {axis}" for axis in "xyz"),
            *(f"property uchar {channel}" for channel in ("red", "green", "blue", "alpha")),
            f"element face {len(face)}",
            "property list uchar int vertex_indices",
            "end_header\n",
        ]
    )
    return header.encode() + np.concatenate(vertices).tobytes() + face.tobytes()


def _coloured(bust: Bust, part: Part) -> tuple[F32, npt.NDArray[np.uint8], I32]:
    """Divide a part and read its colours; what is transparent is left out."""
    page = bust.textures[part.texture]
    size = np.array([page.shape[1], page.shape[0]], np.float32)
    shown = part.shown(bust.expression)[:, None]
    values = np.concatenate([part.worn(bust.expression), part.uv, shown], axis=1).astype(np.float32)
    triangles = part.triangles
    for _ in range(_MOST_ROUNDS):
        corners = values[triangles][..., 3:5] * size
        if np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).mean() <= _PIXELS:
            break
        values, triangles = divided(values, triangles)
    x, y = (values[:, 3:5] * size - 0.5).T
    # OpenCV maps onto pictures, and those may be 32767 pixels wide
    colours = np.concatenate(
        [
            cv2.remap(page, column[None], row[None], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0]
            for column, row in zip(_chunks(x), _chunks(y), strict=True)
        ]
    )
    alpha = np.round(colours[:, 3] * values[:, 5]).astype(np.uint8)
    triangles = triangles[(alpha[triangles] > _FAINT).any(axis=1)]
    used, flat = np.unique(triangles, return_inverse=True)
    shades = np.concatenate([colours[:, :3], alpha[:, None]], axis=1)[used]
    return values[used, :3], np.asarray(shades, np.uint8), flat.reshape(-1, 3).astype(np.int32)


def _chunks(values: F32) -> list[F32]:
    return [np.ascontiguousarray(values[start : start + 30000]) for start in range(0, len(values), 30000)]


def divided(values: F32, triangles: I32) -> tuple[F32, I32]:
    """Make four triangles of each, with new vertices in the middle of edges.

    Args:
        values: ``(N, k)`` of each vertex.
        triangles: ``(T, 3)``.
    """
    edges = np.sort(np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=2).reshape(-1, 2), axis=1)
    unique, which = np.unique(edges, axis=0, return_inverse=True)
    a, b, c = triangles.T
    ab, bc, ca = (len(values) + which.reshape(-1, 3)).T
    smaller = [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
    made = np.concatenate([np.stack(corners, axis=1) for corners in smaller])
    return np.concatenate([values, values[unique].mean(axis=1)]), made.astype(np.int32)
