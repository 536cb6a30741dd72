"""A driver's motion, moment by moment and with all that the tracker knows of it, as a file of arrays (.npz).

A performance (`vivant.nodes.sources.performance_clip`) is for people and other programs: expression and head pose as
curves. This is for Vivant itself: what it plays moves a puppet exactly as the video did that it was read from.
"""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from vivant.graph.errors import VivantError
from vivant.nodes.formats.arkit import BLENDSHAPES
from vivant.nodes.formats.motion import FaceMotion

VERSION = 1
_FACE, _FROM_NEUTRAL, _DETAILED, _SCORED = 1, 2, 4, 8
_COUNT = len(BLENDSHAPES)


@dataclass(frozen=True, slots=True, eq=False)
class MotionRecording:
    """Moments of one driver.

    Attributes:
        times_ns: When each was, from 0 on and rising ``int64 (N,)``.
        motions: What was read; None: no face.
    """

    times_ns: npt.NDArray[np.int64]
    motions: tuple[FaceMotion | None, ...]

    def save(self, path: Path) -> None:
        """Write the file.

        Raises:
            OSError: It cannot be written.
        """
        details = next((m.details for m in self.motions if m is not None and m.details is not None), None)
        known = [(n, motion) for n, motion in enumerate(self.motions) if motion is not None]
        flags = np.zeros(len(self.motions), np.uint8)
        weights, scores = (np.zeros((len(self.motions), _COUNT), np.float32) for _ in range(2))
        rotation = np.zeros((len(self.motions), 3, 3), np.float32)
        translation = np.zeros((len(self.motions), 3), np.float32)
        beyond = np.zeros((len(self.motions), *(details.shape if details is not None else (0, 2))), np.float32)
        for n, motion in known:
            weights[n], rotation[n], translation[n] = motion.weights, motion.rotation, motion.translation
            flags[n] = _FACE | _FROM_NEUTRAL * motion.from_neutral
            if motion.details is not None:
                beyond[n], flags[n] = motion.details, flags[n] | _DETAILED
            if motion.scores is not None:
                scores[n], flags[n] = motion.scores, flags[n] | _SCORED
        with path.open("wb") as file:
            np.savez(
                file,
                version=np.int64(VERSION),
                times_ns=self.times_ns,
                flags=flags,
                weights=weights,
                rotation=rotation,
                translation=translation,
                details=beyond,
                scores=scores,
            )

    @classmethod
    def load(cls, path: Path) -> MotionRecording:
        """Read the file.

        Raises:
            VivantError: It cannot be read or is something else; exit status 2.
        """
        try:
            with np.load(path, allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
            return _of(arrays)
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error, MemoryError) as e:
            # numpy and zipfile raise many things when they read what was not written by them
            raise VivantError(
                f"this file is not a recording of motion: {e}",
                where=str(path),
                remedy="a recording of motion is a file .npz that output.motion wrote",
                exit_status=2,
            ) from None


def _of(arrays: dict[str, npt.NDArray[Any]]) -> MotionRecording:
    if int(arrays["version"]) != VERSION:
        raise ValueError(f"its version is {int(arrays['version'])}, not {VERSION}")
    times, flags = arrays["times_ns"].astype(np.int64), arrays["flags"]
    count = len(times)
    shapes = {"flags": (), "weights": (_COUNT,), "scores": (_COUNT,), "rotation": (3, 3), "translation": (3,)}
    for name, shape in shapes.items():
        if arrays[name].shape != (count, *shape):
            raise ValueError(f"'{name}' has the shape {arrays[name].shape}")
    details = arrays["details"].astype(np.float32)
    if details.ndim != 3 or details.shape[0] != count or details.shape[2] != 2:
        raise ValueError(f"'details' has the shape {details.shape}")
    if not count or (np.diff(times) < 0).any() or times[0] < 0:
        raise ValueError("its times do not rise")
    numbers = {name: arrays[name].astype(np.float32) for name in ("weights", "scores", "rotation", "translation")}
    if not all(np.isfinite(values).all() for values in (*numbers.values(), details)):
        raise ValueError("it holds what is no number")
    motions = tuple(
        FaceMotion(
            numbers["weights"][n],
            numbers["rotation"][n],
            numbers["translation"][n],
            from_neutral=bool(flag & _FROM_NEUTRAL),
            details=details[n] if flag & _DETAILED else None,
            scores=numbers["scores"][n] if flag & _SCORED else None,
        )
        if flag & _FACE
        else None
        for n, flag in enumerate(flags.astype(int).tolist())
    )
    return MotionRecording(times, motions)
