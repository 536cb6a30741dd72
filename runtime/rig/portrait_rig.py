"""A portrait's rig alone: the part of a preset that makes the puppet, run once, without a driver."""

from __future__ import annotations

import json
import math
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph
from vivant.graph.preset import apply_overrides, load_preset
from vivant.graph.registry import Registry
from vivant.graph.validation import validate
from vivant.runtime.services import Services
from vivant.runtime.shipped_presets import find_preset
from vivant.runtime.still_run import run_still

if TYPE_CHECKING:
    from vivant.nodes.rig.sheet import Rig


def rig_of(portrait: str, preset: str, overrides: list[str], services: Services, stop: threading.Event) -> Rig:
    """Build the rig of a portrait as a preset would.

    Args:
        portrait: Absolute path of the picture, or the name of a sample.
        preset: A preset file or the name of one; it needs a node ``portrait`` and one of type ``puppet.build``.
        overrides: Texts ``node.param=value``.
        services: What nodes need from outside.
        stop: Set when the user wants to leave.

    Raises:
        VivantError: The preset cannot be used, or a node failed: no face, no such picture.
    """
    from vivant.nodes.rig.sheet import Rig

    graph = _graph(portrait, preset, overrides)
    builder = next((spec for spec in graph.nodes if spec.node_class.type == "puppet.build"), None)
    if builder is None or "portrait" not in graph:
        raise VivantError(
            f"the preset '{graph.name}' cannot be used here: it builds no puppet of a node called 'portrait'",
            remedy="see `vivant presets`; `portrait-video` is made for this",
            exit_status=2,
        )
    needed = graph.upstream([builder.id]) | {builder.id}
    part = replace(graph, nodes=tuple(spec for spec in graph.nodes if spec.id in needed))
    values = run_still(part, services, stop)
    if values is None:
        raise VivantError("interrupted: nothing was made")

    def given(name: str) -> Any:
        link = builder.links[name]
        return values[link.node][link.output].value

    made = values[builder.id].get("puppet")
    if made is None:
        raise VivantError("no puppet could be built of this picture: no face was found in it", where=portrait)
    retarget = next((spec.params for spec in graph.nodes if spec.node_class.type == "puppet.retarget"), None)
    return Rig(
        name=portrait if portrait.startswith("sample:") else Path(portrait).name,
        picture=given("frame"),
        fit=given("head"),
        matte=given("matte").values,
        depth=given("depth"),
        puppet=made.value,
        turn_limits_deg=_turn_limits_deg(made.value.turn_limits, retarget),
    )


def _turn_limits_deg(own: tuple[float, float, float, float], retarget: Any) -> tuple[float, float, float, float]:
    """Return what `puppet.retarget` holds turns to: what its parameters say, 0 or no such node: the picture's own."""
    pitch, yaw = (float(getattr(retarget, name, 0.0)) for name in ("most_pitch_deg", "most_yaw_deg"))
    up, down, left, right = (math.degrees(limit) for limit in own)
    return pitch or up, pitch or down, yaw or left, yaw or right


def _graph(portrait: str, preset: str, overrides: list[str]) -> Graph:
    path = find_preset(preset)
    document = apply_overrides(load_preset(path), [f"portrait.path={json.dumps(portrait)}", *overrides])
    return validate(document, Registry.installed(), path.parent, where=str(path))
