"""Depth of any picture by a monocular depth network."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from vivant.graph.errors import VivantError
from vivant.graph.node import Node, NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.graph.params import Cost, param
from vivant.graph.port import output, trigger
from vivant.nodes.depth.depth_extent import DepthExtentParams
from vivant.nodes.depth.depth_network import DepthNetwork, Normalize, Provider
from vivant.nodes.depth.depth_range import DepthRange
from vivant.nodes.depth.depth_steady import DepthSteady
from vivant.nodes.depth.scene_cut import SceneCut
from vivant.nodes.depth.still_depth import StillDepth
from vivant.nodes.formats.depth import DepthMap
from vivant.nodes.formats.picture import Picture

Floats: TypeAlias = npt.NDArray[np.float32]

EDGE_CELLS = 2.0
"""Window of the edge alignment, in pixels of the network's output: its edges are no finer than those."""
EDGE_EPS = 40.0
"""Contrast (squared, colours in 0..255) below which depth is smoothed across."""

_BEHIND_CLEAR = 255
"""Grey on which a picture with transparent parts is shown to the network: cut-outs on white it has seen in training."""

LEAST_DISTANCES = 0.1
"""Share of a map of distances that must be above 0: else they are none."""
_OUTSIDE = ("near", "far", "settle_s", "calm")  # parameters that leave the map of a still picture as it is


class Polarity(StrEnum):
    """What a network's numbers mean."""

    AUTO = "auto"
    """Metric where the file's name says so ("metric", "zoe", "unidepth"), else disparity."""
    DISPARITY = "disparity"
    """Larger is nearer."""
    METRIC = "metric"
    """A distance: larger is farther."""
    INVERTED = "inverted"
    """Larger is farther, but no distance: depth up to a scale and a shift, as diffusion models give it."""


class DepthOnnxParams(DepthExtentParams):
    """Parameters of `depth.onnx`."""

    model: str = param(
        "depth_anything_v2_small",
        "Name of a known model ('vivant models' lists them), or the path of an .onnx file.",
        cost=Cost.REOPEN,
        min_length=1,
    )
    size: int | None = param(
        None,
        "Shorter side of the network's input in pixels, where the model leaves it open (518 if not given).",
        cost=Cost.REOPEN,
        ge=32,
        le=2048,
    )
    normalize: Normalize = param(
        Normalize.IMAGENET,
        "Colours as the network wants them: imagenet, half (-1 to 1) or none (0 to 1).",
        cost=Cost.REOPEN,
    )
    polarity: Polarity = param(
        Polarity.AUTO,
        "What its numbers mean: disparity (larger is nearer), metric (a distance), inverted (larger is farther, but no "
        "distance), auto (by file name).",
    )
    provider: Provider = param(
        Provider.AUTO, "What computes it; auto takes a GPU where there is one.", cost=Cost.REOPEN
    )
    threads: int = param(2, "CPU threads within one operation.", cost=Cost.REOPEN, ge=1, le=64)
    settle_s: float = param(1.0, "Seconds in which the range from near to far follows a changed scene.", ge=0, le=60)
    # Measured with a synthetic network (tests/nodes/depth/test_video_depth.py prints the table).
    calm: float = param(
        0.75,
        "Of a video: how much of what was shown is kept from map to map where nothing moves; 0 takes each as it is.",
        ge=0,
        le=0.95,
    )
    align_edges: bool = param(True, "Align the edges of depth to those of the picture.")


@dataclass(frozen=True)
class DepthOnnxInputs:
    """Inputs of `depth.onnx`."""

    frame: Packet[Picture] = trigger("The picture.")


@dataclass(frozen=True)
class DepthOnnxOutputs:
    """Outputs of `depth.onnx`."""

    depth: DepthMap = output("Relative inverse depth, of the picture's size; farthest where that is transparent.")


