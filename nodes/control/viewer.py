"""Makes a screen a window: who looks at it moves the camera."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from vivant.graph.errors import VivantError
from vivant.graph.node import Lane, Node, NodeContext
from vivant.graph.packet import Packet, Tick
from vivant.graph.params import NodeParams, param
from vivant.graph.port import latest, output, tick
from vivant.nodes.control.viewer_place import CameraPlace, eyes_before, followed, seen_from
from vivant.nodes.face.one_euro import OneEuro
from vivant.nodes.formats.camera_pose import CameraPose
from vivant.nodes.formats.face import FaceReading
from vivant.nodes.formats.scene import Scene

F64 = npt.NDArray[np.float64]
Place = Annotated[float, Field(ge=-500, le=500)]

_CALMEST_HZ, _QUICKEST_HZ = 0.4, 12.0
_HZ_PER_SPEED = 0.25  # by how many hertz more passes for each cm/s: at a head's usual 20 cm/s there is hardly a lag
_FOLLOW_S = 0.03  # bridges the time between two frames of the camera


class ViewerParams(NodeParams):
    """The screen, the camera on it, and how the view follows."""

    screen_height_cm: float = param(
        30.0, "Height of the picture as it is shown on the screen, in centimetres.", ge=1, le=2000
    )
    distance_cm: float = param(
        60.0, "From how far, straight ahead, the scene is seen as its picture, in centimetres.", ge=10, le=5000
    )
    camera_cm: tuple[Place, Place, Place] = param(
        (0.0, 16.0, 0.0),
        "Where the camera is, seen by the viewer: to the right of the picture's middle, above it, before it; cm.",
    )
    camera_tilt_deg: float = param(0.0, "How far the camera looks down, in degrees.", ge=-60, le=60)
    camera_fov_deg: float = param(
        45.0, "The camera's vertical field of view, in degrees: webcams have 40 to 55.", ge=10, le=120
    )
    mirrored: bool = param(
        True, "The camera's picture is flipped as a mirror's is (`mirror` of source.camera); a video's is not: false."
    )
    gain: float = param(1.0, "How many times as far the view goes as the viewer does; 1 is a window.", ge=0, le=4)
    calm: float = param(0.5, "0 follows at once; 1 is calmest and follows later.", ge=0, le=1)
    hold_s: float = param(1.0, "How long the view stays when the viewer is lost, in seconds.", ge=0.1, le=60)
    settle_s: float = param(2.5, "Over how long it then goes back to the middle, in seconds.", ge=0, le=60)
    fade_s: float = param(0.7, "Over how long it goes to a viewer who comes, in seconds.", ge=0, le=60)


@dataclass(frozen=True)
class ViewerInputs:
    """Who looks, and at what."""

    tick: Packet[Tick] = tick()
    face: Packet[FaceReading | None] | None = latest("The viewer's face, None where nobody is there.")
    scene: Packet[Scene] = latest("The scene that is looked at: how far it may be seen from aside.")


@dataclass(frozen=True)
class ViewerOutputs:
    """From where the scene is seen."""

    camera: CameraPose = output("The camera in the place of the viewer's eyes.")


class ControlViewer(
    Node[ViewerParams, ViewerInputs, ViewerOutputs], type="control.viewer", lane=Lane.RENDER, draws=False
):
    """Makes the screen a window: a scene behind it is seen from where the viewer's head is.

    A head that moves to the right sees more of what lies on the left behind the frame. Where nobody is there, the view
    eases back to the middle.
    """

    commands: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "middle": "Where the viewer's head is now, the scene is seen as its picture.",
            "forget": "The middle is again where the parameters say.",
        }
    )

    _live = True

    def __init__(self, params: ViewerParams) -> None:
        """Begin with nobody."""
        super().__init__(params)
        self._filter = self._new_filter()
        self._taken_ns: int | None = None
        self._seen_ns = 0
        self._identity: int | None = None  # of whoever was seen last
        self._watching: int | None = None  # of whom the view follows; None: nobody
        self._eyes = self._middle()
        self._off = np.zeros(3)  # taken from the eyes: where `middle` was said
        self._shown: F64 | None = None
        self._from = self._middle()
        self._from_ns = 0
        self._begins = False  # the view goes somewhere else from here on

    def open(self, context: NodeContext) -> None:
        """Take note of whether frames are drawn as they come, and of the middle that was said before a fault."""
        self._live = not context.offline
        self._kept = context.kept
        self._off = np.asarray(self._kept.get("off", self._off), np.float64)

    def process(self, inputs: ViewerInputs) -> ViewerOutputs:
        """Give the camera of one displayed frame."""
        now = inputs.tick.value
        if inputs.face is not None and inputs.face.value is not None and inputs.face.t_ns != self._taken_ns:
            self._take(inputs.face.value, inputs.face.t_ns)
        if self._taken_ns is not None and now.now_ns - self._seen_ns > self.params.hold_s * 1e9:
            self._identity = None
        if self._identity != self._watching or self._begins:
            self._watching, self._begins = self._identity, False
            self._from = self._middle() if self._shown is None else self._shown
            self._from_ns = now.now_ns
        self._follow(now)
        assert self._shown is not None
        p, scene = self.params, inputs.scene.value
        return ViewerOutputs(
            seen_from(
                self._shown,
                height_cm=p.screen_height_cm,
                distance_cm=p.distance_cm,
                eye_z=scene.eye_z,
                reach=scene.reach,
                gain=p.gain,
            )
        )

    def update(self, params: ViewerParams) -> None:
        """Take over another screen, camera or calm."""
        calm = self.params.calm
        super().update(params)
        if params.calm != calm:
            self._filter = self._new_filter()

    def command(self, name: str) -> None:
        """Say where the middle is.

        Raises:
            VivantError: Nobody is there whose place could be taken.
        """
        if name == "forget":
            self._off = np.zeros(3)
        elif self._watching is None:
            raise VivantError("nobody is there: the middle stays where it was", remedy="look at the camera, then again")
        else:
            self._off = self._eyes - self._middle()
        self._kept["off"] = self._off.tolist()
        self._begins = True

    def _take(self, face: FaceReading, t_ns: int) -> None:
        """Take in what the camera saw; steadied by the time at which it saw it."""
        p = self.params
        camera = CameraPlace(*p.camera_cm, p.camera_tilt_deg, p.camera_fov_deg, p.mirrored)
        eyes = eyes_before(face.transform, camera)
        dt_s = 0.0 if self._taken_ns is None else (t_ns - self._taken_ns) / 1e9
        if face.identity != self._identity or dt_s < 0:
            self._filter.reset()  # somebody else, or back after a while
        self._taken_ns = self._seen_ns = t_ns
        self._identity = face.identity
        # offline every frame has a face of its own, steadied from both sides: what comes late would only be worse
        self._eyes = self._filter(eyes, dt_s) if self._live and p.calm > 0 else eyes

    def _follow(self, now: Tick) -> None:
        """Go on toward where the view belongs."""
        p = self.params
        here = self._watching is not None
        target = self._eyes - self._off if here else self._middle()
        lasts_ns = (p.fade_s if here else p.settle_s) * 1e9
        share = min((now.now_ns - self._from_ns) / lasts_ns, 1.0) if lasts_ns > 0 else 1.0
        target = self._from + share * share * (3 - 2 * share) * (target - self._from)
        if self._shown is None or not self._live or p.calm == 0:
            self._shown = target
        else:
            self._shown = followed(self._shown, target, now.dt_ns / 1e9, _FOLLOW_S)

    def _middle(self) -> F64:
        return np.array([0.0, 0.0, self.params.distance_cm])

    def _new_filter(self) -> OneEuro:
        return OneEuro(_QUICKEST_HZ * (_CALMEST_HZ / _QUICKEST_HZ) ** self.params.calm, _HZ_PER_SPEED)
