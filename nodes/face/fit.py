"""From landmarks to an anatomical head: who it is, how the head is turned, what the face does."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from vivant.graph.node import Node, NodeContext
from vivant.graph.packet import Packet
from vivant.graph.params import Cost, NodeParams, param
from vivant.graph.port import output, trigger
from vivant.nodes.formats.face import FaceReading
from vivant.nodes.formats.head import HeadFit
from vivant.nodes.formats.motion import FaceMotion


class Mode(StrEnum):
    """What the fit is for."""

    MOVING = "moving"
    """A driver: its shape is learned from the first frames, then only pose and expression are solved."""
    STILL = "still"
    """A portrait: shape, expression and pose are solved together."""


class FitParams(NodeParams):
    """How faces are fitted."""

    mode: Mode = param(Mode.MOVING, "A driver or a portrait.", cost=Cost.REOPEN)
    shape_frames: int = param(5, "Over how many frames the driver's shape is averaged.", ge=1, le=60, cost=Cost.REOPEN)


@dataclass(frozen=True)
class FitInputs:
    """What is fitted."""

    face: Packet[FaceReading | None] = trigger("The face's landmarks.")


@dataclass(frozen=True)
class FitOutputs:
    """What was found."""

    motion: FaceMotion | None = output("Pose and 52 expression weights, None where there is no face.")
    head: HeadFit | None = output("The fitted head (mode still), else None.")


class FaceFit(Node[FitParams, FitInputs, FitOutputs], type="face.fit"):
    """Fits the anatomical head to landmarks: pose and 52 expression weights, or a portrait's whole head."""

    def open(self, context: NodeContext) -> None:
        """Load the head and compile the solver."""
        from vivant.nodes.face.anatomical_head import load_head
        from vivant.nodes.face.details import DetailReader, DetailScale
        from vivant.nodes.face.expression_solver import compile_solver
        from vivant.nodes.face.head_fit import load_fitter
        from vivant.nodes.face.head_turn import HeadTurn

        self._cache_dir = context.cache_dir
        if self.params.mode is Mode.STILL:
            return  # the fitter is made where there is something to fit
        head = load_head()
        self._fitter = load_fitter()
        self._details = DetailReader(DetailScale(head), self._fitter.units)
        self._turn = HeadTurn()
        self._shape: npt.NDArray[np.float64] | None = None
        self._seen = self._identity = 0
        self._solver = self._fitter.follow(self._fitter.prior_shape)
        self._fitter.invert()
        compile_solver()

    def process(self, inputs: FitInputs) -> FitOutputs:
        """Fit one face."""
        from vivant.nodes.face.head_fit import picture_space, tracker_rotation

        reading = inputs.face.value
        if reading is None:
            return FitOutputs(None, None)
        rotation = tracker_rotation(reading)
        translation = reading.transform[:3, 3].copy()
        if self.params.mode is Mode.STILL:
            head = self._still(reading)
            return FitOutputs(FaceMotion(head.weights, rotation, translation), head)
        if reading.identity != self._identity:
            self._identity, self._seen, self._shape = reading.identity, 0, None  # another person, another shape
            self._details.forget()
            self._turn.forget()
        learning = self._seen < self.params.shape_frames
        if learning:
            self._learn(self._fitter.shape_of(reading))
        points, tracked = picture_space(reading).astype(np.float64), rotation.astype(np.float64)
        weights, scale, turn, shift = self._solver.solve(points, reading.scores.astype(np.float64))
        local = (points - shift) @ turn / scale
        if learning:
            self._details.learn(local, weights)
            self._turn.learn(tracked, turn)
        details = self._details.read(local, weights)
        held = self._turn.blend(tracked, turn).astype(np.float32)
        motion = FaceMotion(weights.astype(np.float32), held, translation, details=details, scores=reading.scores)
        return FitOutputs(motion, None)

    def _still(self, reading: FaceReading) -> HeadFit:
        """Fit a portrait, or take the fit out of the cache."""
        from vivant.nodes.formats.build_cache import fields_of, kept

        def make() -> HeadFit:
            from vivant.nodes.face.head_fit import load_fitter

            return load_fitter().fit(reading)

        fit: HeadFit = kept(self._cache_dir, ("fit", reading), make, fields_of, _head_fit_of)
        return fit

    def _learn(self, shape: npt.NDArray[np.float64]) -> None:
        self._seen += 1
        before = np.zeros(len(shape)) if self._shape is None else self._shape
        self._shape = before + (shape - before) / self._seen
        self._solver.neutral = self._fitter.neutral_of(self._shape)


def _head_fit_of(arrays: dict[str, npt.NDArray[Any]]) -> HeadFit:
    from vivant.nodes.formats.build_cache import expected
    from vivant.nodes.formats.face import LANDMARK_COUNT

    def floats(name: str, *shape: int | None) -> npt.NDArray[np.float32]:
        return expected(arrays, name, np.float32, shape)

    def number(name: str) -> float:
        return float(expected(arrays, name, np.float64, ()))

    width, height = expected(arrays, "size", np.int64, (2,)).tolist()
    return HeadFit(
        neutral=floats("neutral", None, 3),
        shape=floats("shape", None),
        weights=floats("weights", 52),
        scale=number("scale"),
        rotation=floats("rotation", 3, 3),
        translation=floats("translation", 3),
        points=floats("points", LANDMARK_COUNT, 3),
        scores=floats("scores", 52),
        tracker_rotation=floats("tracker_rotation", 3, 3),
        size=(width, height),
        error=number("error"),
    )
