"""Learns what is neutral in a driver's face, and takes it off."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vivant.graph.errors import VivantError
from vivant.graph.node import Node, NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.graph.params import Cost, NodeParams, param
from vivant.graph.port import latest, output, trigger
from vivant.nodes.face.calibration import (
    Calibration,
    LidEntry,
    calibration_file,
    read_calibration,
    write_calibration,
)
from vivant.nodes.face.lid_range import LEAST_CLOSED, MOST_OPEN, Lid, LidRange
from vivant.nodes.formats.arkit import BLENDSHAPES, INDEX
from vivant.nodes.formats.motion import FaceMotion
from vivant.nodes.puppet.posing import rotation_matrix, rotation_vector

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

SIDES = ("Left", "Right")
MOST_FRAMES = 240
MOST_AT_START = 0.35
"""How much of an expression is believed to be somebody's neutral face unasked: who smiles at the start, smiles."""
EASED_S = 0.15
"""Time constant with which another neutral is gone over to: the puppet must not snap."""
_LIDS = tuple(INDEX[f"eyeBlink{side}"] for side in SIDES)
_GAZE = tuple(index for name, index in INDEX.items() if name.startswith("eyeLook"))


class CalibrateParams(NodeParams):
    """What is learned, and where it is kept."""

    at_start_s: float = param(
        1.0, "Over how long the face is averaged for its neutral at the start, where none is kept; 0: not at all.",
        ge=0, le=10,
    )  # fmt: skip
    asked_s: float = param(1.0, "Over how long it is averaged when the neutral is asked for.", ge=0.1, le=10)
    expression: bool = param(True, "Take the neutral of the expression off, too; else of the head's turn alone.")
    learn_lids: bool = param(True, "Learn how far the lids open and close while they blink.")
    profile: str = param(
        "", "Under which name it is kept for this user and camera; empty: it is not. Offline nothing is kept or read.",
        max_length=40, cost=Cost.REOPEN,
    )  # fmt: skip


@dataclass(frozen=True)
class CalibrateInputs:
    """What is calibrated."""

    motion: Packet[FaceMotion | None] = trigger("A driver's motion; None: no face now.")
    device: Packet[str] | None = latest("Which camera it was seen by: each has a calibration of its own.")


@dataclass(frozen=True)
class CalibrateOutputs:
    """The result."""

    motion: FaceMotion | None = output("The motion from this person's own neutral; None: no face now.")