class DepthOnnx(Node[DepthOnnxParams, DepthOnnxInputs, DepthOnnxOutputs], type="depth.onnx"):
    """Estimates depth with a neural network (any ONNX file that maps one picture to one map)."""

    def __init__(self, params: DepthOnnxParams) -> None:
        super().__init__(params)
        self._network: DepthNetwork | None = None
        self._still: StillDepth | None = None
        self._range = DepthRange(params.settle_s)
        self._steady = DepthSteady()
        self._cut = SceneCut()
        self._size = (0, 0)

    @property
    def providers(self) -> tuple[str, ...]:
        """What computes the network, in ONNX Runtime's names and order; empty while it is not open."""
        return self._network.providers if self._network is not None else ()

    @property
    def providers_asked(self) -> tuple[str, ...]:
        """What was to compute it: with another one first in `providers`, ONNX Runtime has fallen back."""
        return self._network.providers_asked if self._network is not None else ()

    def open(self, context: NodeContext) -> None:
        """Load the network and try it; of a still picture only once its depth is not found on disk.

        Raises:
            VivantError: The model cannot be had, is damaged, or is no depth network.
        """
        params = self.params
        is_file = params.model.lower().endswith(".onnx")
        path = context.resolve(params.model) if is_file else context.fetch(params.model)
        self._path, self._notice = path, context.notice
        if _says_metric(path) and params.polarity is Polarity.DISPARITY:
            context.notice(
                f"{path.name}: by its name it gives distances, and `polarity` says that larger is nearer: near and far "
                "may be exchanged"
            )
        if context.still:
            self._still = StillDepth(path, context.cache_dir)
        else:
            self._network = self._opened()
        self._begin()
        self._size = (0, 0)

    def _opened(self) -> DepthNetwork:
        params = self.params
        network = DepthNetwork(
            self._path,
            side=params.size,
            normalize=params.normalize,
            provider=params.provider,
            threads=params.threads,
        )
        wanted = params.provider not in (Provider.AUTO, Provider.CPU)
        if wanted and network.providers[0] == "CPUExecutionProvider":
            self._notice(f"{params.provider.value} cannot compute this network: the CPU does")
        if network.form.dtype is np.uint8 and params.normalize is not Normalize.IMAGENET:
            self._notice(f"{self._path.name} takes colours as bytes: `normalize` does nothing for it")
        return network

    def process(self, inputs: DepthOnnxInputs) -> DepthOnnxOutputs:
        """Estimate the depth of one picture.

        Raises:
            VivantError: The network fails, or gives nothing but NaN.
        """
        picture, p = inputs.frame.value, self.params
        begins = False
        if self._still is not None:
            settings = {name: value for name, value in dict(p).items() if name not in _OUTSIDE}
            values = self._still.of(picture.pixels, settings, lambda: self._of_still(picture))
        elif self._network is None:
            raise RuntimeError("process before open")
        else:
            values, begins = self._of_video(self._network, picture, inputs.frame.t_ns)
        return DepthOnnxOutputs(DepthMap(values, p.near, p.far, begins))

    def _of_still(self, picture: Picture) -> Floats:
        if self._network is None:
            self._network = self._opened()
        disparity = self._disparity(self._network, picture)
        return self._finished(DepthRange(0).normalise(disparity, 0, _seen(picture, disparity)), picture)

    def _of_video(self, network: DepthNetwork, picture: Picture, t_ns: int) -> tuple[Floats, bool]:
        size = (picture.width, picture.height)
        cut = self._cut.begins(picture.rgb)
        begins = cut or size != self._size
        if begins:  # another stream or scene: what was learned says nothing here
            self._size = size
            self._range, self._steady = DepthRange(self.params.settle_s), DepthSteady()
        disparity = self._disparity(network, picture)
        if self.params.calm > 0:
            disparity, unlike = self._steady.take(disparity, self.params.calm)
            if unlike and not begins:
                begins, self._range = True, DepthRange(self.params.settle_s)
        values = self._range.normalise(disparity, t_ns, _seen(picture, disparity))
        return self._finished(values, picture), begins

    def _begin(self) -> None:
        self._range = DepthRange(self.params.settle_s)
        self._steady = DepthSteady()
        self._cut = SceneCut()

    def _disparity(self, network: DepthNetwork, picture: Picture) -> Floats:
        raw = network.run(picture.rgb_over(_BEHIND_CLEAR))
        return _disparity(raw, _polarity(self.params.polarity, network.path), network.path)

    def _finished(self, values: Floats, picture: Picture) -> Floats:
        cell = max(picture.pixels.shape[:2]) / max(values.shape)
        values = _resize(values, picture.width, picture.height)
        if self.params.align_edges:
            values = _align(values, picture.rgb_over(_BEHIND_CLEAR), cell)
        if picture.pixels.shape[2] == 4:
            values = np.where(picture.pixels[..., 3] > 0, values, 0)
        return np.ascontiguousarray(np.clip(values, 0.0, 1.0), np.float32)

    def update(self, params: DepthOnnxParams) -> None:
        """Take over changed live parameters."""
        if params.polarity is not self.params.polarity:
            self._begin()  # what was near is far
        super().update(params)
        self._range.settle_s = params.settle_s

    def close(self, outcome: Outcome) -> None:
        """Release the network."""
        self._network = self._still = None


