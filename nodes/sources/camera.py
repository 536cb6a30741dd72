"""A camera."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from vivant.graph.errors import VivantError
from vivant.graph.node import Emission, NodeContext, Outcome, Pace, Source
from vivant.graph.params import Cost, NodeParams, param
from vivant.graph.port import NoInputs, output
from vivant.nodes.formats.picture import Picture
from vivant.nodes.sources.camera_identity import (
    CameraIdentity,
    CameraPlaces,
    chosen_device,
    identify,
    is_plugged_in,
    present_device,
)
from vivant.nodes.sources.camera_list import Camera, list_cameras
from vivant.nodes.sources.camera_watch import CameraWatch, Sight
from vivant.nodes.sources.capture import Capture, Connect, connect

__all__ = ["Camera", "CameraOutputs", "CameraParams", "CameraSource", "list_cameras"]

Side = Annotated[int, Field(ge=32, le=8192)]
FIRST_TRIES = 10
FIRST_FRAME_S = 6.0
"""A camera may fail a few times while it starts; one that is in use elsewhere never stops failing."""
PATIENCE_S = 1.5
"""A frame that takes longer does not come: the slowest rate that may be asked for is 1 Hz."""


class CameraParams(NodeParams):
    """Parameters of `CameraSource`."""

    device: int | str = param(
        0, "Number of the camera as `vivant cameras` lists it, its name or a part of it, or a path.", cost=Cost.REOPEN
    )
    size: tuple[Side, Side] = param(
        (640, 480), "Width and height to ask for, in pixels; the camera decides.", cost=Cost.REOPEN
    )
    rate_hz: float = param(30.0, "Frames per second to ask for.", cost=Cost.REOPEN, ge=1, le=240)
    mirror: bool = param(True, "Flip left and right, so that the picture moves as a mirror does.")
    watch: bool = param(
        True,
        "Open the camera anew when its picture freezes or goes black. Off for a virtual camera that shows a still.",
        cost=Cost.REOPEN,
    )


@dataclass(frozen=True)
class CameraOutputs:
    """Outputs of `CameraSource`."""

    frame: Picture = output("The camera's newest frame.")
    device: str | None = output("Which camera it is, in words: with its first frame.", sometimes=True)


class CameraSource(
    Source[CameraParams, CameraOutputs],
    type="source.camera",
    pace=Pace.CAPTURE,
    patience_s=PATIENCE_S,
    exclusive=True,
):
    """Takes live pictures from a camera.

    It holds no queue: the engine's worker calls `process` again and again, each call returns the next frame
    of the device, and what nobody read by then is overwritten on the link. Frames that freeze, go black or are no
    pictures are kept back, and after `camera_watch.LIMIT_NS` they are an error, as is a read that fails: the
    engine holds the last frame and opens the camera anew, which is found again by what it is (`camera_identity`),
    not by its number. A read that blocks is the engine's to notice. What is slow, or of another size than asked
    for, is told and taken.
    """

    def __init__(self, params: CameraParams, connect: Connect = connect, places: CameraPlaces | None = None) -> None:
        """Take parameters, what opens a device, and where the system keeps its cameras."""
        super().__init__(params)
        self._connect = connect
        self._places = places or CameraPlaces()
        self.granted = ""
        """What the device gives, in words, beside what was asked for."""
        self._capture: Capture | None = None

    def open(self, context: NodeContext) -> None:
        """Connect the camera, ask for its format and wait for its first frame.

        Raises:
            VivantError: There is no such camera, it is in use or not permitted, or it delivers nothing.
        """
        self._context = context
        known: CameraIdentity | None = context.kept.get("identity")
        device = present_device(known, self._places) if known else chosen_device(self.params.device, self._places)
        capture = self._connect(device)
        try:
            if not capture.isOpened():
                raise _cannot_open(device)
            self._ask(capture)
            first = self._first_frame(capture, device)
            height, width = first.shape[:2]
            self._identity = context.kept["identity"] = known or identify(device, self._places)
            rate_hz = self._say_granted(capture, width, height)
        except BaseException:
            capture.release()
            raise
        self._device, self._size = device, (width, height)
        self._watch = CameraWatch(context.now_ns(), rate_hz, content=self.params.watch)
        self._watch.see(first, context.now_ns())
        self._announce = True
        self._capture = capture

    def process(self, inputs: NoInputs) -> Emission[CameraOutputs] | None:
        """Wait for the next frame; None when it is not worth passing on.

        Raises:
            VivantError: The camera delivers no more, or nothing of use for too long.
        """
        if self._capture is None:
            raise RuntimeError("process() before open()")
        grabbed = self._capture.grab()
        captured_ns = self._context.now_ns()
        good, frame = self._capture.retrieve() if grabbed else (False, None)
        if not grabbed:
            raise self._delivers_nothing()
        pixels = _pixels(frame, self.params.mirror) if good else None
        before = self._watch.sight
        worth = self._watch.see(pixels, captured_ns)
        if self._watch.lasting:
            raise _sees_nothing(self._watch.sight, self._identity)
        if not worth or pixels is None:
            return None
        if self._watch.sight is Sight.SLOW and before is not Sight.SLOW:
            self._context.notice(
                f"{self._identity}: gives {self._watch.rate_hz:.0f} frames per second; it may need more light or "
                "another socket, or the computer is too busy"
            )
        size = (pixels.shape[1], pixels.shape[0])
        if size != self._size:
            self._context.notice(
                f"{self._identity}: its pictures are {size[0]} x {size[1]} now, "
                f"they were {self._size[0]} x {self._size[1]}"
            )
            self._size = size
        device, self._announce = self._lasting_name() if self._announce else None, False
        return Emission(CameraOutputs(Picture(pixels), device), captured_ns)

    def reconnect(self, connected: frozenset[str]) -> None:
        """Say once more which camera it is: another node may want to know."""
        self._announce = True

    def update(self, params: CameraParams) -> None:
        """Take over whether left and right are flipped."""
        super().update(params)
        self._announce = True

    def close(self, outcome: Outcome) -> None:
        """Let go of the camera; its lamp goes out."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def _lasting_name(self) -> str:
        # faces that are flipped are other faces for whoever keeps something about them
        return self._identity.lasting_name + ("" if self.params.mirror else " unflipped")

    def _ask(self, capture: Capture) -> None:
        import cv2

        width, height = self.params.size
        # MJPG comes first: uncompressed, a large size is granted only at the few frames that USB can carry.
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        capture.set(cv2.CAP_PROP_FPS, self.params.rate_hz)
        # The driver's own queue would add its length to the latency.
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)

    def _first_frame(self, capture: Capture, device: int | str) -> npt.NDArray[np.uint8]:
        start_ns = self._context.now_ns()
        for _ in range(FIRST_TRIES):
            if capture.grab():
                good, frame = capture.retrieve()
                pixels = _pixels(frame, self.params.mirror) if good else None
                if pixels is not None:
                    return pixels
            if self._context.now_ns() - start_ns > FIRST_FRAME_S * 1e9:
                break
        raise VivantError(
            "the camera opens, but delivers no frame",
            where=f"camera {device}",
            remedy="close other programs that use it (a meeting, a browser tab), or plug it in again" + _found(device),
        )

    def _say_granted(self, capture: Capture, width: int, height: int) -> float:
        """Say what the camera gives where that is not what was asked for, and return the rate to expect."""
        import cv2

        rate_hz = capture.get(cv2.CAP_PROP_FPS)
        known = rate_hz > 0
        same_rate = not known or abs(rate_hz - self.params.rate_hz) < 0.5
        given = f"{width} x {height}" + (f" at {rate_hz:g} Hz" if known else "")
        self.granted = f"{given}, as asked"
        if (width, height) != self.params.size or not same_rate:
            asked = f"{self.params.size[0]} x {self.params.size[1]} at {self.params.rate_hz:g} Hz"
            self.granted = f"{given} (asked: {asked})"
            self._context.notice(f"{self._identity}: asked for {asked}, it gives {given}")
        return min(rate_hz, self.params.rate_hz) if known else self.params.rate_hz

    def _delivers_nothing(self) -> VivantError:
        gone = not is_plugged_in(self._device, self._places)
        return VivantError(
            "the camera is gone" if gone else "the camera delivers no more frames",
            where=str(self._identity),
            remedy="plug it in again; it is taken up as soon as it is there"
            if gone
            else "see that it is still plugged in and that no other program has taken it",
        )


