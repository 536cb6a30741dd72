"""The first lines of every run: what draws, what computes, what the camera grants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vivant.runtime.station import Station

SOFTWARE = ("llvmpipe", "softpipe", "swiftshader", "software", "gdi generic")
"""Renderers that draw with the processor, as their names have it."""


def opening_lines(renderer: str | None, stations: Iterable[Station], loud: Sequence[str] = ()) -> list[str]:
    """Return what a run works with: one line, and one for each fall-back.

    Args:
        renderer: What draws, None when nothing does.
        stations: The nodes, opened. What a node says of itself: ``providers`` and ``providers_asked`` (what
            computes its network, what was to), ``granted`` (what its device gives, and what was asked for where that
            is another thing).
        loud: What there is to say of libraries that may report usage.
    """
    parts, warnings = [], []
    if renderer is not None:
        software = drawn_in_software(renderer)
        parts.append(f"drawing: {renderer} ({'software' if software else 'GPU'})")
        if software:
            warnings.append("WARNING: no graphics card is used: OpenGL runs on the processor, which takes frames")
    for station in stations:
        providers = station.providers
        if providers:
            parts.append(f"{station.id}: {_short(providers[0])}")
        asked = tuple(str(name) for name in station.told("providers_asked") or ())
        if providers and asked and providers[0] != asked[0]:
            warnings.append(
                f"WARNING: {station.id} was to run on {_short(asked[0])}, and runs on {_short(providers[0])}"
            )
        granted = station.told("granted")
        if granted:
            parts.append(f"{station.id}: {granted}")
    warnings += [f"WARNING: {line}" for line in loud]
    return (["; ".join(parts)] if parts else []) + warnings


def drawn_in_software(renderer: str) -> bool:
    """Whether a renderer, by its name, draws with the processor."""
    return any(word in renderer.lower() for word in SOFTWARE)


def _short(provider: str) -> str:
    return provider.removesuffix("ExecutionProvider")
