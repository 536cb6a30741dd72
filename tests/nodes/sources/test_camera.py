from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from pydantic import ValidationError

from vivant.graph.errors import VivantError
from vivant.graph.node import NodeContext, Outcome
from vivant.graph.port import NoInputs
from vivant.nodes.sources import camera as camera_module
from vivant.nodes.sources.camera import CameraParams, CameraSource
from vivant.nodes.sources.camera_identity import CameraPlaces
from vivant.nodes.sources.camera_list import Camera

NodeContexts = Callable[..., NodeContext]
Frame = npt.NDArray[np.uint8]


class ScriptedCapture:
    """A capture that follows a script: frames, or None for a read that fails."""

    def __init__(
        self,
        script: Iterable[Frame | None],
        *,
        opened: bool = True,
        rate_hz: float = 30.0,
        on_grab: Callable[[], None] = lambda: None,
    ) -> None:
        self.script = iter(script)
        self.opened = opened
        self.rate_hz = rate_hz
        self.on_grab = on_grab
        self.asked: list[tuple[int, float]] = []
        self.now: Frame | None = None
        self.grabs = 0
        self.released = 0

    def isOpened(self) -> bool:  # noqa: N802
        return self.opened

    def grab(self) -> bool:
        self.grabs += 1
        self.now = next(self.script)
        self.on_grab()
        return self.now is not None

    def retrieve(self) -> tuple[bool, Any]:
        return True, self.now

    def get(self, propId: int, /) -> float:  # noqa: N803
        return self.rate_hz if propId == cv2.CAP_PROP_FPS else 0.0

    def set(self, propId: int, value: float, /) -> bool:  # noqa: N803
        self.asked.append((propId, value))
        return True

    def release(self) -> None:
        self.released += 1


def bgr(shade: int, width: int = 640, height: int = 480) -> Frame:
    """A frame as OpenCV gives it: blue at the left edge, `shade` in red everywhere."""
    frame = np.zeros((height, width, 3), np.uint8)
    frame[..., 2] = shade
    frame[:, 0, 0] = 255
    return frame


def camera(capture: ScriptedCapture, **params: Any) -> CameraSource:
    return CameraSource(
        CameraParams(**params), connect=lambda device: capture, places=CameraPlaces(platform="none that names cameras")
    )


def frame_of(node: CameraSource) -> Frame:
    read = node.process(NoInputs())
    assert read is not None
    return read.outputs.frame.pixels


@pytest.fixture(autouse=True)
def no_other_cameras(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera_module, "list_cameras", lambda probe: [])


def test_frames_are_rgb_mirrored_and_stamped_when_grabbed(node_context: NodeContexts) -> None:
    now = [0]

    def pass_time() -> None:
        now[0] += 33

    capture = ScriptedCapture([bgr(1), bgr(70), bgr(80)], on_grab=pass_time)
    node = camera(capture)
    node.open(node_context(now_ns=lambda: now[0], offline=False))
    read = [node.process(NoInputs()) for _ in range(2)]
    assert [emission.t_ns for emission in read if emission] == [66, 99]
    for emission, shade in zip(read, (70, 80), strict=True):
        assert emission is not None
        pixels = emission.outputs.frame.pixels
        assert pixels[0, 5].tolist() == [shade, 0, 0]
        assert pixels[0, -1].tolist() == [shade, 0, 255]  # mirrored
        assert not pixels.flags.writeable
    node.close(Outcome.DONE)
    node.close(Outcome.DONE)
    assert capture.released == 1


def test_mirror_can_be_changed_live(node_context: NodeContexts) -> None:
    node = camera(ScriptedCapture([bgr(60), bgr(61), bgr(62)]))
    node.open(node_context())
    assert frame_of(node)[0, -1, 2] == 255
    node.update(node.params.model_copy(update={"mirror": False}))
    assert frame_of(node)[0, 0, 2] == 255


def test_a_frame_that_opencv_reuses_is_not_shared(node_context: NodeContexts) -> None:
    buffer = bgr(60)
    node = camera(ScriptedCapture([buffer] * 3), mirror=False)
    node.open(node_context())
    buffer[:] = 77
    first = frame_of(node)
    buffer[:] = 99
    assert first[0, 5].tolist() == [77, 77, 77]


def test_grey_cameras(node_context: NodeContexts) -> None:
    node = camera(ScriptedCapture([np.full((480, 640), shade, np.uint8) for shade in (90, 91)]))
    node.open(node_context())
    assert frame_of(node)[3, 3].tolist() == [91, 91, 91]


