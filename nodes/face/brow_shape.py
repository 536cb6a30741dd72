"""Brows keep their own shape: they are lowered, raised, tilted and drawn together, and bend only a little.

Handles along the edges of a brow, each moved by itself, make of any brow the driver's: an arch that is lowered where it
is highest becomes a bar, and a brow whose upper edge comes down farther than its lower one becomes a line.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.details import BROW_ROWS
from vivant.nodes.formats.arkit import BLENDSHAPES

_PLACES = 5  # along a brow, from its tail to its head; at each an upper and a lower handle
_BEND = 0.2
"""How much is kept of what is neither a shift nor a tilt."""
_RAISED_BEND, _RAISED_TILT = 0.5, 0.6
"""How much is kept of that, and of the tilt, where a unit raises a brow: one muscle lifts it from end to end, into more
of an arch. Tilted as far as the artist's units, which each lift one place, it would rise like a wing."""


def _stiffness(bend: float, tilt: float = 1.0) -> npt.NDArray[np.float64]:
    """What a brow's displacements become ``(10, 10)``, upper edge first."""
    line = np.stack([np.ones(_PLACES), np.linspace(-1.0, 1.0, _PLACES)])
    even = line.T @ np.linalg.inv(line @ line.T) @ line
    shift = np.full((_PLACES, _PLACES), 1 / _PLACES)
    stiff = shift + tilt * (even - shift) + bend * (np.eye(_PLACES) - even)
    return np.tile(0.5 * stiff, (2, 2))


_STIFFNESS, _RAISED_STIFFNESS = _stiffness(_BEND), _stiffness(_RAISED_BEND, _RAISED_TILT)
_RAISE = np.array([name.startswith(("browInnerUp", "browOuterUp")) for name in BLENDSHAPES])


def brows_kept(displacements: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Let displacements of handles leave the shape of each brow.

    Both edges go the same way, and along the brow that way changes evenly (a line fitted by least squares), with a
    share of what differs from it.

    Args:
        displacements: ``(..., H, 2)``, those that are not of a brow stay as they are.

    Returns:
        The same, ``float64 (..., H, 2)``.
    """
    return _kept(displacements, _STIFFNESS)


def brows_kept_by_units(displacements: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Let what the face units do leave the shape of each brow, as `brows_kept`; those that raise brows may bend them.

    Args:
        displacements: Of the handles by each unit, ``(52, H, 2)``.
    """
    return np.where(_RAISE[:, None, None], _kept(displacements, _RAISED_STIFFNESS), brows_kept(displacements))


def _kept(displacements: npt.NDArray[np.floating], stiffness: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    out = displacements.astype(np.float64)
    for rows in BROW_ROWS.reshape(2, 2 * _PLACES):  # the side; upper edge, then lower
        out[..., rows, :] = stiffness @ out[..., rows, :]
    return out
