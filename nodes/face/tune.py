"""Changes how single expressions are taken over."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from vivant.graph.node import Lane, Node
from vivant.graph.packet import Packet
from vivant.graph.params import NodeParams, param
from vivant.graph.port import output, trigger
from vivant.graph.problem import nearest_name, quoted
from vivant.nodes.formats.arkit import BLENDSHAPES, INDEX
from vivant.nodes.formats.motion import FaceMotion

F32 = npt.NDArray[np.float32]
LONGEST_GAP_NS = 250_000_000
"""After a longer silence smoothing begins anew."""


def _of_both_sides(name: str) -> str:
    return name.removesuffix("Left").removesuffix("Right")


SHORT_NAMES = frozenset(_of_both_sides(name) for name in BLENDSHAPES)
"""Names without their side, which speak of both sides, beside those that have none."""


def _known(name: str) -> str:
    if name not in INDEX and name not in SHORT_NAMES:
        nearest = nearest_name(name, (*BLENDSHAPES, *sorted(SHORT_NAMES)))
        raise ValueError(f"is no ARKit name; did you mean {quoted(nearest)}?" if nearest else "is no ARKit name")
    return name


ShapeName = Annotated[str, AfterValidator(_known)]
Share = Annotated[float, Field(ge=0, le=1)]


class ShapeTuning(BaseModel):
    """How one expression is taken over: first its input range, then the curve, then its output range."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    input: tuple[Share, Share] = Field((0.0, 1.0), description="What counts as none of it, and what as all.")
    output: tuple[Share, Share] = Field((0.0, 1.0), description="What none and all of it become.")
    curve: float = Field(1.0, ge=0.2, le=5, description="Exponent: above 1 the small ones become smaller.")
    smooth_ms: float = Field(0.0, ge=0, le=2000, description="Time constant of a low pass of its own; 0: none.")

    @field_validator("input")
    @classmethod
    def _rises(cls, value: tuple[float, float]) -> tuple[float, float]:
        if value[1] - value[0] < 0.01:
            raise ValueError("the second number must be larger than the first by at least 0.01")
        return value


class TuneParams(NodeParams):
    """What is changed."""

    shapes: dict[ShapeName, ShapeTuning] = param(
        {},
        'By ARKit name, without Left or Right for both sides: {"jawOpen": {"input": [0.05, 0.8], "output": [0, 1], '
        '"curve": 1.2, "smooth_ms": 0}}.',
    )


@dataclass(frozen=True)
class TuneInputs:
    """What is tuned."""

    motion: Packet[FaceMotion | None] = trigger("A driver's motion; None: no face now.")


@dataclass(frozen=True)
class TuneOutputs:
    """The result."""

    motion: FaceMotion | None = output("The motion with its expressions tuned; None: no face now.")


class FaceTune(
    # in the render lane for the reason of `face.calibrate`
    Node[TuneParams, TuneInputs, TuneOutputs], type="face.tune", lane=Lane.RENDER, draws=False
):  # fmt: skip
    """Gives single expressions an input range, an output range, a curve and a smoothing of their own.

    A name with its side wins over one without. Expressions that are not named pass as they are.
    """

    def __init__(self, params: TuneParams) -> None:
        """Take the table."""
        super().__init__(params)
        self._before: tuple[int, F32] | None = None
        self._read(params)

    def process(self, inputs: TuneInputs) -> TuneOutputs:
        """Tune one frame."""
        motion, t_ns = inputs.motion.value, inputs.motion.t_ns
        if motion is None or not len(self._index):
            self._before = None
            return TuneOutputs(motion)
        tuned = self._tuned(motion.weights[self._index])
        if self._before is not None and 0 < (passed_ns := t_ns - self._before[0]) <= LONGEST_GAP_NS:
            share = 1 - np.exp(-passed_ns / self._smooth_ns)
            tuned = np.asarray(self._before[1] + share.astype(np.float32) * (tuned - self._before[1]), np.float32)
        self._before = t_ns, tuned
        weights = motion.weights.copy()
        weights[self._index] = tuned
        return TuneOutputs(replace(motion, weights=weights))

    def update(self, params: TuneParams) -> None:
        """Take over another table; smoothing begins anew."""
        super().update(params)
        self._before = None
        self._read(params)

    def _read(self, params: TuneParams) -> None:
        shapes = params.shapes
        found = {i: shapes.get(name) or shapes.get(_of_both_sides(name)) for name, i in INDEX.items()}
        named = {index: tuning for index, tuning in found.items() if tuning is not None}
        self._index = np.array(list(named), np.intp)
        self._low, self._high = np.array([t.input for t in named.values()], np.float32).reshape(-1, 2).T
        self._floor, self._ceiling = np.array([t.output for t in named.values()], np.float32).reshape(-1, 2).T
        self._curve = np.array([t.curve for t in named.values()], np.float32)
        # a microsecond passes everything
        self._smooth_ns = np.array([max(t.smooth_ms * 1e6, 1e3) for t in named.values()])

    def _tuned(self, weights: F32) -> F32:
        share = np.clip((weights - self._low) / (self._high - self._low), 0, 1) ** self._curve
        return np.asarray(self._floor + share * (self._ceiling - self._floor), np.float32)
