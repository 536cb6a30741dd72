"""Brows keep their own shape: they are lowered, raised, tilted and drawn together, and bend only a little.

Handles along the edges of a brow, each moved by itself, make of any brow the driver's: an arch that is lowered where it
is highest becomes a bar, and a brow whose upper edge comes down farther than its lower one becomes a line.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.details import BROW_ROWS

_PLACES = 5  # along a brow, from its tail to its head; at each an upper and a lower handle
_BEND = 0.2
"""How much is kept of what is neither a shift nor a tilt."""


def _stiffness() -> npt.NDArray[np.float64]:
    """What a brow's displacements become ``(10, 10)``, upper edge first."""
    line = np.stack([np.ones(_PLACES), np.linspace(-1.0, 1.0, _PLACES)])
    even = line.T @ np.linalg.inv(line @ line.T) @ line
    stiff = even + _BEND * (np.eye(_PLACES) - even)
    return np.tile(0.5 * stiff, (2, 2))


_STIFFNESS = _stiffness()


def brows_kept(displacements: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Let displacements of handles leave the shape of each brow.

    Both edges go the same way, and along the brow that way changes evenly (a line fitted by least squares), with a
    share of what differs from it.

    Args:
        displacements: ``(..., H, 2)``, those that are not of a brow stay as they are.

    Returns:
        The same, ``float64 (..., H, 2)``.
    """
    out = displacements.astype(np.float64)
    for rows in BROW_ROWS.reshape(2, 2 * _PLACES):  # the side; upper edge, then lower
        out[..., rows, :] = _STIFFNESS @ out[..., rows, :]
    return out
