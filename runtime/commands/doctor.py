"""``vivant doctor``: what this computer has, and what is missing."""

from __future__ import annotations

import importlib
import platform
from collections.abc import Callable
from importlib import metadata
from typing import Literal

import typer

from vivant.runtime.onnx_probe import providers_in_use
from vivant.runtime.opening_lines import drawn_in_software
from vivant.runtime.telemetry import telemetry

_LIBRARIES = ("ai-edge-litert", "numpy", "numba", "moderngl", "glfw", "av", "pillow", "opencv-contrib-python")
_ENCODERS = ("libx264", "libvpx-vp9")
_DECODERS = ("h264", "hevc", "vp9", "libdav1d", "prores", "mjpeg")
_INFERENCE = ("onnxruntime", "onnxruntime-directml", "onnxruntime-gpu")


def doctor() -> None:
    """Look at OpenGL, ONNX Runtime, models, cameras, codecs, presets and telemetry, and say what is missing."""
    typer.echo(f"Vivant {metadata.version('vivant')}, Python {platform.python_version()}, {platform.platform()}")
    parts: tuple[tuple[str, Callable[[], list[str]]], ...] = (
        ("Libraries", _libraries),
        ("OpenGL", _opengl),
        ("Display", _display),
        ("ONNX Runtime", _providers),
        ("Model files", _models),
        ("Cameras", _cameras),
        ("Codecs", _codecs),
        ("Fonts", _fonts),
        ("Presets", _presets),
        ("Telemetry", _telemetry),
        ("Logs", _logs),
    )
    broken = []
    for title, look in parts:
        typer.echo(f"\n{title}")
        try:
            lines = look()
        except _FoundMissing as finding:
            broken.append(title)
            lines = finding.lines
        except Exception as error:  # a doctor does not fall over what is broken: that is the finding
            broken.append(title)
            lines = [f"MISSING: {line}" if i == 0 else line for i, line in enumerate(str(error).splitlines())]
            lines = lines or [f"MISSING: {type(error).__name__}"]
        for line in lines:
            typer.echo(f"  {line}")
    typer.echo("")
    if broken:
        typer.echo(f"Something is missing: {', '.join(broken)}.")
        raise typer.Exit(1)
    typer.echo("Everything that the presets need is here.")


class _FoundMissing(Exception):  # noqa: N818 - a finding, no fault
    """A part that can be described although something is missing."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(lines[-1])
        self.lines = lines


def _libraries() -> list[str]:
    return [f"{name} {_version(name) or 'MISSING'}" for name in _LIBRARIES]


def _opengl() -> list[str]:
    from vivant.runtime.gl_context import GLContext

    gl = GLContext.headless()
    try:
        renderer = gl.renderer
    finally:
        gl.release()
    if drawn_in_software(renderer):
        return [
            f"{renderer}: SOFTWARE",
            "WARNING: no graphics card is used; the processor draws: it works, with fewer frames per second",
        ]
    return [f"{renderer}: GPU"]


def _display() -> list[str]:
    from vivant.runtime.drawing import has_display

    return ["there is one" if has_display() else "none: `vivant run` needs --headless, `animate` needs none"]


def _providers() -> list[str]:
    installed = [f"{name} {version}" for name in _INFERENCE if (version := _version(name))]
    onnxruntime = importlib.import_module("onnxruntime")
    rows = [
        f"{name}: {'computes' if used else 'WARNING: is offered, but falls back to the processor'}"
        for name, used in providers_in_use(onnxruntime)
    ]
    return [*installed, *rows]


def _models() -> list[str]:
    from vivant.runtime.model_table import NEEDED
    from vivant.runtime.models import ModelStore, describe_models

    store = ModelStore()
    described = describe_models(store)
    rows = [
        f"{row.name}: {_model_state(row.state, row.name in NEEDED)}, "
        f"SHA-256 {store.table[row.name].sha256[:12]}..., {row.licence}"
        for row in described
    ]
    kept = f"kept in {store.cache_dir}"
    unusable = [row.name for row in described if row.name in NEEDED and row.state != "ready"]
    damaged = [row.name for row in described if row.state == "damaged"]
    if store.offline and unusable:
        raise _FoundMissing([*rows, f"{kept}; MISSING: {', '.join(unusable)}, and VIVANT_OFFLINE forbids fetching"])
    if damaged:
        raise _FoundMissing([*rows, f"{kept}; DAMAGED: {', '.join(damaged)}, will not be loaded: remove it there"])
    return [*rows, f"{kept}; what the presets need is fetched at its first use, or by `vivant models --fetch`"]


def _model_state(state: str, needed: bool) -> str:
    return "not fetched" + ("" if needed else " (no preset needs it)") if state == "missing" else state


def _cameras() -> list[str]:
    from vivant.runtime.camera_list import camera_lines

    return camera_lines(granted=True) or ["none found"]


def _codecs() -> list[str]:
    not_written = [name for name in _ENCODERS if not _has_codec(name, "w")]
    read = [name for name in _DECODERS if _has_codec(name, "r")]
    rows = [
        f"written: {', '.join(name for name in _ENCODERS if name not in not_written) or 'none'}",
        f"read: {', '.join(read) or 'none'}",
    ]
    if not_written:
        raise _FoundMissing([*rows, f"MISSING: {', '.join(not_written)}; install av (PyAV) from its wheel"])
    return rows


def _has_codec(name: str, mode: Literal["r", "w"]) -> bool:
    import av

    try:
        av.Codec(name, mode)
    except ValueError:
        return False
    return True


def _fonts() -> list[str]:
    from PIL import ImageFont

    font = ImageFont.load_default(15)
    name = " ".join(part for part in font.getname() if part) if isinstance(font, ImageFont.FreeTypeFont) else "bitmap"
    return [f"{name}, from Pillow: for the overlay (key o in the window)"]


def _presets() -> list[str]:
    from vivant.graph.preset import load_preset
    from vivant.graph.registry import Registry
    from vivant.graph.validation import validate
    from vivant.runtime.shipped_presets import shipped_presets

    registry = Registry.installed()
    for path in shipped_presets().values():
        validate(load_preset(path), registry, path.parent, where=str(path))
    return [f"valid: {', '.join(shipped_presets())}"]


def _telemetry() -> list[str]:
    from vivant.runtime.models import ModelStore

    return [
        *(library.told for library in telemetry()),
        "Vivant: has none; only model files are ever fetched"
        + (", and VIVANT_OFFLINE forbids even that" if ModelStore().offline else ""),
    ]


def _logs() -> list[str]:
    from vivant.runtime.faults import log_folder

    return [str(log_folder())]


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
