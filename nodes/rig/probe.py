"""Finds out how a puppet answers to what it is asked, by looking at it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vivant.graph.node import Lane, Node, NodeContext, Outcome
from vivant.graph.packet import Packet, Tick
from vivant.graph.params import Cost, NodeParams, param
from vivant.graph.port import latest, output, tick
from vivant.nodes.formats.face import FaceReading
from vivant.nodes.formats.puppet import Puppet, Role
from vivant.nodes.formats.response import PuppetResponse

if TYPE_CHECKING:
    from vivant.nodes.rig.read_back import Tracker
    from vivant.nodes.rig.response_probe import Study


_MOST_FACES = 5
_OWN_WITHIN = 0.8
"""Face widths from where the puppet's face rests: as far as it turns, and not as far as another's face."""


class ProbeParams(NodeParams):
    """How a puppet is looked at."""

    enabled: bool = param(True, "Off: nothing is measured, the puppet does what it is asked as well as it can.",
                          cost=Cost.REOPEN)  # fmt: skip
    study: str = param(
        "",
        "A recording of the driver's motion (.npz, from output.motion): the puppet is looked at in its moments, too.",
        cost=Cost.REOPEN,
    )
    study_mirrored: bool = param(
        False, "Whether that driver is taken over mirrored, as puppet.retarget has it.", cost=Cost.REOPEN
    )


@dataclass(frozen=True)
class ProbeInputs:
    """The puppet."""

    tick: Packet[Tick] = tick()
    puppet: Packet[Puppet] = latest("The puppet.")


@dataclass(frozen=True)
class ProbeOutputs:
    """The result."""

    response: PuppetResponse | None = output("How the puppet answers; None: not measured (yet).")


class PuppetProbe(Node[ProbeParams, ProbeInputs, ProbeOutputs], type="puppet.probe", lane=Lane.RENDER, settles=True):
    """Draws a puppet in a hundred expressions and turns and reads them with the tracker that reads the driver.

    What comes of it lets `puppet.retarget` ask for what reads back as the driver. Kept by content: the second start
    takes it from disk. Offline it is measured before the first frame, live while the first frame stands still; what is
    not done then, or of a puppet that comes later, by a drawing or a reading at a time when nothing waits to be drawn.
    """

    _probing: Iterator[PuppetResponse | None] | None = None

    def open(self, context: NodeContext) -> None:
        """Take note of the places; the tracker is loaded only when there is something to measure.

        Raises:
            VivantError: There is no recording where `study` says, or it is none.
        """
        self._context = context
        self._puppet: Puppet | None = None
        self._response: PuppetResponse | None = None
        self._key: str | None = None
        self._study: Study | None = None
        if self.params.enabled and self.params.study:
            from vivant.nodes.formats.motion_recording import MotionRecording
            from vivant.nodes.rig.response_probe import Study
            from vivant.nodes.sources.given_file import given_file

            file = given_file(context, self.params.study, "recording of motion")
            self._study = Study(MotionRecording.load(file), self.params.study_mirrored)

    def process(self, inputs: ProbeInputs) -> ProbeOutputs:
        """Give what was measured, offline after measuring it."""
        if not self.params.enabled:
            return ProbeOutputs(None)
        if inputs.puppet.value is not self._puppet:
            self._begin(inputs.puppet.value)
        if self._context.offline:
            self._go_on(None)
        return ProbeOutputs(self._response)

    def spare(self) -> bool:
        """Measure on: one drawing or one reading."""
        self._go_on(1)
        return self._probing is not None

    def close(self, outcome: Outcome) -> None:
        """Give the drawing back."""
        self._stop()

    def _begin(self, puppet: Puppet) -> None:
        from vivant.nodes.face.anatomical_head import load_head
        from vivant.nodes.face.details import DetailScale
        from vivant.nodes.formats.build_cache import BuildCache, key_of
        from vivant.nodes.puppet.controls import control_maps
        from vivant.nodes.rig.response_probe import measured_response

        self._stop()
        self._puppet, self._response, self._key = puppet, None, None
        model = self._context.fetch("face_landmarker")
        if self._context.cache_dir is not None:
            fields = {f.name: getattr(puppet, f.name) for f in dataclasses.fields(puppet)}
            software = str(self._context.gl.info["GL_RENDERER"])
            self._key = key_of(_code_version(), model.read_bytes(), software, fields, self._study)
            stored = BuildCache(self._context.cache_dir / "responses").load(self._key)
            if stored is not None:
                self._response = PuppetResponse(**stored)
                return
        maps = control_maps(DetailScale(load_head()).units)
        self._probing = measured_response(self._context.gl, puppet, _tracker(model, puppet), maps, self._study)

    def _go_on(self, probes: int | None) -> None:
        from vivant.nodes.formats.build_cache import BuildCache

        if self._probing is None:
            return
        for number, response in enumerate(self._probing, 1):
            if response is not None:
                self._response = response
            if number == probes:
                return
            if probes is None and self._context.stopped():
                self._stop()
                return
        self._stop()
        if self._response is None:
            self._context.notice("the tracker hardly recognises the puppet: its expression is not corrected")
        elif self._key is not None and self._context.cache_dir is not None:
            fields = {f.name: getattr(self._response, f.name) for f in dataclasses.fields(self._response)}
            BuildCache(self._context.cache_dir / "responses").store(self._key, fields)

    def _stop(self) -> None:
        if self._probing is not None:
            self._probing.close()  # type: ignore[attr-defined]  # a generator
            self._probing = None


def _tracker(model: Path, puppet: Puppet) -> Tracker:
    """Read the puppet's own face, whoever else is in the picture."""
    from vivant.nodes.face.face_reader import FaceReader

    reader = FaceReader(model)
    skin = next(layer for layer in puppet.layers if layer.role is Role.SKIN)
    corners = puppet.plane[puppet.triangles.reshape(-1)[skin.first : skin.first + skin.count]]
    middle = corners.mean(axis=0)
    width, height = puppet.size
    own = np.array([0.5 + middle[0] * height / width, 0.5 - middle[1]])  # as shares of the drawing
    reach = _OWN_WITHIN * puppet.face_width

    def read(pixels: npt.NDArray[np.uint8]) -> FaceReading | None:
        size = np.array([pixels.shape[1], pixels.shape[0]])

        def away(face: FaceReading) -> float:
            return float(np.linalg.norm(face.points[:, :2].mean(axis=0) - own * size) / size[1])

        found = min(reader.search(pixels, _MOST_FACES), key=away, default=None)
        return found if found is not None and away(found) < reach else None

    return read


def _code_version() -> str:
    import vivant.shaders as shaders
    from vivant.nodes.formats.build_cache import code_version, key_of

    here = Path(__file__).parent
    folders = (here, here.parent / "render", Path(shaders.__file__).parent)
    files = sorted(path for folder in folders for path in folder.iterdir() if path.suffix in (".py", ".vert", ".frag"))
    return key_of(code_version(), [(path.name, path.read_bytes()) for path in files])
