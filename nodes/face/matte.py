"""Which part of a picture is the person."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from vivant.graph.node import Node, NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.graph.params import NodeParams, param
from vivant.graph.port import output, trigger
from vivant.nodes.face.matte_edges import align_to_picture, close_gaps
from vivant.nodes.formats.depth import Matte
from vivant.nodes.formats.picture import Picture

Floats: TypeAlias = npt.NDArray[np.float32]

SMALLEST_PERSON = 0.005
"""A matte that covers less of the picture counts as: nobody found."""


class MatteMode(StrEnum):
    """What kind of pictures come."""

    STILL = "still"
    """Single pictures that have nothing to do with each other."""
    STREAM = "stream"
    """A video: the matte is steadied over time."""


class MatteParams(NodeParams):
    """Parameters of `face.matte`."""

    mode: MatteMode = param(
        MatteMode.STILL, "still: each picture alone; stream: a video, the matte is steadied over time."
    )
    refine: bool = param(True, "Align the edges to the picture: hair and shoulders, at some cost.")
    steadiness: float = param(
        0.4, "In a stream, how much of the matte before stays where they differ a little.", ge=0.0, le=0.9
    )


@dataclass(frozen=True)
class MatteInputs:
    """Inputs of `face.matte`."""

    frame: Packet[Picture] = trigger("The picture; where it has an alpha channel that varies, that is used.")


@dataclass(frozen=True)
class MatteOutputs:
    """Outputs of `face.matte`."""

    matte: Matte = output("1 where the person is, of the picture's size.")


class FaceMatte(Node[MatteParams, MatteInputs, MatteOutputs], type="face.matte"):
    """Cuts the person out of the picture: a matte with soft edges.

    MediaPipe's person segmenter, holes filled, edges aligned to the picture's own. A picture with a
    transparent background says itself what belongs to it. Where the segmenter sees nobody and the face was pointed
    out, the figure is cut out by its colours.
    """

    def __init__(self, params: MatteParams) -> None:
        super().__init__(params)
        self._segmenter: Any = None
        self._model = b""
        self._context: NodeContext | None = None
        self._before: Floats | None = None

    def open(self, context: NodeContext) -> None:
        """Load the segmenter.

        Raises:
            VivantError: The model file cannot be had or not be loaded.
        """
        from vivant.nodes.face.lite_model import LiteModel

        path = context.fetch("selfie_segmenter")
        self._model = path.read_bytes()
        self._segmenter = LiteModel(self._model, str(path))
        self._context = context
        self._before = None

    def process(self, inputs: MatteInputs) -> MatteOutputs:
        """Compute the matte of one picture."""
        picture = inputs.frame.value
        alpha = _own_alpha(picture)
        if alpha is not None:
            return MatteOutputs(Matte(alpha))
        if self.params.mode is MatteMode.STILL and picture.marks is None:
            return MatteOutputs(self._kept(picture))
        return MatteOutputs(self._made(picture))

    def close(self, outcome: Outcome) -> None:
        """Forget the network."""
        self._segmenter = None
        self._before = None

    def _kept(self, picture: Picture) -> Matte:
        """Take the matte of a single picture out of the cache, or make it."""
        from importlib.metadata import version

        from vivant.nodes.formats.build_cache import fields_of, kept

        assert self._context is not None
        made_from = ("matte", self._model, version("ai-edge-litert"), self.params.refine, picture.rgb)
        cache_dir = self._context.cache_dir
        matte: Matte = kept(cache_dir, made_from, lambda: self._made(picture), fields_of, partial(_matte_of, picture))
        return matte

    def _made(self, picture: Picture) -> Matte:
        confidence = self._segment(picture.rgb)
        if self.params.mode is MatteMode.STREAM:
            confidence = self._steady(confidence)
        if (confidence > 0.5).mean() < SMALLEST_PERSON:
            confidence = self._around_the_face(picture, confidence)
        values = close_gaps(confidence)
        if self.params.refine:
            rounds = 3 if self.params.mode is MatteMode.STILL else 1
            values = align_to_picture(values, picture.rgb, rounds)
        return Matte(np.ascontiguousarray(values, np.float32))

    def _segment(self, rgb: npt.NDArray[np.uint8]) -> Floats:
        """Return the confidence ``float32 (h, w)`` in [0, 1] that a pixel belongs to a person."""
        import cv2

        height, width = rgb.shape[:2]
        _, rows, columns, _ = self._segmenter.shape
        # Corners on corners, four neighbours: as MediaPipe gives it pictures, and as `align_to_picture` is set for.
        shrink = np.array([[width / columns, 0, 0], [0, height / rows, 0]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        small = cv2.warpAffine(rgb, shrink, (columns, rows), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        (found,) = self._segmenter.run(small.astype(np.float32) / np.float32(255))
        mask = np.nan_to_num(found.reshape(rows, columns))
        if mask.shape != (height, width):
            mask = np.asarray(cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
        return np.asarray(np.clip(mask, 0.0, 1.0), np.float32)

    def _around_the_face(self, picture: Picture, confidence: Floats) -> Floats:
        """Cut out by its colours the figure whose face was pointed out; else say that nobody is there."""
        if picture.marks is not None:
            from vivant.nodes.face.pointed_matte import matte_around

            cut = matte_around(picture.rgb, picture.marks)
            if cut is not None:
                return cut
        if self._context is not None:
            self._context.notice("no person was found in the picture: the matte is empty")
        return confidence

    def _steady(self, confidence: Floats) -> Floats:
        """Hold back small changes over time; large ones (the person moved) pass at once."""
        before = self._before
        if before is not None and before.shape == confidence.shape:
            change = np.abs(confidence - before)
            held = np.float32(self.params.steadiness) * np.clip(1.0 - change, 0.0, 1.0)
            confidence = (confidence + held * (before - confidence)).astype(np.float32)
        self._before = confidence
        return confidence


def _matte_of(picture: Picture, arrays: dict[str, npt.NDArray[Any]]) -> Matte:
    from vivant.nodes.formats.build_cache import expected

    values = expected(arrays, "values", np.float32, picture.rgb.shape[:2])
    if (values > 0.5).mean() < SMALLEST_PERSON:
        raise ValueError("nobody: that is said anew at every start")
    return Matte(values)


def _own_alpha(picture: Picture) -> Floats | None:
    """Return the picture's alpha channel where it says something, ``float32 (h, w)`` in [0, 1]."""
    if picture.pixels.shape[2] != 4:
        return None
    alpha = picture.pixels[..., 3]
    if alpha.min() == alpha.max():
        return None
    return np.ascontiguousarray(alpha, np.float32) / np.float32(255)
