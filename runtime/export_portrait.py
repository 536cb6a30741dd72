"""From a portrait to files that other programs read."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from vivant.graph.errors import VivantError
from vivant.graph.problem import nearest_name
from vivant.runtime.recorded_performance import recorded_performance
from vivant.runtime.rig.puppet_graph import PuppetGraph
from vivant.runtime.services import Services
from vivant.runtime.shipped_presets import shipped_presets

if TYPE_CHECKING:
    from vivant.nodes.outputs.part_file import PartFile
    from vivant.nodes.sources.performance_clip import PerformanceClip

KEYS_HZ = 30.0


def export_portrait(
    portrait: str,
    out: Path,
    preset: str,
    overrides: list[str],
    services: Services,
    stop: threading.Event,
    *,
    performance: str | None = None,
    backdrop: bool = True,
    texture_px: int = 2048,
) -> dict[Path, int]:
    """Build the puppet of a portrait and write it, whole or not at all.

    Args:
        portrait: Absolute path of the picture, or the name of a sample.
        out: The file to write; its ending says what: .glb, .html, .obj or .ply.
        preset: Which graph makes the puppet.
        overrides: Texts ``node.param=value``.
        services: What nodes need from outside.
        stop: Set when the user wants to leave.
        performance: What is to be written as an animation: a performance, or a video of a face; or None.
        backdrop: Whether the picture without the person is written, too.
        texture_px: The longer side of a texture at most.

    Returns:
        The files that were written, and their sizes in bytes.

    Raises:
        VivantError: The file cannot be written, the puppet cannot be built, or the user interrupted it.
    """
    from vivant.nodes.export.kinds import check_kind, files_of

    check_kind(out, performance is not None)
    video = None if performance is None else _video(performance)
    clip = None if performance is None or video is not None else performance_clip(performance)
    with _begun(out) as first:  # before the work of a minute: what forbids to write shows at once
        parts = PuppetGraph(portrait, preset, overrides).parts(services, stop)
        from vivant.nodes.export.baking import bust_of
        from vivant.nodes.export.performance_keys import performance_keys
        from vivant.nodes.face.anatomical_head import load_head
        from vivant.nodes.puppet.assembly import assemble

        puppet = assemble(load_head(), parts.picture.rgb, parts.fit, parts.matte, parts.depth, whole=True)
        _go_on(stop)
        bust = bust_of(puppet, parts.name, backdrop=backdrop, most_px=texture_px)
        _go_on(stop)
        if video is not None:
            clip = recorded_performance(video, preset, overrides, services, stop)
        keys = None if clip is None else performance_keys(puppet, clip, KEYS_HZ)
        files = files_of(bust, out, keys)
        _go_on(stop)
        _write(files, first)
    return {path: len(data) for path, data in files.items()}


def _video(given: str) -> Path | None:
    """Return the video that is meant, or None: it is a performance, or nothing that is there."""
    file = Path(given).expanduser().absolute()
    return file if file.is_file() and file.suffix.lower() != ".json" else None


def performance_clip(given: str) -> PerformanceClip:
    """Read a performance: a file, or the name of one that comes with Vivant.

    Raises:
        VivantError: There is none, or it is not valid; exit status 2.
    """
    from vivant.nodes.sources.performance_clip import read_clip

    folder = next(iter(shipped_presets().values())).parent / "performances"
    shipped = {path.stem: path for path in sorted(folder.glob("*.json"))}
    file = Path(given).expanduser().absolute()
    if file.is_file():
        return read_clip(file)
    if given in shipped:
        return read_clip(shipped[given])
    beside = [path.name for path in file.parent.glob("*.json")] if file.parent.is_dir() else []
    nearest = nearest_name(file.name, [*beside, *shipped])
    raise VivantError(
        "there is no such performance",
        where=given,
        remedy=f"did you mean {nearest}?" if nearest else f"give a video, a .json file, or: {', '.join(shipped)}",
        exit_status=2,
    )


@contextmanager
def _begun(out: Path) -> Iterator[PartFile]:
    """Begin a file, and take it away unless it was finished."""
    from vivant.nodes.outputs.part_file import PartFile

    part = PartFile(out)
    try:
        yield part
    finally:
        part.discard()


def _write(files: dict[Path, bytes], first: PartFile) -> None:
    """Write all files beside their targets, then give them their names, the one that was asked for last."""
    from vivant.nodes.outputs.part_file import not_writable

    with ExitStack() as begun:
        parts = [first if path == first.target else begun.enter_context(_begun(path)) for path in files]
        for part, data in zip(parts, files.values(), strict=True):
            try:
                part.path.write_bytes(data)
            except OSError as error:
                raise not_writable(part.target, error) from error
        for part in parts:
            part.finish()


def _go_on(stop: threading.Event) -> None:
    if stop.is_set():
        raise VivantError("interrupted: nothing was made")
