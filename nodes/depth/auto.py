"""Depth of any picture: known where a file is given, else estimated."""

from __future__ import annotations

from dataclasses import dataclass

from vivant.graph.errors import VivantError
from vivant.graph.node import Node, NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.graph.params import Cost, param
from vivant.graph.port import output, trigger
from vivant.nodes.depth.depth_extent import DepthExtentParams
from vivant.nodes.depth.depth_file import FilePolarity
from vivant.nodes.depth.file import DepthFile, DepthFileInputs, DepthFileParams
from vivant.nodes.depth.onnx import DepthOnnx, DepthOnnxInputs, DepthOnnxParams
from vivant.nodes.formats.depth import DepthMap
from vivant.nodes.formats.picture import Picture


class DepthAutoParams(DepthExtentParams):
    """Parameters of `depth.auto`."""

    path: str = param(
        "", "Depth map: PNG with 8 or 16 bits, .npy or .npz; empty: a network estimates it.", cost=Cost.REOPEN
    )
    polarity: FilePolarity = param(
        FilePolarity.DISPARITY,
        "What the file's numbers mean: disparity (larger is nearer), metric (a distance), inverted (larger is "
        "farther, but no distance).",
        cost=Cost.REOPEN,
    )
    model: str = param(
        "depth_anything_v2_small",
        "The network: a known model ('vivant models' lists them), or the path of an .onnx file.",
        cost=Cost.REOPEN,
        min_length=1,
    )


@dataclass(frozen=True)
class DepthAutoInputs:
    """Inputs of `depth.auto`."""

    frame: Packet[Picture] = trigger("The picture.")


@dataclass(frozen=True)
class DepthAutoOutputs:
    """Outputs of `depth.auto`."""

    depth: DepthMap = output("Relative inverse depth.")


class DepthAuto(Node[DepthAutoParams, DepthAutoInputs, DepthAutoOutputs], type="depth.auto"):
    """Depth of any picture: from a file where one is given, else estimated by a network."""

    _file: DepthFile | None = None
    _network: DepthOnnx | None = None

    @property
    def providers(self) -> tuple[str, ...]:
        """What computes the network, as of `depth.onnx`; empty where a file is read."""
        return self._network.providers if self._network is not None else ()

    @property
    def providers_asked(self) -> tuple[str, ...]:
        """What was to compute it."""
        return self._network.providers_asked if self._network is not None else ()

    def open(self, context: NodeContext) -> None:
        """Read the file, or load the network.

        Raises:
            VivantError: The file is no depth map; or there is none, and the network cannot be had.
        """
        p = self.params
        if p.path:
            file = DepthFile(_file_params(p))
            file.open(context)
            self._file = file
            return
        network = DepthOnnx(_network_params(p))
        try:
            network.open(context)
        except VivantError as error:
            raise _or_a_file(error) from error
        self._network = network

    def process(self, inputs: DepthAutoInputs) -> DepthAutoOutputs:
        """Return the depth of one picture.

        Raises:
            VivantError: The map does not fit the picture, or the network fails.
        """
        if self._file is not None:
            return DepthAutoOutputs(self._file.process(DepthFileInputs(inputs.frame)).depth)
        if self._network is None:
            raise RuntimeError("process() before open()")
        try:
            return DepthAutoOutputs(self._network.process(DepthOnnxInputs(inputs.frame)).depth)
        except VivantError as error:  # of a still picture the network is opened only here
            raise _or_a_file(error) from error

    def update(self, params: DepthAutoParams) -> None:
        """Take over another extent."""
        super().update(params)
        if self._file is not None:
            self._file.update(_file_params(params))
        if self._network is not None:
            self._network.update(_network_params(params))

    def close(self, outcome: Outcome) -> None:
        """Let go of the map or the network."""
        for node in (self._file, self._network):
            if node is not None:
                node.close(outcome)
        self._file = self._network = None


def _file_params(p: DepthAutoParams) -> DepthFileParams:
    return DepthFileParams(path=p.path, polarity=p.polarity, near=p.near, far=p.far)


def _network_params(p: DepthAutoParams) -> DepthOnnxParams:
    return DepthOnnxParams(model=p.model, near=p.near, far=p.far)


def _or_a_file(error: VivantError) -> VivantError:
    instead = "or give a depth map: --set depth.path=FILE"
    return VivantError(
        error.what,
        where=error.where,
        remedy=f"{error.remedy}; {instead}" if error.remedy else instead,
        exit_status=error.exit_status,
    )