def test_mjpg_is_asked_for_before_the_size(node_context: NodeContexts) -> None:
    capture = ScriptedCapture([bgr(0, 1280, 720)])
    camera(capture, size=(1280, 720), rate_hz=30).open(node_context())
    assert capture.asked[:4] == [
        (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")),
        (cv2.CAP_PROP_FRAME_WIDTH, 1280),
        (cv2.CAP_PROP_FRAME_HEIGHT, 720),
        (cv2.CAP_PROP_FPS, 30),
    ]


def test_what_is_granted_is_said_only_where_it_differs(node_context: NodeContexts, notices: list[str]) -> None:
    camera(ScriptedCapture([bgr(0)])).open(node_context())
    camera(ScriptedCapture([bgr(0)], rate_hz=0)).open(node_context())  # it does not say
    assert notices == []
    camera(ScriptedCapture([bgr(0, 320, 240)], rate_hz=15)).open(node_context())
    assert notices == ["camera 0: asked for 640 x 480 at 30 Hz, it gives 320 x 240 at 15 Hz"]


def test_what_is_granted_stands_beside_what_was_asked(node_context: NodeContexts) -> None:
    told = []
    for capture in (ScriptedCapture([bgr(0)]), ScriptedCapture([bgr(0, 320, 240)], rate_hz=15)):
        node = camera(capture)
        node.open(node_context())
        told.append(node.granted)
    assert told == ["640 x 480 at 30 Hz, as asked", "320 x 240 at 15 Hz (asked: 640 x 480 at 30 Hz)"]


def test_first_reads_may_fail(node_context: NodeContexts) -> None:
    capture = ScriptedCapture([None, None, bgr(0), bgr(55)])
    node = camera(capture)
    node.open(node_context())
    assert frame_of(node)[0, 5, 0] == 55


def test_a_camera_that_gives_nothing_is_let_go(node_context: NodeContexts) -> None:
    capture = ScriptedCapture([None] * 1000)
    with pytest.raises(VivantError, match="delivers no frame"):
        camera(capture).open(node_context())
    assert capture.released == 1
    assert capture.grabs < 1000


def test_a_camera_that_blocks_is_not_asked_for_ever(node_context: NodeContexts) -> None:
    now = [0]

    def block() -> None:
        now[0] += 10_000_000_000  # as V4L2 does on a camera in use

    capture = ScriptedCapture([None] * 1000, on_grab=block)
    with pytest.raises(VivantError, match="delivers no frame"):
        camera(capture).open(node_context(now_ns=lambda: now[0]))
    assert capture.grabs == 1


def test_a_read_that_fails_is_an_error_and_the_next_may_be_good(node_context: NodeContexts) -> None:
    node = camera(ScriptedCapture([bgr(0), None, bgr(77)]))
    node.open(node_context())
    with pytest.raises(VivantError, match="no more frames"):
        node.process(NoInputs())
    assert frame_of(node)[0, 5, 0] == 77


@pytest.mark.parametrize(
    ("platform", "device", "word"),
    [
        ("linux", "/dev/video987", "no such camera"),
        ("linux", 987, "no such camera"),
        ("linux", "/dev/null", "another program"),  # it is there and may be opened, but is no camera
        ("win32", 3, "not there, in use"),
        ("linux", "rtsp://nobody", "not there, in use"),
    ],
)
def test_a_camera_that_cannot_be_opened(
    node_context: NodeContexts,
    monkeypatch: pytest.MonkeyPatch,
    platform: str,
    device: int | str,
    word: str,
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    others = [Camera(0, "Webcam"), Camera(2, "Phone")]
    monkeypatch.setattr(camera_module, "list_cameras", lambda probe: others)
    capture = ScriptedCapture([], opened=False)
    with pytest.raises(VivantError, match=word) as caught:
        camera(capture, device=device).open(node_context())
    assert "0: Webcam, 2: Phone" in caught.value.remedy
    assert capture.released == 1


def test_a_forbidden_camera_names_the_group(
    node_context: NodeContexts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(VivantError, match="may not be used") as caught:
        camera(ScriptedCapture([], opened=False), device="/dev/null").open(node_context())
    assert "usermod" in caught.value.remedy


def test_a_device_spelled_as_text_is_a_number(node_context: NodeContexts) -> None:
    asked: list[int | str] = []

    def connect(device: int | str) -> ScriptedCapture:
        asked.append(device)
        return ScriptedCapture([bgr(0)])

    for device in ("2", 2, "/dev/video2"):
        CameraSource(CameraParams(device=device), connect=connect).open(node_context())
    assert asked == [2, 2, "/dev/video2"]


def test_parameters_have_bounds() -> None:
    for wrong in ({"size": (0, 480)}, {"size": (640,)}, {"rate_hz": 0}, {"mirrored": True}):
        with pytest.raises(ValidationError):
            CameraParams.model_validate(wrong)


def test_a_machine_without_that_camera_says_so_in_words(
    node_context: NodeContexts, capfd: pytest.CaptureFixture[str]
) -> None:
    """With OpenCV itself, which would write lines of its own."""
    with pytest.raises(VivantError):
        CameraSource(CameraParams(device=987)).open(node_context())
    assert capfd.readouterr() == ("", "")
