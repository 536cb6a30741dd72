"""The matte of a figure in which no network sees a person, from where its face was pointed out."""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from vivant.nodes.face.named_points import NAMED_POINTS
from vivant.nodes.formats.face_marks import FaceMarks

Floats: TypeAlias = npt.NDArray[np.float32]

_SIDE = 320
_ROUNDS = 4
_HEAD = 1.8  # radius about the face within which things are likely to be the figure's, in distances eyes to chin
_LEAST = 0.004


def matte_around(rgb: npt.NDArray[np.uint8], marks: FaceMarks) -> Floats | None:
    """Cut out the figure whose face was pointed out, by its colours.

    GrabCut (Rother, Kolmogorov, Blake, "GrabCut: Interactive Foreground Extraction Using Iterated Graph Cuts", 2004),
    told that the face is foreground and that what lies at the upper and side borders is not.

    Args:
        rgb: The picture, ``uint8 (h, w, 3)``.
        marks: The face, in its pixels.

    Returns:
        ``float32 (h, w)`` in [0, 1]; None where nothing can be told from the rest.
    """
    height, width = rgb.shape[:2]
    zoom = min(1.0, _SIDE / max(height, width))
    size = max(16, round(width * zoom)), max(16, round(height * zoom))
    small = np.ascontiguousarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    places = marks.landmarks[:, :2] if marks.landmarks is not None else np.array(list(marks.points.values()))
    places = np.asarray(places, np.float32) * zoom
    hull = cv2.convexHull(np.round(places).astype(np.int32))
    middle = places.mean(axis=0)
    reach = _HEAD * float(max(0.5 * np.ptp(places[:, 0]), zoom * eyes_to_chin(marks)))
    labels = np.full((size[1], size[0]), cv2.GC_PR_BGD, np.uint8)
    border = max(2, round(0.02 * max(size)))
    cv2.circle(labels, (round(float(middle[0])), round(float(middle[1]))), round(reach), int(cv2.GC_PR_FGD), -1)
    # A body stands below its head.
    left, right = int(max(0, middle[0] - reach)), int(min(size[0], middle[0] + reach))
    labels[int(middle[1]) :, left:right] = cv2.GC_PR_FGD
    lowest = int(places[:, 1].max())
    labels[:border] = labels[:lowest, :border] = labels[:lowest, -border:] = cv2.GC_BGD
    cv2.fillConvexPoly(labels, hull, int(cv2.GC_FGD))
    if not (labels == cv2.GC_BGD).any():
        return None
    # Its mixtures of colours are seeded by OpenCV's own generator: the same picture must give the same matte.
    cv2.setRNGSeed(0)
    cv2.grabCut(small, labels, (0, 0, 1, 1), np.zeros((1, 65)), np.zeros((1, 65)), _ROUNDS, cv2.GC_INIT_WITH_MASK)
    person = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    count, parts = cv2.connectedComponents(person)
    kept = np.isin(parts, np.unique(parts[(labels == cv2.GC_FGD) & (parts > 0)])) & (parts > 0)
    if count < 2 or kept.mean() < _LEAST or kept.mean() > 1 - _LEAST:
        return None
    soft = cv2.GaussianBlur(kept.astype(np.float32), (0, 0), 0.8)
    return np.clip(np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR), np.float32), 0, 1)


def eyes_to_chin(marks: FaceMarks) -> float:
    """Return how far the chin is from the middle between the eyes, in pixels."""

    def at(name: str) -> npt.NDArray[np.float64]:
        if marks.landmarks is not None:
            return np.asarray(marks.landmarks[list(NAMED_POINTS[name].landmarks), :2].mean(axis=0), np.float64)
        if name in marks.points:
            return np.array(marks.points[name])
        ends = [marks.points[f"{name}_outer"], marks.points[f"{name}_inner"]]
        return np.asarray(np.mean(ends, axis=0), np.float64)

    return float(np.linalg.norm(at("chin") - (at("right_eye") + at("left_eye")) / 2))
