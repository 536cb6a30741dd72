"""Learns how a driver's face rests and how far its lids go, and tells motion from there."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from vivant.graph.errors import VivantError
from vivant.graph.node import Lane, Node, NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.graph.params import Cost, NodeParams, param
from vivant.graph.port import latest, output, trigger
from vivant.nodes.face.calibration import Calibration, calibration_file, read_calibration, write_calibration
from vivant.nodes.face.lid_range import LEAST_CLOSED, MOST_OPEN, Lid, LidRange
from vivant.nodes.face.neutral import LIDS, LOOKS, Neutral
from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.formats.motion import FaceMotion
from vivant.nodes.formats.rotation import rotation_vector

F64 = npt.NDArray[np.float64]
Side = Literal["Left", "Right"]

SIDES: tuple[Side, Side] = ("Left", "Right")
MOST_FRAMES = 120
FEWEST_FRAMES = 5
"""Fewer say nothing about somebody's rest: so many are waited for."""
MOST_AT_START = 0.35
"""How much of an expression is believed to be somebody's neutral face unasked: who smiles at the start, smiles."""
CALM_AT_START = 0.2
"""For this share of the first second an expression is weaker than what is taken for neutral."""
EASED_S = 0.15
"""Time constant with which another neutral is gone over to: the puppet must not snap."""
LONGEST_GAP_NS = 500_000_000
"""A face that was away for longer in the middle of it is measured anew."""
_DOWN = [INDEX[f"eyeLookDown{side}"] for side in SIDES]


class CalibrateParams(NodeParams):
    """What is learned, and where it is kept."""

    at_start_s: float = param(
        1.0,
        "Over how long the face is watched for its neutral at the start, where none is kept; 0: the first frame says "
        "how the head is turned, and expression stays as it is.",
        ge=0,
        le=10,
    )
    asked_s: float = param(1.0, "Over how long it is watched when a command asks for it.", ge=0.1, le=10)
    renew_s: float = param(
        0.0,
        "A face that comes after nobody was there for so long is somebody else's and learned anew, unless its "
        "neutral was asked for; 0: never.",
        ge=0,
        le=3600,
    )
    expression: bool = param(True, "Take the neutral off the expression, too; else off the head's turn alone.")
    lids: bool = param(True, "Learn how far the lids open and close while they blink, and stretch that to the whole.")
    profile: str = param(
        "", "Name under which it is kept for this user and camera; empty: it is not kept.", max_length=40,
        cost=Cost.REOPEN,
    )  # fmt: skip
    offline: bool = param(
        False,
        "Take the first frames for neutral offline, too, where else only the lids are calibrated.",
        cost=Cost.REOPEN,
    )


@dataclass(frozen=True)
class CalibrateInputs:
    """What is calibrated."""

    motion: Packet[FaceMotion | None] = trigger("A driver's motion; None: no face now.")
    device: Packet[str] | None = latest("Which camera it was seen by: each has a calibration of its own.")


@dataclass(frozen=True)
class CalibrateOutputs:
    """The result."""

    motion: FaceMotion | None = output("The motion from this person's own neutral; None: no face now.")


class _Watching(StrEnum):
    """What the face is watched for."""

    START = "start"
    NEUTRAL = "neutral"
    CLOSED = "closed"


