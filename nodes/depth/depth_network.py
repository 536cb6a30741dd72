"""A monocular depth network in ONNX Runtime: what its file says about its input, and one run of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from vivant.graph.errors import VivantError
from vivant.nodes.depth.memory_limit import limit_networks

Floats: TypeAlias = npt.NDArray[np.float32]

DEFAULT_SIDE = 518
"""Side of the input where the model leaves it open: that of Depth Anything, 37 patches of 14 pixels."""

ELEMENT_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}


class Normalize(StrEnum):
    """What a network wants its colours to be."""

    IMAGENET = "imagenet"
    """Mean 0 and deviation 1 over ImageNet, per channel."""
    HALF = "half"
    """From -1 to 1."""
    NONE = "none"
    """From 0 to 1."""


class Provider(StrEnum):
    """What computes the network."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    TENSORRT = "tensorrt"
    DIRECTML = "directml"
    COREML = "coreml"
    OPENVINO = "openvino"


PROVIDER_NAMES = {
    Provider.CUDA: "CUDAExecutionProvider",
    Provider.DIRECTML: "DmlExecutionProvider",
    Provider.COREML: "CoreMLExecutionProvider",
    Provider.TENSORRT: "TensorrtExecutionProvider",
    Provider.OPENVINO: "OpenVINOExecutionProvider",
    Provider.CPU: "CPUExecutionProvider",
}
"""ONNX Runtime's names."""
AUTO_ORDER = (Provider.CUDA, Provider.DIRECTML, Provider.COREML, Provider.CPU)
"""What `auto` tries; TensorRT builds its engine for minutes and OpenVINO is a choice to be made."""


@dataclass(frozen=True)
class InputForm:
    """The picture that a network takes.

    Attributes:
        name: Name of the input.
        dtype: Element type; uint8 takes colours as they are.
        channels_first: Layout ``(3, h, w)``, otherwise ``(h, w, 3)``.
        batched: A batch axis of 1 stands before.
        height: Fixed height in pixels, or None where the model leaves it open.
        width: Fixed width in pixels, or None.
    """

    name: str
    dtype: Any
    channels_first: bool
    batched: bool
    height: int | None
    width: int | None


