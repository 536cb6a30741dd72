"""The first lines of every run: what draws, what computes, what the camera grants."""

from __future__ import annotations

from collections.abc import Iterable

from vivant.runtime.station import Station

SOFTWARE = ("llvmpipe", "softpipe", "swiftshader", "software", "gdi generic")
"""Renderers that draw with the processor, as their names have it."""
CPU_PROVIDER = "CPUExecutionProvider"


def opening_lines(renderer: str | None, stations: Iterable[Station]) -> list[str]:
    """Return what a run works with: one line, and one for each fall-back.

    Args:
        renderer: What draws, None when nothing does.
        stations: The nodes, opened. What a node says of itself: ``providers`` (of its network), ``granted`` (what
            its device gives, and what was asked for where that is another thing).
    """
    parts, warnings = [], []
    if renderer is not None:
        software = drawn_in_software(renderer)
        parts.append(f"drawing: {renderer} ({'software' if software else 'GPU'})")
        if software:
            warnings.append("WARNING: no graphics card is used: OpenGL runs on the processor, which takes frames")
    for station in stations:
        providers = tuple(str(name) for name in station.told("providers") or ())
        if providers:
            parts.append(f"{station.id}: {providers[0].removesuffix('ExecutionProvider')}")
        if providers[:1] == (CPU_PROVIDER,) and _graphics_wanted(station):
            warnings.append(f"WARNING: {station.id} asked for a graphics card, and runs on the processor")
        granted = station.told("granted")
        if granted:
            parts.append(f"{station.id}: {granted}")
    return (["; ".join(parts)] if parts else []) + warnings


def drawn_in_software(renderer: str) -> bool:
    """Whether a renderer, by its name, draws with the processor."""
    return any(word in renderer.lower() for word in SOFTWARE)


def _graphics_wanted(station: Station) -> bool:
    wanted = str(getattr(station.spec.params, "provider", "auto"))
    return wanted not in ("auto", "cpu")