def _polarity(asked: Polarity, path: Path) -> Polarity:
    if asked is not Polarity.AUTO:
        return asked
    return Polarity.METRIC if _says_metric(path) else Polarity.DISPARITY


def _says_metric(path: Path) -> bool:
    return any(word in path.name.lower() for word in ("metric", "zoe", "unidepth"))


def _disparity(raw: Floats, polarity: Polarity, path: Path) -> Floats:
    """Return finite inverse depth; what is not finite becomes the farthest that is."""
    metric = polarity is Polarity.METRIC
    finite = np.isfinite(raw)
    good = finite & (raw > 1e-6) if metric else finite
    if metric and finite.any() and good.sum() < LEAST_DISTANCES * finite.sum():
        wrong = 100 * (1 - good.sum() / finite.sum())
        raise VivantError(
            f"Of what the depth network gives, {wrong:.0f} % is no distance: not above 0.",
            where=str(path),
            remedy="if larger is nearer for this network, set the node's parameter 'polarity' to disparity; else check "
            "'normalize'",
        )
    if not good.any():
        raise VivantError(
            "The depth network gives no usable number for this picture.",
            where=str(path),
            remedy="check the node's parameters 'normalize' and 'polarity'; half precision may overflow",
        )
    if metric:
        raw = np.divide(np.float32(1), raw, out=np.zeros_like(raw), where=good)
    elif polarity is Polarity.INVERTED:
        raw = -raw
    result: Floats = np.where(good, raw, raw[good].min()).astype(np.float32)
    return result


def _seen(picture: Picture, values: Floats) -> npt.NDArray[np.bool_] | None:
    """Return what of a map, ``bool (h, w)``, is of the opaque parts of its picture; None: all, or nothing at all."""
    if picture.pixels.shape[2] == 3:
        return None
    height, width = values.shape
    seen = _resize(picture.pixels[..., 3].astype(np.float32), width, height) > 127
    return seen if seen.any() else None


def _resize(values: Floats, width: int, height: int) -> Floats:
    import cv2

    shrinks = width < values.shape[1] or height < values.shape[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(values, (width, height), interpolation=method), np.float32)


def _align(values: Floats, rgb: npt.NDArray[np.uint8], cell: float) -> Floats:
    """Align edges with the guided filter (He, Sun, Tang: Guided Image Filtering, PAMI 2013)."""
    import cv2

    radius = max(2, round(EDGE_CELLS * cell))
    # colours stay in 0..255: OpenCV's filter takes most windows for singular when they are in [0, 1]
    filtered = np.asarray(cv2.ximgproc.guidedFilter(rgb, values, radius, EDGE_EPS), np.float32)
    return np.where(np.isfinite(filtered), filtered, values)
