"""A small software rasteriser: which triangle shows at each pixel, and where on it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]


def rasterize(points: F32, triangles: I32, size: tuple[int, int]) -> tuple[I32, F32, F32]:
    """Draw triangles with a depth buffer; the larger z wins.

    Args:
        points: ``(V, 3)``: x to the right and y down in pixels (pixel centres at .5), z toward the viewer.
        triangles: ``(T, 3)``.
        size: Width and height of the buffer.

    Returns:
        Triangle shown per pixel, ``int32 (h, w)``, -1 where none; barycentric coordinates ``float32 (h, w, 3)``;
        depth ``float32 (h, w)``, -inf where none.
    """
    width, height = size
    shown = np.full((height, width), -1, np.int32)
    bary = np.zeros((height, width, 3), np.float32)
    depth = np.full((height, width), -np.inf, np.float32)
    fill(
        np.ascontiguousarray(points, np.float32),
        np.ascontiguousarray(triangles, np.int32),
        shown,
        bary,
        depth,
    )
    return shown, bary, depth


@njit(nogil=True, cache=True)
def fill(points: F32, triangles: I32, shown: I32, bary: F32, depth: F32) -> None:
    """Kernel of `rasterize`; the three buffers are written in place."""
    height, width = shown.shape
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay, bx, by, cx, cy = (
            points[a, 0],
            points[a, 1],
            points[b, 0],
            points[b, 1],
            points[c, 0],
            points[c, 1],
        )
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if abs(area) < 1e-9:
            continue
        x0, x1 = max(0, int(np.floor(min(ax, bx, cx)))), min(width - 1, int(np.ceil(max(ax, bx, cx))))
        y0, y1 = max(0, int(np.floor(min(ay, by, cy)))), min(height - 1, int(np.ceil(max(ay, by, cy))))
        for y in range(y0, y1 + 1):
            py = y + 0.5
            for x in range(x0, x1 + 1):
                px = x + 0.5
                wa = ((bx - px) * (cy - py) - (by - py) * (cx - px)) / area
                wb = ((cx - px) * (ay - py) - (cy - py) * (ax - px)) / area
                wc = 1.0 - wa - wb
                if wa >= 0 and wb >= 0 and wc >= 0:
                    z = wa * points[a, 2] + wb * points[b, 2] + wc * points[c, 2]
                    if z > depth[y, x]:
                        depth[y, x] = z
                        shown[y, x] = t
                        bary[y, x, 0], bary[y, x, 1], bary[y, x, 2] = wa, wb, wc
