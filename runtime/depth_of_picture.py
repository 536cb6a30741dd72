"""From a picture to the files that say how deep it is."""

from __future__ import annotations

import io
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from vivant.graph.errors import VivantError
from vivant.graph.preset import apply_overrides
from vivant.graph.registry import Registry
from vivant.graph.validation import validate
from vivant.runtime.services import Services
from vivant.runtime.still_run import run_still

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from vivant.nodes.formats.depth import DepthMap


def depth_of_picture(
    picture: str,
    out: Path,
    preview: Path | None,
    model: str | None,
    overrides: list[str],
    services: Services,
    stop: threading.Event,
) -> tuple[int, int]:
    """Estimate the depth of a picture and write it, whole or not at all.

    Args:
        picture: Absolute path, or the name of a sample.
        out: The ``.png`` to write: 16 bits, white is near.
        preview: A ``.png`` or ``.jpg`` of it in colours, or None.
        model: Name of a known model or path of an ``.onnx`` file; None: the default.
        overrides: Texts ``node.param=value`` of the nodes `portrait` (source.image) and `depth` (depth.onnx).
        services: What nodes need from outside.
        stop: Set when the user wants to leave.

    Returns:
        Width and height of the map in pixels.

    Raises:
        VivantError: A file cannot be written, the picture cannot be read, the network cannot be had or fails, or the
            user interrupted it.
    """
    from vivant.nodes.outputs.part_file import PartFile, not_writable

    for path, endings in ((out, (".png",)), (preview, (".png", ".jpg", ".jpeg"))):
        if path is not None and path.suffix.lower() not in endings:
            raise VivantError(
                f"'{path.suffix}' is no ending of {'a depth map' if path is out else 'its preview'} that is written",
                where=str(path),
                remedy=f"use {' or '.join(endings[:2])}",
                exit_status=2,
            )
    if preview == out:
        raise VivantError(
            "the depth map and its preview cannot be one file",
            where=str(out),
            remedy="give another name after --preview",
            exit_status=2,
        )
    with ExitStack() as begun:  # before the work of seconds: what forbids to write shows at once
        parts = []
        for path in (out, preview):
            if path is not None:
                parts.append(PartFile(path))
                begun.callback(parts[-1].discard)
        values = _depth(picture, model, overrides, services, stop).values
        for part, data in zip(parts, _files(values, preview), strict=True):
            try:
                part.path.write_bytes(data)
            except OSError as error:
                raise not_writable(part.target, error) from error
        for part in reversed(parts):  # what was asked for comes last
            part.finish()
    return values.shape[1], values.shape[0]


def _depth(
    picture: str, model: str | None, overrides: list[str], services: Services, stop: threading.Event
) -> DepthMap:
    nodes = {
        "portrait": {"type": "source.image", "params": {"path": picture}},
        "depth": {
            "type": "depth.onnx",
            "params": {} if model is None else {"model": model},
            "inputs": {"frame": "portrait.frame"},
        },
    }
    document = apply_overrides({"version": 1, "name": "depth", "nodes": nodes}, overrides)
    graph = validate(document, Registry.installed(), Path.cwd(), where="vivant depth")
    values = run_still(graph, services, stop)
    if values is None or stop.is_set():
        raise VivantError("interrupted: nothing was made")
    made: DepthMap = values["depth"]["depth"].value
    return made


def _files(values: npt.NDArray[np.float32], preview: Path | None) -> list[bytes]:
    from PIL import Image

    from vivant.nodes.depth.depth_colours import depth_colours
    from vivant.nodes.depth.depth_png import depth_png

    files = [depth_png(values)]
    if preview is not None:
        written = io.BytesIO()
        kind = "PNG" if preview.suffix.lower() == ".png" else "JPEG"
        Image.fromarray(depth_colours(values)).save(written, format=kind, quality=92)
        files.append(written.getvalue())
    return files
