"""Which layer shows what, and how far each goes on under nearer ones."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class LayerArea:
    """What one layer covers.

    Attributes:
        own: ``bool (h, w)`` what the picture shows of it.
        shared: ``bool (h, w)`` where its surface goes on beyond a cut: there picture and depth are its own, too.
        nearer: ``bool (h, w)`` it, and all that is nearer.
        deep: ``bool (h, w)`` where the picture's depth is this layer's: most of `own`, and `shared`.
        reaches: ``bool (h, w)`` `own`, `shared`, and what of it may come into view from under nearer layers.
    """

    own: Mask
    shared: Mask
    nearer: Mask
    deep: Mask
    reaches: Mask


def layer_areas(labels: U8, sure: Mask, torn: Mask, overlap: int, bands: list[float]) -> list[LayerArea]:
    """Divide a picture among its layers.

    Under a nearer layer, of several farther ones that could go on there each does so as far as its own outline is the
    nearest one: a table goes on where the table meets it, the wall where the wall does.

    Args:
        labels: ``uint8 (h, w)``, 0 farthest.
        sure: ``bool (h, w)`` where the depth is that of the label.
        torn: ``bool (h, w)`` where steps of depth are.
        overlap: How far a surface that was cut through goes on on the other side, pixels.
        bands: For each layer, how much of it a moving camera can uncover, pixels.
    """
    count = int(labels.max()) + 1
    distances: list[F32] = []
    areas = []
    for index in range(count):
        own = labels == index
        deep = own & sure if (own & sure).any() else own
        shared = _spread(deep, ~torn, overlap) & ~own
        nearer = labels >= index
        # slivers of middle depths along an outline are what is left of a ramp: nothing goes on from them
        core = cv2.morphologyEx(own.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0
        distances.append(_distance(core))
        reaches = own | shared
        hidden = labels > index
        first = np.ones_like(own)
        for farther in distances[:-1]:
            first &= distances[-1] <= farther + 0.5
        reaches |= hidden & first & (distances[-1] <= bands[index])
        areas.append(LayerArea(own, shared, nearer, deep | shared, reaches))
    return areas


def _spread(start: Mask, passable: Mask, times: int) -> Mask:
    kernel = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    reached = start.astype(np.uint8)
    allowed = (passable | start).astype(np.uint8)
    for _ in range(times):
        reached = np.asarray(cv2.dilate(reached, kernel), np.uint8) & allowed
    return np.asarray(reached > 0)


def _distance(mask: Mask) -> F32:
    if not mask.any():
        return np.full(mask.shape, np.inf, np.float32)
    return np.asarray(cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5), np.float32)
