"""The similarity that brings one set of points onto another."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.nearest_rotation import nearest_rotation

Array = npt.NDArray[np.float64]


def similarity(source: Array, target: Array, weights: Array) -> tuple[float, Array, Array]:
    """Least-squares similarity from `source` to `target`.

    Umeyama, "Least-squares estimation of transformation parameters between two point patterns", 1991, eq. 34-42,
    with weights.

    Args:
        source: Points ``(N, 3)``.
        target: Points ``(N, 3)``.
        weights: Non-negative ``(N,)``.

    Returns:
        Scale, rotation ``(3, 3)`` and translation ``(3,)`` with ``target = scale * R @ source + t``.
    """
    share = weights / weights.sum()
    source_mean, target_mean = share @ source, share @ target
    centred_source, centred_target = source - source_mean, target - target_mean
    covariance = (centred_target * share[:, None]).T @ centred_source
    rotation, along = nearest_rotation(covariance)
    scale = along / float(share @ (centred_source**2).sum(axis=1))
    return scale, rotation, target_mean - scale * rotation @ source_mean
