"""Makes a puppet of a portrait."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vivant.graph.node import Node, NodeContext
from vivant.graph.packet import Packet
from vivant.graph.params import NodeParams
from vivant.graph.port import latest, output, trigger
from vivant.nodes.formats.depth import DepthMap, Matte
from vivant.nodes.formats.head import HeadFit
from vivant.nodes.formats.picture import Picture
from vivant.nodes.formats.puppet import Puppet


class BuildParams(NodeParams):
    """Nothing to choose yet."""


@dataclass(frozen=True)
class BuildInputs:
    """All that is known of one picture; the depth map comes last."""

    depth: Packet[DepthMap] = trigger("Its depth.")
    frame: Packet[Picture] = latest("The picture.")
    head: Packet[HeadFit | None] = latest("The head fitted to its face.")
    matte: Packet[Matte] = latest("Which part of it is the person.")


@dataclass(frozen=True)
class BuildOutputs:
    """The result."""

    puppet: Puppet = output("Layers, mesh, bones and morphs.")


class PuppetBuild(Node[BuildParams, BuildInputs, BuildOutputs], type="puppet.build"):
    """Makes a puppet of a portrait: layers, mesh, bones and 52 morphs."""

    def open(self, context: NodeContext) -> None:
        """Load the head, and compile what bends a puppet.

        For `puppet.skin`, which opens in the render lane: there nothing else goes on meanwhile, not even an end that
        was asked for, and the first time of all it takes seconds.
        """
        from vivant.nodes.face.anatomical_head import load_head
        from vivant.nodes.puppet.skinning import compile_kernel

        compile_kernel()
        self._head = load_head()
        self._cache_dir = context.cache_dir

    def process(self, inputs: BuildInputs) -> BuildOutputs | None:
        """Build once all inputs speak of the same picture."""
        fit = inputs.head.value
        times = {inputs.depth.t_ns, inputs.frame.t_ns, inputs.head.t_ns, inputs.matte.t_ns}
        if fit is None or len(times) > 1:
            return None
        return BuildOutputs(self._puppet(inputs.frame.value.rgb, fit, inputs.matte.value.values, inputs.depth.value))

    def _puppet(
        self, pixels: npt.NDArray[np.uint8], fit: HeadFit, matte: npt.NDArray[np.float32], depth: DepthMap
    ) -> Puppet:
        """Take the puppet out of the cache, or make it."""
        from vivant.nodes.formats.build_cache import kept
        from vivant.nodes.puppet.assembly import assemble
        from vivant.nodes.puppet.puppet_arrays import from_arrays, to_arrays

        return kept(
            self._cache_dir,
            ("puppet", pixels, fit, matte, depth),
            lambda: assemble(self._head, pixels, fit, matte, depth),
            to_arrays,
            from_arrays,
        )