def _sees_nothing(sight: Sight, identity: CameraIdentity) -> VivantError:
    told = {
        Sight.FROZEN: ("the camera is frozen: it gives the same picture again and again", "plug it in again"),
        Sight.BLACK: ("the camera's picture is black", "open its cover, make light, and allow this program to use it"),
        Sight.GARBLED: ("the camera gives frames that are no pictures", "try another cable, socket or size"),
    }
    what, remedy = told[sight]
    return VivantError(what, where=str(identity), remedy=remedy)


def _pixels(frame: Any, mirror: bool) -> npt.NDArray[np.uint8] | None:
    """Return OpenCV's frame, BGR or grey, as RGB ``uint8 (height, width, 3)`` of its own memory; None if it is none."""
    import cv2

    if not isinstance(frame, np.ndarray) or frame.dtype != np.uint8 or frame.size == 0:
        return None
    if frame.ndim not in (2, 3) or (frame.ndim == 3 and frame.shape[2] not in (1, 3)):
        return None
    conversion = cv2.COLOR_GRAY2RGB if frame.ndim == 2 or frame.shape[2] == 1 else cv2.COLOR_BGR2RGB
    rgb = cv2.cvtColor(frame, conversion)
    return np.ascontiguousarray(cv2.flip(rgb, 1) if mirror else rgb, dtype=np.uint8)


def _cannot_open(device: int | str) -> VivantError:
    """Tell a camera that is missing or forbidden from one that is in use, where the system lets us see."""
    where = f"camera {device}"
    in_use = "close other programs that use it (a meeting, a browser tab)" + _found(device)
    file = Path(f"/dev/video{device}" if isinstance(device, int) else device)
    if sys.platform != "linux" or not file.is_relative_to("/dev"):
        return VivantError(
            "this camera cannot be opened: it is not there, in use, or not permitted",
            where=where,
            remedy=in_use,
        )
    if not file.exists():
        return VivantError("there is no such camera", where=where, remedy=_others(device))
    if not os.access(file, os.R_OK | os.W_OK):
        return VivantError(
            "this camera may not be used",
            where=str(file),
            remedy="add yourself to its group, then log in again: sudo usermod -aG video $USER",
        )
    return VivantError("this camera cannot be opened: most likely another program uses it", where=where, remedy=in_use)


def _found(device: int | str) -> str:
    others = [camera for camera in list_cameras(probe=False) if camera.device != device]
    return f"; also found: {', '.join(map(str, others))}" if others else ""


def _others(device: int | str) -> str:
    others = _found(device)
    if others:
        return f"set device to a camera that is there{others}"
    return "no camera was found: plug one in, or drive the picture by a video (source.video, vivant animate)"