class DepthNetwork:
    """A depth network, opened and tried."""

    def __init__(
        self,
        path: Path,
        *,
        side: int | None = None,
        normalize: Normalize = Normalize.IMAGENET,
        provider: Provider = Provider.AUTO,
        threads: int = 2,
    ) -> None:
        """Open the model and run it once on black, so that what does not fit is known now.

        Args:
            path: The ``.onnx`` file; weights in files of their own must lie in its folder.
            side: Shorter side of the input in pixels where the model leaves it open.
            normalize: What the network wants its colours to be.
            provider: What computes it.
            threads: Threads within one operation.

        Raises:
            VivantError: The file is no model, or none that maps one picture to one map, or the provider is
                not there.
        """
        self.path = path
        self.normalize = normalize
        self._side = side or DEFAULT_SIDE
        self._session = open_session(path, provider, threads)
        self.form = _input_form(path, self._session)
        self.providers: tuple[str, ...] = tuple(self._session.get_providers())
        """What computes it, in ONNX Runtime's order of preference."""
        self.providers_asked = tuple(_choose_providers(provider, _available_providers()))
        """What was to compute it. ONNX Runtime says nothing when it falls back from there."""
        self._output = _output_name(self._session)
        black = np.zeros((self.form.height or self._side, self.form.width or self._side, 3), np.uint8)
        self.run(black)

    def run(self, rgb: npt.NDArray[np.uint8]) -> Floats:
        """Run the network on a picture ``uint8 (h, w, 3)``.

        Returns:
            Its output as it is, ``float32 (h', w')`` of the network's own size; it may hold NaN.

        Raises:
            VivantError: The network fails, or what comes out is no map.
        """
        form = self.form
        height, width = self._input_size(rgb.shape[0], rgb.shape[1])
        tensor = prepare(rgb, height, width, self.normalize, form)
        try:
            # not through IO binding: with picture and map on the CPU it spares no copy (1.02 for 0.96 ms, measured)
            (result,) = self._session.run([self._output], {form.name: tensor})
        except Exception as error:  # ONNX Runtime's exceptions have no common base but this
            if _is_out_of_memory(error):
                raise VivantError(
                    f"The depth network needs more memory than there is for an input of {width} x {height} pixels: "
                    f"{_first_line(error)}",
                    where=str(self.path),
                    remedy="set the node's parameter 'size' lower, close other programs, or use a smaller model",
                ) from error
            raise VivantError(
                f"The depth network fails on an input of {width} x {height} pixels: {_first_line(error)}",
                where=str(self.path),
                remedy="set the node's parameter 'size' to one that the network was made for",
            ) from error
        values = np.asarray(result, np.float32)
        values = values.reshape([n for n in values.shape if n != 1] or [1])
        if values.ndim != 2:
            raise VivantError(
                f"What the network gives is no depth map: '{self._output}' has the shape {tuple(np.shape(result))}.",
                where=str(self.path),
                remedy="use a network whose output is one map, (1, h, w) or (1, 1, h, w)",
            )
        return values

    def _input_size(self, height: int, width: int) -> tuple[int, int]:
        if self.form.height is not None and self.form.width is not None:
            return self.form.height, self.form.width
        # keep the picture's shape where the side tells the network's grid; otherwise a square is safe
        grid = next((g for g in (14, 32) if self._side % g == 0), None)
        free = [self._side, self._side]
        if grid is not None:
            scale = self._side / min(height, width)
            # at most 2:1, for a very long picture would need memory without end
            free = [min(max(grid, round(n * scale / grid) * grid), 2 * self._side) for n in (height, width)]
        return self.form.height or free[0], self.form.width or free[1]


def prepare(
    rgb: npt.NDArray[np.uint8], height: int, width: int, normalize: Normalize, form: InputForm
) -> npt.NDArray[Any]:
    """Turn a picture into a network's input.

    Args:
        rgb: ``uint8 (h, w, 3)``.
        height: Height of the input in pixels.
        width: Width of the input in pixels.
        normalize: What the network wants its colours to be.
        form: Layout and element type.

    Returns:
        The tensor, C-contiguous.
    """
    import cv2

    shrinks = height < rgb.shape[0] or width < rgb.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    small = np.asarray(cv2.resize(rgb, (width, height), interpolation=method))
    if form.dtype is not np.uint8:
        small = small.astype(np.float32) / np.float32(255)
        if normalize is Normalize.IMAGENET:
            mean = np.array([0.485, 0.456, 0.406], np.float32)
            deviation = np.array([0.229, 0.224, 0.225], np.float32)
            small = (small - mean) / deviation
        elif normalize is Normalize.HALF:
            small = small * np.float32(2) - np.float32(1)
    if form.channels_first:
        small = small.transpose(2, 0, 1)
    if form.batched:
        small = small[None]
    return np.ascontiguousarray(small, form.dtype)


def open_session(path: Path, provider: Provider, threads: int) -> Any:
    """Open an ``onnxruntime.InferenceSession`` that neither spins on idle cores nor reports home.

    Raises:
        VivantError: The file cannot be loaded, or the provider is not there.
    """
    if not path.is_file():
        raise VivantError(
            "There is no such model file.",
            where=str(path),
            remedy="give the path of an .onnx file or the name of a known model ('vivant models' lists them)",
        )
    # It reports usage to a server of its maker unless this stands in the environment before its import.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    options.log_severity_level = 4
    if limit_networks():
        options.add_session_config_entry("session.use_env_allocators", "1")
    names = _choose_providers(provider, _available_providers())
    if PROVIDER_NAMES[Provider.DIRECTML] in names:
        options.enable_mem_pattern = False  # DirectML refuses it
    try:
        return onnxruntime.InferenceSession(str(path), sess_options=options, providers=names)
    except Exception as error:  # ONNX Runtime's exceptions have no common base but this
        raise _load_error(path, error) from error


