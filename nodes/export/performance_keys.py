"""A recorded performance as keys of an animation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vivant.nodes.formats.head_angles import change_of_angles, turned_by
from vivant.nodes.formats.puppet import Puppet
from vivant.nodes.formats.rotation import rotation_matrix
from vivant.nodes.puppet.posing import NECK_SHARE, pose
from vivant.nodes.puppet.retarget import eased
from vivant.nodes.sources.performance_clip import PerformanceClip

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PerformanceKeys:
    """Motion at evenly spaced times.

    Attributes:
        name: Of the performance.
        times_s: ``float32 (N,)``, from 0 on.
        weights: ``float32 (N, 52)``.
        turns: By joint, ``float32 (N, 4)`` unit quaternions x, y, z, w.
    """

    name: str
    times_s: F32
    weights: F32
    turns: dict[str, F32]


def performance_keys(puppet: Puppet, clip: PerformanceClip, rate_hz: float) -> PerformanceKeys:
    """Bring a performance onto a puppet as `puppet.retarget` does: turns ease into what the picture bears.

    Args:
        puppet: The puppet.
        clip: The performance.
        rate_hz: Keys per second; the last key lies at the end of the clip.
    """
    count = max(2, round(clip.duration_s * rate_hz) + 1)
    times = np.linspace(0, clip.duration_s, count)
    rest = puppet.head_rotation.astype(np.float64)
    weights, vectors = [], []
    for time in times:
        motion = clip.at(float(time))
        vector = turned_by(rest, change_of_angles(np.eye(3), motion.rotation.astype(np.float64)))
        for axis in (0, 1):
            vector[axis] = eased(float(vector[axis]), puppet.turn_limits[2 * axis + (1 if vector[axis] > 0 else 0)])
        vectors.append(vector)
        # lids meet and do not pass each other, whatever else closes them
        weights.append(pose(puppet, motion.weights, rotation_matrix(vector), np.zeros(3)).weights)
    turns = np.array(vectors)
    return PerformanceKeys(
        name=clip.name,
        times_s=times.astype(np.float32),
        weights=np.clip(np.array(weights), 0, 1).astype(np.float32),
        turns={"neck": quaternions(NECK_SHARE * turns), "head": quaternions((1 - NECK_SHARE) * turns)},
    )


def quaternions(vectors: F64) -> F32:
    """Return rotation vectors ``(N, 3)`` in radians as unit quaternions x, y, z, w, ``float32 (N, 4)``."""
    angle = np.linalg.norm(vectors, axis=1, keepdims=True)
    # sin(a/2)/a, also where a is 0
    return np.concatenate([0.5 * np.sinc(angle / (2 * np.pi)) * vectors, np.cos(angle / 2)], axis=1).astype(np.float32)
