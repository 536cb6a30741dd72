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
from vivant.nodes.sources.camera_list import Camera, list_cameras
from vivant.nodes.sources.capture import Capture, Connect, connect

__all__ = ["Camera", "CameraOutputs", "CameraParams", "CameraSource", "list_cameras"]

Side = Annotated[int, Field(ge=32, le=8192)]
FIRST_TRIES = 10
FIRST_FRAME_S = 6.0
"""A camera may fail a few times while it starts; one that is in use elsewhere never stops failing."""


class CameraParams(NodeParams):
    """Parameters of `CameraSource`."""

    device: int | str = param(0, "Number of the camera as `vivant cameras` lists it, or a path.", cost=Cost.REOPEN)
    size: tuple[Side, Side] = param(
        (640, 480), "Width and height to ask for, in pixels; the camera decides.", cost=Cost.REOPEN
    )
    rate_hz: float = param(30.0, "Frames per second to ask for.", cost=Cost.REOPEN, ge=1, le=240)
    mirror: bool = param(True, "Flip left and right, so that the picture moves as a mirror does.")


@dataclass(frozen=True)
class CameraOutputs:
    """Outputs of `CameraSource`."""

    frame: Picture = output("The camera's newest frame.")


class CameraSource(Source[CameraParams, CameraOutputs], type="source.camera", pace=Pace.CAPTURE):
    """Takes live pictures from a camera.

    It holds no queue: the engine's worker calls `process` again and again, each call returns the next frame
    of the device, and what nobody read by then is overwritten on the link. A read that fails is an error for
    the engine, which holds the last frame and tries again. Noticing a device that freezes (the same frame for
    ever, a read that never returns) and connecting it anew belong around `_capture`, in `process`.
    """

    def __init__(self, params: CameraParams, connect: Connect = connect) -> None:
        """Take parameters, and what opens a device."""
        super().__init__(params)
        self._connect = connect
        self.granted = ""
        """What the device gives, in words; told in the first lines of a run."""
        self._capture: Capture | None = None

    def open(self, context: NodeContext) -> None:
        """Connect the camera, ask for its format and wait for its first frame.

        Raises:
            VivantError: There is no such camera, it is in use or not permitted, or it delivers nothing.
        """
        self._context = context
        device = _device(self.params.device)
        capture = self._connect(device)
        try:
            if not capture.isOpened():
                raise _cannot_open(device)
            self._ask(capture)
            first = self._first_frame(capture, device)
            self._say_granted(capture, first.shape[1], first.shape[0])
        except BaseException:
            capture.release()
            raise
        self._capture = capture

    def process(self, inputs: NoInputs) -> Emission[CameraOutputs]:
        """Wait for the next frame.

        Raises:
            VivantError: The camera delivers no more.
        """
        if self._capture is None:
            raise RuntimeError("process() before open()")
        grabbed = self._capture.grab()
        captured_ns = self._context.now_ns()
        good, frame = self._capture.retrieve() if grabbed else (False, None)
        if not good or frame is None:
            raise VivantError(
                "the camera delivers no more frames",
                where=f"camera {self.params.device}",
                remedy="see that it is still plugged in and that no other program has taken it",
            )
        return Emission(CameraOutputs(Picture(_pixels(frame, self.params.mirror))), captured_ns)

    def close(self, outcome: Outcome) -> None:
        """Let go of the camera; its lamp goes out."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None

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
                if good and frame is not None:
                    return _pixels(frame, mirror=False)
            if self._context.now_ns() - start_ns > FIRST_FRAME_S * 1e9:
                break
        raise VivantError(
            "the camera opens, but delivers no frame",
            where=f"camera {device}",
            remedy="close other programs that use it (a meeting, a browser tab), or plug it in again" + _found(device),
        )

    def _say_granted(self, capture: Capture, width: int, height: int) -> None:
        """Say what the camera gives where that is not what was asked for; the frame itself tells its size."""
        import cv2

        rate_hz = capture.get(cv2.CAP_PROP_FPS)
        known = rate_hz > 0
        same_rate = not known or abs(rate_hz - self.params.rate_hz) < 0.5
        given = f"{width} x {height}" + (f" at {rate_hz:g} Hz" if known else "")
        self.granted = f"{given}, as asked"
        if (width, height) == self.params.size and same_rate:
            return
        asked = f"{self.params.size[0]} x {self.params.size[1]} at {self.params.rate_hz:g} Hz"
        self.granted = f"{given} (asked: {asked})"
        self._context.notice(f"camera {self.params.device}: asked for {asked}, it gives {given}")


def _device(given: int | str) -> int | str:
    """Return a number where the parameter spells one."""
    return int(given) if isinstance(given, str) and given.isascii() and given.isdigit() else given


def _pixels(frame: Any, mirror: bool) -> npt.NDArray[np.uint8]:
    """Return OpenCV's frame, BGR or grey, as RGB ``uint8 (height, width, 3)`` of its own memory."""
    import cv2

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
