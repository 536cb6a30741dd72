"""A depth map in colours, to be looked at: grey hides what differs little."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def depth_colours(values: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Return a map in the colours of matplotlib's `inferno`: black is farthest, by violet and red, yellow nearest.

    Its brightness rises evenly, so that near and far are told also without seeing colours.

    Args:
        values: ``float32 (h, w)`` in [0, 1].

    Returns:
        ``uint8 (h, w, 3)`` RGB.
    """
    import cv2

    grey = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(cv2.applyColorMap(grey, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB), np.uint8)