def _available_providers() -> list[str]:
    import onnxruntime

    return list(onnxruntime.get_available_providers())


def _choose_providers(provider: Provider, available: list[str]) -> list[str]:
    cpu = PROVIDER_NAMES[Provider.CPU]
    if provider is Provider.AUTO:
        return [PROVIDER_NAMES[p] for p in AUTO_ORDER if PROVIDER_NAMES[p] in available]
    name = PROVIDER_NAMES[provider]
    if name not in available:
        there = [p.value for p, n in PROVIDER_NAMES.items() if n in available]
        raise VivantError(
            f"This installation of ONNX Runtime cannot compute on '{provider.value}'.",
            remedy=f"set 'provider' to one of: auto, {', '.join(there)}; or install the onnxruntime package "
            f"made for {provider.value}",
            exit_status=2,
        )
    return [name] if name == cpu else [name, cpu]


def _load_error(path: Path, error: Exception) -> VivantError:
    text = _first_line(error)
    lowered = text.lower()
    if _is_out_of_memory(error):
        return VivantError(
            f"The model needs more memory than there is to be loaded: {text}",
            where=str(path),
            remedy="close other programs, or use a smaller model",
        )
    if "external data" in lowered or "external_data" in lowered or "data file" in lowered:
        return VivantError(
            f"The model keeps its weights in another file, which is missing or outside its folder: {text}",
            where=str(path),
            remedy="put the file with the weights beside the model, under the name it was made with",
        )
    return VivantError(
        f"The file is no ONNX model that can be loaded (damaged, cut off or too new): {text}",
        where=str(path),
        remedy="fetch or export the model again",
    )


def _input_form(path: Path, session: Any) -> InputForm:
    inputs = session.get_inputs()
    if len(inputs) != 1:
        names = ", ".join(f"'{i.name}'" for i in inputs)
        raise VivantError(
            f"The model has {len(inputs)} inputs ({names}); a depth network has one, the picture.",
            where=str(path),
            remedy="use a network that estimates depth from a single picture",
        )
    (only,) = inputs
    dtype = ELEMENT_TYPES.get(only.type)
    shape = list(only.shape)
    sizes = [n if isinstance(n, int) and n > 0 else None for n in shape]
    batched = len(shape) == 4
    channels_first = None
    if len(shape) in (3, 4) and (not batched or sizes[0] in (None, 1)):
        first, last = sizes[1 if batched else 0], sizes[-1]
        if first == 3:
            channels_first = True
        elif last == 3:
            channels_first = False
        elif first is None:
            channels_first = True  # nothing is said: the layout that nearly all exports have
    if dtype is None or channels_first is None:
        raise VivantError(
            f"The model's input '{only.name}' is no picture: {only.type} {shape}.",
            where=str(path),
            remedy="use a network that takes one RGB picture, (1, 3, h, w) or (1, h, w, 3)",
        )
    height, width = sizes[-2:] if channels_first else sizes[-3:-1]
    return InputForm(only.name, dtype, channels_first, batched, height, width)


def _output_name(session: Any) -> str:
    names: list[str] = [output.name for output in session.get_outputs()]
    # networks that also give a confidence or a focal length name the map after what it is
    named = [name for name in names if any(word in name.lower() for word in ("depth", "disp"))]
    return (named or names)[0]


def _is_out_of_memory(error: Exception) -> bool:
    if isinstance(error, MemoryError):
        return True
    text = str(error).lower()
    # of the processor, of a graphics card, and of the system: ONNX Runtime has no exception for it
    said = ("bad_alloc", "failed to allocate", "out of memory", "bad allocation", "available memory of")
    return any(words in text for words in said)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
