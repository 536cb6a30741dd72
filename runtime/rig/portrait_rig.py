"""A portrait's rig alone: the part of a preset that makes the puppet, run once, without a driver."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, Any

from vivant.runtime.rig.puppet_graph import PuppetGraph
from vivant.runtime.services import Services

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

    made = PuppetGraph(portrait, preset, overrides)
    parts, puppet = made.puppet(services, stop)
    retarget = next((spec.params for spec in made.graph.nodes if spec.node_class.type == "puppet.retarget"), None)
    return Rig(
        name=parts.name,
        picture=parts.picture,
        fit=parts.fit,
        matte=parts.matte,
        depth=parts.depth,
        puppet=puppet,
        turn_limits_deg=_turn_limits_deg(puppet.turn_limits, retarget),
    )


def _turn_limits_deg(own: tuple[float, float, float, float], retarget: Any) -> tuple[float, float, float, float]:
    """Return what `puppet.retarget` holds turns to: what its parameters say, 0 or no such node: the picture's own."""
    pitch, yaw = (float(getattr(retarget, name, 0.0)) for name in ("most_pitch_deg", "most_yaw_deg"))
    up, down, left, right = (math.degrees(limit) for limit in own)
    return pitch or up, pitch or down, yaw or left, yaw or right