class FaceCalibrate(
    # in the render lane: it takes a tenth of a millisecond, and a thread of its own would cost more than that
    Node[CalibrateParams, CalibrateInputs, CalibrateOutputs], type="face.calibrate", lane=Lane.RENDER, draws=False
):  # fmt: skip
    """Learns a driver's neutral face and the range of the lids, and tells motion from there.

    Neutral is what a command asked for, in this run or in an earlier one with the same camera, else what the face wears
    even in the calmest moments of the first second. The lids are calibrated apart from the rest: they are watched while
    they blink. Offline nothing is kept or read, and without the parameter `offline` only the lids are calibrated; a
    performance, which was written from neutral, passes as it is.
    """

    commands: ClassVar[Mapping[str, str]] = {
        "neutral": "What the face does in the next second is its neutral: look ahead, calmly.",
        "closed": "The eyes are closed in the next second: so far they close.",
        "forget": "Forget what was learned and kept, and begin anew.",
    }

    _context: NodeContext | None = None

    def __init__(self, params: CalibrateParams) -> None:
        """Begin with nothing known."""
        super().__init__(params)
        self._passes = self._keeps = False
        self._file: Path | None = None
        self._readable = True
        self._asked = 0
        self._last_ns: int | None = None
        self._watches: _Watching | None = None
        self._seen: deque[tuple[int, F64, F64]] = deque(maxlen=MOST_FRAMES)
        self._now: Neutral | None = None
        self._begin(Calibration())

    def open(self, context: NodeContext) -> None:
        """Take note of what is to be kept; it is read with the first motion, when its camera is known."""
        self._context = context
        self._passes = context.offline and not self.params.offline
        self._keeps = bool(self.params.profile) and not context.offline

    def process(self, inputs: CalibrateInputs) -> CalibrateOutputs:
        """Calibrate one frame."""
        motion, t_ns = inputs.motion.value, inputs.motion.t_ns
        if motion is None or motion.from_neutral:
            return CalibrateOutputs(motion)
        if self._keeps:
            self._find_file("" if inputs.device is None else inputs.device.value)
        passed_ns = 0 if self._last_ns is None else max(0, t_ns - self._last_ns)
        if 0 < self.params.renew_s * 1e9 < passed_ns and self._neutral is None:
            self._begin(Calibration())
            passed_ns = 0
        self._last_ns = t_ns
        if not self._passes:
            self._watch(motion, t_ns, passed_ns)
        motion = self._with_whole_lids(motion, passed_ns / 1e9)
        if self._passes:
            return CalibrateOutputs(motion)
        share = 1 - float(np.exp(-passed_ns / (EASED_S * 1e9)))
        self._now = self._wanted if self._now is None else self._now.towards(self._wanted, share)
        neutral = self._now if self.params.expression else Neutral(np.zeros(52), self._now.turn)
        return CalibrateOutputs(neutral.off(motion))

    def command(self, name: str) -> None:
        """Begin to watch for what was asked for."""
        if self._context is None:
            return
        if name == "forget":
            self._forget()
            return
        self._watches = _Watching(name)
        self._seen.clear()
        self._asked += 1
        how = "keep your eyes closed" if name == "closed" else "look ahead with a calm face"
        # numbered: a line that was said before is not said again
        self._context.notice(f"calibration {self._asked}: {how} for {self.params.asked_s:g} s")

    def close(self, outcome: Outcome) -> None:
        """Keep what was learned of the lids."""
        # a file that could not be read may be worth more than lids: only a command replaces it
        if self._context is not None and self._readable and self._known() != self._kept:
            self._save()
        self._context = None

    def _begin(self, kept: Calibration) -> None:
        self._kept = kept
        self._neutral = kept.neutral_face()
        self._wanted = self._neutral or Neutral(np.zeros(52), np.zeros(3))
        self._now = self._neutral
        self._lids = [LidRange(kept.lid(side)) for side in SIDES]
        self._last_ns = None
        self._watches = _Watching.START if self._neutral is None else None
        self._seen.clear()

    def _find_file(self, device: str) -> None:
        file = calibration_file(self.params.profile, device)
        if file == self._file:
            return
        assert self._context is not None
        self._file, self._readable = file, True
        try:
            kept = read_calibration(file)
        except VivantError as error:
            # a driver without calibration is better than none
            self._context.notice(f"{error.what} ({file}: {error.remedy})")
            kept, self._readable = None, False
        asked = self._watches if self._watches is not _Watching.START else None
        self._begin(kept or Calibration())
        self._watches = asked or self._watches  # it may have been asked for before the first face was seen

    def _watch(self, motion: FaceMotion, t_ns: int, passed_ns: int) -> None:
        """Take one frame in for what is watched for, if anything is."""
        if self._watches is None:
            return
        if passed_ns > LONGEST_GAP_NS:
            self._seen.clear()
        self._seen.append(
            (t_ns, motion.weights.astype(np.float64), rotation_vector(motion.rotation.astype(np.float64)))
        )
        at_start = self._watches is _Watching.START
        length_s = self.params.at_start_s if at_start else self.params.asked_s
        over = t_ns - self._seen[0][0] >= length_s * 1e9 and (length_s == 0 or len(self._seen) >= FEWEST_FRAMES)
        if not (over or at_start):
            return
        worn, turns = (np.array(part) for part in list(zip(*self._seen, strict=True))[1:])
        if self._watches is _Watching.CLOSED:
            for index, lids in zip(LIDS, self._lids, strict=True):
                closed = float(np.clip(np.quantile(worn[:, index], 0.7), LEAST_CLOSED, 1))
                lids.lid = Lid(lids.lid.open, closed)
        else:
            # the median: a blink or a twitch within that second is nobody's neutral
            weights, turn = np.median(worn, axis=0), np.median(turns, axis=0)
            if at_start:
                # unasked somebody may speak: worn is what stays in the calmest moments, too (the median took a driver's
                # speech for rest, and a tenth of the likeness of single expressions). One frame says nothing about rest
                weights = np.quantile(worn, CALM_AT_START, axis=0)
                weights = np.minimum(weights, MOST_AT_START if length_s > 0 else 0.0)
                weights[LOOKS] = 0.0  # where somebody happens to look is not how the face rests
            else:
                for index, lids in zip(LIDS, self._lids, strict=True):
                    lids.lid = replace(lids.lid, open=float(min(MOST_OPEN, weights[index])))
            self._wanted = Neutral.of(weights, turn)
        if over:
            self._finish()

    def _finish(self) -> None:
        watched, self._watches = self._watches, None
        if watched is _Watching.START:
            return
        if watched is _Watching.NEUTRAL:
            self._neutral = self._wanted
        assert self._context is not None
        told = "the closing of the lids" if watched is _Watching.CLOSED else "the neutral face"
        kept = f", kept in {self._file}" if self._save() else ""
        self._context.notice(f"calibration {self._asked}: {told} is known{kept}")

    def _with_whole_lids(self, motion: FaceMotion, dt_s: float) -> FaceMotion:
        if not self.params.lids:
            return motion
        weights = motion.weights.copy()
        for index, down, lids in zip(LIDS, _DOWN, self._lids, strict=True):
            lids.learn(float(weights[index]), float(weights[down]), dt_s)
            weights[index] = lids.lid(float(weights[index]))
        return replace(motion, weights=weights)

    def _forget(self) -> None:
        assert self._context is not None
        if self._keeps and self._file is not None:
            try:
                self._file.unlink(missing_ok=True)
            except OSError as error:
                raise VivantError(
                    f"the calibration cannot be deleted: {error.strerror or error}",
                    where=str(self._file),
                    remedy="delete the file",
                ) from error
        self._begin(Calibration())
        self._asked += 1
        self._context.notice(f"calibration {self._asked}: what was learned of the driver's face is forgotten")

    def _known(self) -> Calibration:
        return Calibration.of(self._neutral, {s: lids.lid for s, lids in zip(SIDES, self._lids, strict=True)})

    def _save(self) -> bool:
        """Keep what is known; return whether it is kept."""
        if not self._keeps or self._file is None:
            return False
        assert self._context is not None
        known = self._known()
        try:
            write_calibration(self._file, known)
        except VivantError as error:
            self._context.notice(f"{error.what} ({self._file}: {error.remedy})")
            return False
        self._kept, self._readable = known, True
        return True
