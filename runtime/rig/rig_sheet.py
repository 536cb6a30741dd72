"""From a portrait to the sheet that shows its rig."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vivant.graph.errors import VivantError
from vivant.graph.node import NodeContext, Outcome
from vivant.graph.packet import Packet
from vivant.runtime.rig.portrait_rig import rig_of
from vivant.runtime.services import Services

if TYPE_CHECKING:
    from PIL import Image

    from vivant.nodes.rig.sheet import Rig


_OWN_WITHIN = 0.6  # face widths


def rig_sheet(
    portrait: str, preset: str, overrides: list[str], services: Services, stop: threading.Event
) -> Image.Image:
    """Draw the sheet of a portrait.

    Args:
        portrait: Absolute path of the picture, or the name of a sample.
        preset: Which graph makes the puppet.
        overrides: Texts ``node.param=value``.
        services: With OpenGL.
        stop: Set when the user wants to leave.

    Raises:
        VivantError: The rig cannot be built, or the user interrupted it.
    """
    from vivant.nodes.face.landmarks import FaceLandmarks, LandmarksParams, Mode
    from vivant.nodes.formats.picture import Picture
    from vivant.nodes.rig.probes import EXPRESSIONS, NEUTRAL, turns
    from vivant.nodes.rig.read_back import ReadBack
    from vivant.nodes.rig.sheet import draw_sheet

    if services.gl is None:
        raise RuntimeError("a sheet needs OpenGL")
    rig = rig_of(portrait, preset, overrides, services, stop)
    tracker = FaceLandmarks(LandmarksParams(mode=Mode.STILL, region=_own_region(rig)))
    # What the tracker has to say about drawings in which it sees no face is on the sheet.
    tracker.open(NodeContext(lambda: 0, Path(), services.fetch, lambda line: None, frozenset({"face"}), offline=True))

    def read(pixels: Any) -> Any:
        if stop.is_set():
            raise VivantError("interrupted: nothing was made")
        return tracker.look(Packet(Picture(np.ascontiguousarray(pixels)), 0, 0))

    try:
        player = ReadBack(services.gl.context, rig.puppet, read)
        try:
            shots = [player.shoot(probe) for probe in (NEUTRAL, *EXPRESSIONS, *turns(*rig.turn_limits_deg))]
        finally:
            player.release()
    finally:
        tracker.close(Outcome.DONE)
    return draw_sheet(rig, shots[0], shots[1 : 1 + len(EXPRESSIONS)], shots[1 + len(EXPRESSIONS) :])


def _own_region(rig: Rig) -> tuple[float, float, float, float]:
    """Return where in the picture the puppet's face stays however it turns: whoever else is there is not read."""
    width, height = rig.fit.size
    x, y = (float(v) for v in rig.fit.points[:, :2].mean(axis=0))
    reach = _OWN_WITHIN * rig.puppet.face_width
    left, right = (0.5 + (x + side * reach) * height / width for side in (-1, 1))
    top, bottom = (0.5 - (y - side * reach) for side in (-1, 1))
    return max(0.0, left), max(0.0, top), min(1.0, right), min(1.0, bottom)