class FaceCalibrate(Node[CalibrateParams, CalibrateInputs, CalibrateOutputs], type="face.calibrate"):
    """Learns a driver's neutral face, pose and range of the lids, and tells motion from there.

    Neutral is what was kept from an earlier run, else the mean of the first second, else what the face does when the
    command comes. The lids are calibrated apart from the rest, by watching them blink or by command.
    """

    commands = {
        "neutral": "What the face does in the next second is its neutral.",
        "closed": "The eyes are closed in the next second: so far they close.",
        "forget": "Forget what was learned, and begin anew.",
    }

    _context: NodeContext | None = None

    def open(self, context: NodeContext) -> None:
        """Begin with nothing known; what was kept is read with the first motion, when its camera is known."""
        self._context = context
        self._keeps = bool(self.params.profile) and not context.offline
        self._file: Path | None = None
        self._unsafe = False
        self._begin(Calibration())

    def process(self, inputs: CalibrateInputs) -> CalibrateOutputs:
        """Calibrate one frame."""
        if self._context is None:
            raise RuntimeError("process() before open()")
        if self._keeps:
            self._find_file("" if inputs.device is None else inputs.device.value)
        motion, t_ns = inputs.motion.value, inputs.motion.t_ns
        if motion is None:
            return CalibrateOutputs(None)
        dt_s = 0.0 if self._last_ns is None else max(0.0, (t_ns - self._last_ns) / 1e9)
        self._last_ns = t_ns
        turn = rotation_vector(motion.rotation.astype(np.float64))
        self._gather(motion.weights, turn, t_ns)
        weights = motion.weights.copy()
        for index, side, lids in zip(_LIDS, SIDES, self._lids, strict=True):
            if self.params.learn_lids:
                lids.learn(float(weights[index]), float(weights[INDEX[f"eyeLookDown{side}"]]), dt_s)
            weights[index] = lids.lid(float(weights[index]))
        if self._rest is None or self._turn is None:
            self._rest, self._turn = np.zeros(52), turn
        share = 1 - float(np.exp(-min(dt_s, 1.0) / EASED_S))
        wanted_rest, wanted_turn = self._wanted
        self._rest = self._rest + share * (wanted_rest - self._rest)
        self._turn = self._turn + share * ((self._turn if wanted_turn is None else wanted_turn) - self._turn)
        rotation = motion.rotation.astype(np.float64) @ rotation_matrix(self._turn).T
        return CalibrateOutputs(
            FaceMotion(weights, rotation.astype(np.float32), motion.translation, self._rest.astype(np.float32))
        )

    def command(self, name: str) -> None:
        """Begin to gather what was asked for."""
        if self._context is None:
            return
        if name == "forget":
            if self._keeps and self._file is not None:
                self._file.unlink(missing_ok=True)
                self._unsafe = False
            self._begin(Calibration())
            self._context.notice("what was learned of the driver's face is forgotten")
            return
        self._asked, self._frames = name, deque(maxlen=MOST_FRAMES)
        self._until_ns = None

    def close(self, outcome: Outcome) -> None:
        """Keep what was learned of the lids."""
        if self._context is not None and outcome is not Outcome.FAILED and self._known() != self._kept:
            self._save()
        self._context = None

    def _begin(self, known: Calibration) -> None:
        self._kept = known
        self._rest: F64 | None = None
        self._turn: F64 | None = None
        self._wanted: tuple[F64, F64 | None] = (np.zeros(52), None)
        if known.turn is not None:
            self._wanted = known.rest_weights().astype(np.float64), np.array(known.turn, np.float64)
            self._rest, self._turn = self._wanted
        self._calibrated = known.turn is not None
        self._lids = [LidRange(known.lids[side].lid() if side in known.lids else None) for side in SIDES]
        self._last_ns: int | None = None
        self._asked = "" if known.turn is not None or self.params.at_start_s == 0 else "start"
        self._until_ns: int | None = None
        self._frames: deque[tuple[F32, F64]] = deque(maxlen=MOST_FRAMES)

    def _find_file(self, device: str) -> None:
        file = calibration_file(self.params.profile, device)
        if file == self._file:
            return
        assert self._context is not None
        self._file, self._unsafe = file, False
        try:
            known = read_calibration(file)
        except VivantError as error:
            # a driver without calibration is better than none; but what cannot be read is not overwritten
            self._unsafe = True
            self._context.notice(f"{error.what} ({file}: {error.remedy})")
            known = None
        self._begin(known or Calibration())

    def _gather(self, weights: F32, turn: F64, t_ns: int) -> None:
        if not self._asked:
            return
        length_s = self.params.at_start_s if self._asked == "start" else self.params.asked_s
        if self._until_ns is None:
            self._until_ns = t_ns + round(length_s * 1e9)
        self._frames.append((weights, turn))
        worn, turns = (np.array(part, np.float64) for part in zip(*self._frames, strict=True))
        if self._asked != "closed":
            # the median: a blink or a twitch within that second is nobody's neutral
            self._take_neutral(np.median(worn, axis=0), np.median(turns, axis=0))
        if t_ns < self._until_ns:
            return
        asked, self._asked = self._asked, ""
        if asked == "closed":
            self._take_closed(worn)
        if asked != "start":
            self._calibrated = True
            self._save()
            assert self._context is not None
            told = "the lids' closing" if asked == "closed" else "the neutral face"
            self._context.notice(f"{told} is calibrated" + (f" and kept in {self._file}" if self._file else ""))

    def _take_neutral(self, worn: F64, turn: F64) -> None:
        asked = self._asked == "neutral"
        rest = worn if asked else np.minimum(worn, MOST_AT_START)
        rest = rest if self.params.expression else np.zeros(52)
        # lids have a range of their own, and where somebody looks is not how the face rests
        for index, lids in zip(_LIDS, self._lids, strict=True):
            if asked:
                lids.lid = replace(lids.lid, open=float(min(MOST_OPEN, worn[index])))
            rest[index] = 0.0
        rest[list(_GAZE)] = 0.0
        self._wanted = rest, turn

    def _take_closed(self, worn: F64) -> None:
        for index, lids in zip(_LIDS, self._lids, strict=True):
            closed = float(np.quantile(worn[:, index], 0.7))
            lids.lid = Lid(lids.lid.open, min(1.0, max(LEAST_CLOSED, closed)))

    def _known(self) -> Calibration:
        rest, turn = self._wanted
        asked = self._calibrated and turn is not None
        return Calibration(
            rest={n: round(float(w), 4) for n, w in zip(BLENDSHAPES, rest, strict=True) if w > 0} if asked else None,
            turn=(round(float(turn[0]), 5), round(float(turn[1]), 5), round(float(turn[2]), 5))
            if asked and turn is not None
            else None,
            lids={
                side: LidEntry(open=round(lids.lid.open, 4), closed=round(lids.lid.closed, 4))
                for side, lids in zip(("Left", "Right"), self._lids, strict=True)
            }
            if any(lids.lid != Lid() for lids in self._lids)
            else {},
        )

    def _save(self) -> None:
        if not self._keeps or self._file is None:
            return
        assert self._context is not None
        if self._unsafe:
            self._context.notice(f"the calibration is not kept: {self._file} is there and cannot be read")
            return
        known = self._known()
        try:
            write_calibration(self._file, known)
        except VivantError as error:
            self._context.notice(f"{error.what} ({error.remedy})")
        else:
            self._kept = known
