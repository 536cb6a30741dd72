"""Depth of a portrait without any download."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from vivant.graph.node import Node, NodeContext
from vivant.graph.packet import Packet
from vivant.graph.params import NodeParams, param
from vivant.graph.port import latest, output, trigger
from vivant.nodes.formats.depth import DepthMap, Matte
from vivant.nodes.formats.head import HeadFit


class ReliefParams(NodeParams):
    """How deep the scene is."""

    room: float = param(1.5, "Distance of the background behind the person, in face widths.", ge=0, le=20)


@dataclass(frozen=True)
class ReliefInputs:
    """What depth is made from."""

    matte: Packet[Matte] = trigger("Which part of the picture is the person.")
    head: Packet[HeadFit | None] = latest("The head fitted to the same picture.")


@dataclass(frozen=True)
class ReliefOutputs:
    """The result."""

    depth: DepthMap = output("Depth of the picture.")


class DepthRelief(Node[ReliefParams, ReliefInputs, ReliefOutputs], type="depth.relief"):
    """Depth of a portrait from its fitted head and its matte; needs no download.

    The head gives its own true depth, hair and shoulders are inflated from the matte, smooth between.
    """

    def open(self, context: NodeContext) -> None:
        """Load the head."""
        from vivant.nodes.face.anatomical_head import load_head

        self._head = load_head()
        self._cache_dir = context.cache_dir

    def process(self, inputs: ReliefInputs) -> ReliefOutputs | None:
        """Make a depth map for one picture, or take it out of the cache."""
        from vivant.nodes.formats.build_cache import fields_of, kept

        fit, matte = inputs.head.value, inputs.matte.value.values
        if fit is None or inputs.head.t_ns != inputs.matte.t_ns:
            return None
        made_from = ("relief", self.params.room, fit, matte)
        return ReliefOutputs(
            kept(self._cache_dir, made_from, lambda: self._relief(fit, matte), fields_of, _depth_map_of)
        )

    def _relief(self, fit: HeadFit, matte: npt.NDArray[np.float32]) -> DepthMap:
        import cv2

        from vivant.nodes.face.head_depth import person_depth
        from vivant.nodes.face.placed_head import place_head

        depth = person_depth(self._head, fit, place_head(self._head, fit), matte)
        size = (depth.shape[1], depth.shape[0])
        person = cv2.resize(matte, size, interpolation=cv2.INTER_AREA)[...] > 0.5
        face_width = float(np.linalg.norm(fit.points[234] - fit.points[454]))
        near = float(depth.max())
        far = float(depth[person].min() if person.any() else depth.min()) - self.params.room * face_width
        values = np.where(person, (depth - far) / (near - far), 0).astype(np.float32)
        return DepthMap(np.clip(values, 0, 1), near, far)


def _depth_map_of(arrays: dict[str, npt.NDArray[Any]]) -> DepthMap:
    from vivant.nodes.formats.build_cache import expected

    values = expected(arrays, "values", np.float32, (None, None))
    near, far = (float(expected(arrays, name, np.float64, ())) for name in ("near", "far"))
    return DepthMap(values, near, far)
