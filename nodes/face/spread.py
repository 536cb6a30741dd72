"""Spreads what landmarks do over the skin between them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.landmark_sets import FACE_OVAL
from vivant.nodes.formats.arkit import INDEX

F32 = npt.NDArray[np.float32]

SURFACE = 468
"""How many landmarks lie on the skin; those behind are the irises, which lie on the eyeballs."""
_REACH_DM = 0.18
_TRUST = 0.02
_OVAL_TRUST = 1.0


class Spread:
    """Spreads displacements of landmarks smoothly over the head's surface: a Gaussian radial basis.

    Args:
        head: The anatomical head.
    """

    def __init__(self, head: AnatomicalHead) -> None:
        # Distances are measured on a head with open mouth and wide eyes: else the lips, which touch, would share
        # their displacements.
        parted = head.vertices + 0.7 * head.face_units[INDEX["jawOpen"]]
        for side in ("Left", "Right"):
            parted = parted + head.face_units[INDEX[f"eyeWide{side}"]]
        parted = parted.astype(np.float32)
        anchors = head.landmark_positions(parted)[:SURFACE].astype(np.float64)
        trust = np.full(SURFACE, _TRUST)
        trust[list(FACE_OVAL)] = _OVAL_TRUST
        # solved for some twenty times a portrait: inverted once
        self._inverse = np.linalg.inv(_kernel(anchors, anchors) + np.diag(trust))
        low, high = anchors.min(axis=0) - 3 * _REACH_DM, anchors.max(axis=0) + 3 * _REACH_DM
        self._near = np.flatnonzero(((parted > low) & (parted < high)).all(axis=1))
        self._reach = _kernel(parted[self._near].astype(np.float64), anchors)

    def spread(self, displacements: npt.NDArray[np.float64], count: int) -> F32:
        """Return the displacement of all `count` vertices, ``float32 (V, D)``.

        Args:
            displacements: Of the 468 surface landmarks, ``(468, D)``.
            count: Number of vertices of the head.
        """
        out = np.zeros((count, displacements.shape[1]), np.float32)
        out[self._near] = self._reach @ (self._inverse @ displacements)
        return out


def _kernel(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    squared = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None] - 2 * a @ b.T
    return np.asarray(np.exp(-squared / (2 * _REACH_DM**2)))
