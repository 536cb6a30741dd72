"""The fitted head brought to lie exactly on the picture's landmarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.head_fit import FACE_OVAL
from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.formats.head import HeadFit

F32 = npt.NDArray[np.float32]

_REACH_DM = 0.18
_TRUST = 0.02
_OVAL_TRUST = 1.0
_SURFACE = 468  # the landmarks behind are the irises, which lie on the eyeballs


@dataclass(frozen=True, slots=True, eq=False)
class PlacedHead:
    """The head in picture space.

    Attributes:
        vertices: ``float32 (V, 3)`` at rest, wearing the picture's own expression.
        units: ``float32 (52, V, 3)`` displacement per face unit at weight 1, from the picture's own expression on.
    """

    vertices: F32
    units: F32


def place_head(head: AnatomicalHead, fit: HeadFit) -> PlacedHead:
    """Place the head, close the last distance to the landmarks, and calibrate the lids.

    What shape and expression cannot say is made up by a smooth field over the head's surface, a Gaussian radial
    basis fitted to the landmarks' residuals in the picture plane.
    """
    worn = fit.neutral + np.tensordot(fit.weights, head.face_units, axes=1)
    vertices = fit.place(worn.astype(np.float32))
    residual = (fit.points - head.landmark_positions(vertices))[:_SURFACE, :2].astype(np.float64)
    # Distances are measured on a head with open mouth and wide eyes: else the lips, which touch, would share
    # their residuals.
    open_head = head.vertices + 0.7 * head.face_units[INDEX["jawOpen"]]
    for side in ("Left", "Right"):
        open_head = open_head + head.face_units[INDEX[f"eyeWide{side}"]]
    open_head = open_head.astype(np.float32)
    anchors = head.landmark_positions(open_head)[:_SURFACE].astype(np.float64)
    trust = np.full(_SURFACE, _TRUST)
    trust[list(FACE_OVAL)] = _OVAL_TRUST
    coefficients = np.linalg.solve(_kernel(anchors, anchors) + np.diag(trust), residual)
    low, high = anchors.min(axis=0) - 3 * _REACH_DM, anchors.max(axis=0) + 3 * _REACH_DM
    near = np.flatnonzero(((open_head > low) & (open_head < high)).all(axis=1))
    vertices[near, :2] += (_kernel(open_head[near].astype(np.float64), anchors) @ coefficients).astype(np.float32)
    units = (fit.scale * head.face_units @ fit.rotation.T).astype(np.float32)
    _calibrate_lids(head, fit, vertices, units)
    return PlacedHead(vertices, units)


LIDS = {  # upper and lower landmarks that meet when the eye closes
    "Right": ((160, 144), (159, 145), (158, 153)),
    "Left": ((387, 373), (386, 374), (385, 380)),
}


def _calibrate_lids(head: AnatomicalHead, fit: HeadFit, vertices: F32, units: F32) -> None:
    """Scale each blink so that the lids meet at weight 1, whatever the size of the eye; in place."""
    up = fit.rotation[:, 1]
    resting = head.landmark_positions(vertices)
    for side, pairs in LIDS.items():
        unit = INDEX[f"eyeBlink{side}"]
        moved = head.landmark_positions(units[unit])
        gap = np.mean([(resting[upper] - resting[lower]) @ up for upper, lower in pairs])
        closing = np.mean([(moved[lower] - moved[upper]) @ up for upper, lower in pairs])
        still_to_go = closing * (1 - float(fit.weights[unit]))
        if still_to_go > 1e-6 and gap > 0:
            units[unit] *= np.clip(gap / still_to_go, 0.4, 3.0)


def _kernel(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    squared = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None] - 2 * a @ b.T
    return np.exp(-squared / (2 * _REACH_DM**2))
