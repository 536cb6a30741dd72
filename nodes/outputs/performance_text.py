"""Motion as the text of a recorded performance: the inverse of `vivant.nodes.sources.performance_clip`."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vivant.nodes.formats.arkit import BLENDSHAPES
from vivant.nodes.formats.head_angles import change_of_angles, rotation_of
from vivant.nodes.formats.motion import FaceMotion
from vivant.nodes.sources.head_angles import angles_of
from vivant.nodes.sources.performance_clip import HEAD_RANGES, VERSION

_DIGITS = 4


def performance_text(name: str, times_s: Sequence[float], motions: Sequence[FaceMotion], duration_s: float) -> str:
    """Write motion as JSON, one track a line.

    A performance begins at a neutral head. Where motion is not told from neutral, the first one counts as that of the
    head; expressions are as they are, as `puppet.retarget` takes them.

    Args:
        name: Of the performance.
        times_s: From 0 on, increasing; at least one.
        motions: As many.
        duration_s: From the last time on.
    """
    first = motions[0]
    columns: dict[str, list[float]] = {key: [] for key in (*BLENDSHAPES, *HEAD_RANGES)}
    for motion in motions:
        for key, weight in zip(BLENDSHAPES, motion.weights, strict=True):
            columns[key].append(min(max(float(weight), 0.0), 1.0))
        rest, start = (np.eye(3), np.zeros(3)) if motion.from_neutral else (first.rotation, first.translation)
        change = change_of_angles(np.asarray(rest, np.float64), motion.rotation.astype(np.float64))
        turns = np.degrees(angles_of(rotation_of(change)))
        for key, value in zip(HEAD_RANGES, (*turns, *(motion.translation - start)), strict=True):
            low, high = HEAD_RANGES[key]
            columns[key].append(min(max(float(value), low), high))
    tracks = ((key, _keys(times_s, np.round(values, _DIGITS))) for key, values in columns.items())
    lines = [f"    {json.dumps(key)}: {json.dumps(keys)}" for key, keys in tracks if any(value for _, value in keys)]
    head = json.dumps({"version": VERSION, "name": name, "duration_s": round(duration_s, 6)}, indent=2)
    return head[:-2] + ',\n  "tracks": {\n' + ",\n".join(lines) + "\n  }\n}\n"


def _keys(times_s: Sequence[float], values: npt.NDArray[np.float64]) -> list[list[float]]:
    """Return keys, without those between two of the same value."""
    kept = np.ones(len(values), bool)
    kept[1:-1] = (values[1:-1] != values[:-2]) | (values[1:-1] != values[2:])
    return [[round(times_s[index], 6), float(values[index])] for index in np.flatnonzero(kept).tolist()]
