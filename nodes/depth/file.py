"""Depth of a picture that is known: read from a file."""

from __future__ import annotations

from dataclasses import dataclass

from vivant.graph.errors import VivantError
from vivant.graph.node import Node, NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.graph.params import Cost, param
from vivant.graph.port import output, trigger
from vivant.nodes.depth.depth_extent import DepthExtentParams
from vivant.nodes.depth.depth_file import FilePolarity, Floats, read_depth_file
from vivant.nodes.formats.depth import DepthMap
from vivant.nodes.formats.picture import Picture
from vivant.nodes.sources.given_file import given_file

_SAME_SHAPE = 0.03
"""By how much the proportions of a map and its picture may differ: sizes are rounded."""


class DepthFileParams(DepthExtentParams):
    """Parameters of `depth.file`."""

    path: str = param("", "Depth map: PNG with 8 or 16 bits, .npy or .npz.", cost=Cost.REOPEN)
    polarity: FilePolarity = param(
        FilePolarity.DISPARITY,
        "What its numbers mean: disparity (larger is nearer), metric (a distance), inverted (larger is farther, "
        "but no distance).",
        cost=Cost.REOPEN,
    )


@dataclass(frozen=True)
class DepthFileInputs:
    """Inputs of `depth.file`."""

    frame: Packet[Picture] = trigger("The picture that the map belongs to.")


@dataclass(frozen=True)
class DepthFileOutputs:
    """Outputs of `depth.file`."""

    depth: DepthMap = output("Relative inverse depth, of the file's size.")


class DepthFile(Node[DepthFileParams, DepthFileInputs, DepthFileOutputs], type="depth.file"):
    """Reads the depth of a picture from a file: a stereo pair's, a scanner's, another program's."""

    _values: Floats | None = None

    def open(self, context: NodeContext) -> None:
        """Read the map, so that a fault shows before anything starts.

        Raises:
            VivantError: No such file, or no depth map that can be used.
        """
        file = given_file(context, self.params.path, "depth map")
        self._values, missing = read_depth_file(file, self.params.polarity)
        self._file = file
        if missing > 0:
            context.notice(f"{file.name}: {100 * missing:.1f} % of the depth map is missing, and filled from behind")
        if not self._values.any():
            context.notice(f"{file.name}: all of the depth map is equally far, so nothing moves before anything else")

    def process(self, inputs: DepthFileInputs) -> DepthFileOutputs:
        """Return the map.

        Raises:
            VivantError: It has other proportions than the picture.
        """
        values, picture = self._values, inputs.frame.value
        if values is None:
            raise RuntimeError("process() before open()")
        height, width = values.shape
        if abs(width * picture.height / (height * picture.width) - 1) > _SAME_SHAPE:
            raise VivantError(
                f"the depth map is {width} x {height} and does not fit a picture of {picture.width} x {picture.height}",
                where=str(self._file),
                remedy="give the map of this very picture; its size may differ, its proportions may not",
                exit_status=2,
            )
        return DepthFileOutputs(DepthMap(values, self.params.near, self.params.far))

    def close(self, outcome: Outcome) -> None:
        """Let go of the map."""
        self._values = None
