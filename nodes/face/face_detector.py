"""Finds where in a picture faces are: MediaPipe's short-range BlazeFace."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.face_roi import FaceRoi
from vivant.nodes.face.lite_model import LiteModel

U8 = npt.NDArray[np.uint8]
F64 = npt.NDArray[np.float64]

_SIDE = 128
_GRIDS = ((16, 2), (8, 6))
"""Cells along a side, and anchors in each: one map at stride 8, three of two anchors at stride 16."""
_SAME_OVERLAP = 0.3
_MOST_LOGIT = 80.0


class FaceDetector:
    """Bazarevsky et al. 2019, "BlazeFace": boxes on a grid of anchors, those of one face blended by their scores.

    Args:
        model: The network.
        confidence: How sure it must be of a face, in [0, 1].

    Attributes:
        model: The network.
    """

    def __init__(self, model: LiteModel, confidence: float) -> None:
        self.model = model
        # What is not sure is left out by its log-odds: the logistic function of all 896 would take longer.
        odds = np.divide(confidence, 1 - confidence) if confidence < 1 else np.inf
        self._least_logit = float(np.log(odds)) if odds > 0 else -np.inf
        self._anchors = _anchors()

    def find(self, picture: U8) -> list[FaceRoi]:
        """Return where faces may be in ``uint8 (h, w, 3)``, the surest first."""
        height, width = picture.shape[:2]
        whole = FaceRoi(width / 2, height / 2, max(width, height), 0.0)
        pixels = whole.cut(picture, _SIDE, black_outside=True)
        values = np.divide(pixels, np.float32(127.5), dtype=np.float32)
        values -= np.float32(1)
        places, logits = self.model.run(values)
        sure = np.flatnonzero(logits.reshape(-1) > self._least_logit)
        if not len(sure):
            return []
        scores = 1 / (1 + np.exp(-np.clip(logits.reshape(-1)[sure].astype(np.float64), -_MOST_LOGIT, _MOST_LOGIT)))
        # Centre, size, then six points of which the first two are the eyes; all from the anchor, in input pixels.
        points = places.reshape(-1, 8, 2)[sure].astype(np.float64)
        points[:, [0, 2, 3, 4, 5, 6, 7]] += self._anchors[sure, None]
        half = points[:, 1] / 2
        boxes = np.stack([points[:, 0] - half, points[:, 0] + half, points[:, 2], points[:, 3]], axis=1)
        to_picture = whole.to_picture(_SIDE)
        return [FaceRoi.around(*(box @ to_picture[:, :2].T + to_picture[:, 2])) for box in _blended(boxes, scores)]


def _anchors() -> F64:
    """Return the middle of each anchor's cell in pixels of the input, ``(896, 2)``."""
    anchors = []
    for cells, each in _GRIDS:
        middles = (np.arange(cells) + 0.5) * (_SIDE / cells)
        grid = np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 2)
        anchors.append(np.repeat(grid, each, axis=0))
    return np.concatenate(anchors)


def _blended(boxes: F64, scores: F64) -> list[F64]:
    """Blend boxes that overlap into one, weighted by their scores.

    Args:
        boxes: ``(n, 4, 2)``: low corner, high corner, two eyes.
        scores: ``(n,)``.

    Returns:
        ``(4, 2)`` each, by falling score.
    """
    left = np.argsort(-scores, kind="stable")
    out = []
    while len(left):
        low, high = boxes[left, 0], boxes[left, 1]
        shared = np.prod(np.maximum(np.minimum(high, high[0]) - np.maximum(low, low[0]), 0), axis=1)
        areas = np.prod(high - low, axis=1)
        same = shared > _SAME_OVERLAP * (areas + areas[0] - shared)
        same[0] = True
        out.append(np.average(boxes[left[same]], axis=0, weights=scores[left[same]]))
        left = left[~same]
    return out
