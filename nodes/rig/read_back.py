"""Draws a puppet as it is asked, and reads the drawing with the tracker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from vivant.nodes.face.head_fit import tracker_rotation
from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.formats.face import FaceReading
from vivant.nodes.formats.puppet import Puppet
from vivant.nodes.formats.rotation import rotation_matrix, rotation_vector
from vivant.nodes.puppet.lip_contact import contact
from vivant.nodes.puppet.posing import pose, taken_over
from vivant.nodes.puppet.skinning import bone_matrices, change_of, skin
from vivant.nodes.puppet.veils import shown
from vivant.nodes.render.puppet_renderer import PuppetRenderer, is_software
from vivant.nodes.rig.probes import Probe

U8 = npt.NDArray[np.uint8]
Tracker = Callable[[U8], FaceReading | None]


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """What came of a probe.

    Attributes:
        probe: What was asked.
        pixels: The drawing, ``uint8 (h, w, 3)``.
        reading: What the tracker sees in it, None: no face.
        read: The mean score of the units that were asked; None where nothing was read or no unit was asked.
        turned_deg: Pitch, yaw and roll that the tracker sees, from the puppet at rest; None where nothing was read.
    """

    probe: Probe
    pixels: U8
    reading: FaceReading | None
    read: float | None
    turned_deg: tuple[float, float, float] | None


class ReadBack:
    """Plays a puppet for the tracker.

    Args:
        gl: ``moderngl.Context``.
        puppet: The puppet.
        tracker: Reads a drawing.
        size: Width and height of the drawings; None: the picture's.
    """

    def __init__(self, gl: Any, puppet: Puppet, tracker: Tracker, size: tuple[int, int] | None = None) -> None:
        self._puppet, self._tracker = puppet, tracker
        self._size = size or puppet.size
        self._renderer = PuppetRenderer(gl, self._size, 1 if is_software(gl) else 4)
        self._renderer.load(puppet)
        self._vertices = np.empty((len(puppet.plane), 7), np.float32)
        rest = tracker(self._draw(puppet.expression, np.eye(3)))
        self._rest = None if rest is None else tracker_rotation(rest).astype(np.float64)

    def draw(
        self, weights: npt.NDArray[np.float32], rotation: npt.NDArray[np.float64], details: npt.NDArray[np.float32]
    ) -> U8:
        """Draw the puppet, ``uint8 (h, w, 3)``.

        Args:
            weights: Expression ``(52,)``.
            rotation: Turn of the head from rest ``(3, 3)``.
            details: As `FaceMotion.details`.
        """
        touching = contact(self._puppet.lips, weights, details)
        return self._draw(weights, rotation, taken_over(self._puppet, weights, details), touching)

    def read(self, drawing: U8) -> FaceReading | None:
        """Read a drawing."""
        return self._tracker(drawing)

    def shoot(self, probe: Probe, *, read: bool = True) -> Shot:
        """Draw one probe and read it.

        Args:
            probe: What is asked. Without units the picture's own expression is kept where the head turns.
            read: Whether the tracker looks at it at all.
        """
        turn = np.radians(np.array(probe.turn_deg, np.float64))
        weights, touching = self._puppet.expression, None
        if not turn.any():
            weights = np.zeros(52, np.float32)
            weights[[INDEX[name] for name in probe.units]] = probe.weight
            touching = contact(self._puppet.lips, weights, None)
        pixels = self._draw(weights, rotation_matrix(turn), contact=touching)
        reading = self._tracker(pixels) if read else None
        if reading is None:
            return Shot(probe, pixels, None, None, None)
        score = float(np.mean([reading.scores[INDEX[name]] for name in probe.units])) if probe.units else None
        turned = None
        if self._rest is not None:
            vector = np.degrees(rotation_vector(tracker_rotation(reading).astype(np.float64) @ self._rest.T))
            turned = (float(vector[0]), float(vector[1]), float(vector[2]))
        return Shot(probe, pixels, reading, score, turned)

    def release(self) -> None:
        """Give everything back to OpenGL."""
        self._renderer.release()

    def _draw(
        self,
        weights: npt.NDArray[np.float32],
        rotation: npt.NDArray[np.float64],
        details: npt.NDArray[np.float32] | None = None,
        contact: npt.NDArray[np.float32] | None = None,
    ) -> U8:
        puppet = self._puppet
        bent = pose(puppet, weights, rotation, np.zeros(3), details, contact)
        matrices = bone_matrices(puppet.bones, bent.rotations, bent.translations)
        change = change_of(puppet, bent)
        skin(puppet, matrices, change, self._vertices)
        self._renderer.draw(self._vertices, shown(puppet, change))
        width, height = self._size
        data = np.frombuffer(self._renderer.framebuffer.read(components=3, alignment=1), np.uint8)
        return np.ascontiguousarray(data.reshape(height, width, 3)[::-1])
