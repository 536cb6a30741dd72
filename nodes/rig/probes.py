"""What a puppet is asked to do, to see what comes of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing that is asked.

    Attributes:
        name: For people.
        units: ARKit names that are worn at `weight`; all others are 0.
        weight: How strongly.
        turn_deg: Pitch (positive: down), yaw (positive: to the viewer's right) and roll of the head from rest.
    """

    name: str
    units: tuple[str, ...] = ()
    weight: float = 1.0
    turn_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)


def both(name: str) -> tuple[str, str]:
    """Return a unit's names on both sides."""
    return f"{name}Left", f"{name}Right"


NEUTRAL = Probe("neutral")

EXPRESSIONS: tuple[Probe, ...] = (
    Probe("blink", both("eyeBlink")),
    Probe("half closed", both("eyeBlink"), 0.5),
    Probe("wink right", ("eyeBlinkRight",)),
    Probe("wink left", ("eyeBlinkLeft",)),
    Probe("squint", both("eyeSquint")),
    Probe("wide", both("eyeWide")),
    Probe("look up", both("eyeLookUp")),
    Probe("look down", both("eyeLookDown")),
    Probe("look to the right", ("eyeLookOutRight", "eyeLookInLeft")),
    Probe("look to the left", ("eyeLookInRight", "eyeLookOutLeft")),
    Probe("brows up, inner", ("browInnerUp",)),
    Probe("brows up, outer", both("browOuterUp")),
    Probe("brows down", both("browDown")),
    Probe("jaw half open", ("jawOpen",), 0.5),
    Probe("jaw open", ("jawOpen",)),
    Probe("smile", both("mouthSmile")),
    Probe("smile on the right", ("mouthSmileRight",)),
    Probe("frown", both("mouthFrown")),
    Probe("pucker", ("mouthPucker",)),
    Probe("funnel", ("mouthFunnel",)),
    Probe("stretch", both("mouthStretch")),
    Probe("upper lip up", both("mouthUpperUp")),
    Probe("lower lip down", both("mouthLowerDown")),
    Probe("press", both("mouthPress")),
    Probe("roll", ("mouthRollLower", "mouthRollUpper")),
    Probe("mouth to the right", ("mouthRight",)),
    Probe("mouth to the left", ("mouthLeft",)),
)


def turns(up_deg: float, down_deg: float, left_deg: float, right_deg: float) -> tuple[Probe, ...]:
    """Return turns of the head up to the given limits, the viewer's left first, then up and down, then tilted."""
    yaws = [share * left_deg for share in (-1.0, -0.75, -0.5, -0.25)]
    yaws += [share * right_deg for share in (0.25, 0.5, 0.75, 1.0)]
    found = [Probe(f"yaw {yaw:+.0f}", turn_deg=(0.0, yaw, 0.0)) for yaw in yaws]
    found += [
        Probe(f"pitch {pitch:+.0f}", turn_deg=(pitch, 0.0, 0.0))
        for pitch in (-up_deg, -0.5 * up_deg, 0.5 * down_deg, down_deg)
    ]
    return (*found, *(Probe(f"roll {deg:+.0f}", turn_deg=(0.0, 0.0, deg)) for deg in (-15.0, 15.0)))
