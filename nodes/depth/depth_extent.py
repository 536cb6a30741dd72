"""How deep a scene is: the parameters that every node has that tells depth without a scale of its own."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from vivant.graph.params import NodeParams, param


class DepthExtentParams(NodeParams):
    """From where to where relative depth reaches, in picture heights before and behind the picture's plane."""

    near: float = param(0.25, "z of the nearest part, in picture heights, toward the viewer.", ge=-10, le=1)
    far: float = param(-0.25, "z of the farthest part, in picture heights.", ge=-10, le=1)

    @model_validator(mode="after")
    def _near_before_far(self) -> Self:
        if self.near < self.far:
            raise ValueError("'near' must not be below 'far': z runs toward the viewer")
        return self
