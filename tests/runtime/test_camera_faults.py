"""What a run does when its camera fails, in virtual time: the exact sequence of states, and who is told what."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph
from vivant.graph.node import Lane, Node
from vivant.graph.packet import Packet
from vivant.graph.params import NodeParams, param
from vivant.graph.port import NoOutputs, trigger
from vivant.nodes.formats.picture import Picture
from vivant.nodes.sources.camera import CameraParams, CameraSource
from vivant.nodes.sources.camera_identity import CameraPlaces
from vivant.runtime.clock import Doorbell, VirtualClock
from vivant.runtime.expendable import MOST_LEFT
from vivant.runtime.live import LiveEngine
from vivant.runtime.report import RunResult
from vivant.runtime.services import Services

BuildGraph = Callable[..., Graph]
Frame = npt.NDArray[np.uint8]
MS = 1_000_000
FRAME_MS = 40


@dataclass
class Stuck:
    """A read that does not come back, for so long."""

    ms: int = 10**9


Step = Frame | Stuck | Callable[["Scene"], None] | None
"""A frame; a read that blocks; something that happens; a read that fails."""
Connection = Callable[[], Iterator[Step]]


def frame(number: int, width: int = 64, height: int = 48) -> Frame:
    picture = np.full((height, width, 3), 100, np.uint8)
    picture[number % height, :, :] = 10 + number % 200
    return picture


def good(count: int = 10**6, first: int = 0, **size: int) -> Iterator[Step]:
    for number in range(count):
        yield frame(first + number, **size)


def same(count: int = 10**6) -> Iterator[Step]:
    for _ in range(count):
        yield frame(7)


def black(count: int = 10**6) -> Iterator[Step]:
    for number in range(count):
        yield np.full((48, 64, 3), number % 3, np.uint8)


def garbage(count: int = 10**6) -> Iterator[Step]:
    for number in range(count):
        yield (np.zeros((0, 0, 3), np.uint8), np.zeros((3, 3, 7), np.uint8))[number % 2]


def every(interval_ms: int) -> Iterator[Step]:
    yield lambda scene: setattr(scene, "interval_ms", interval_ms)


def unplugged(*plugs: tuple[int, int]) -> Iterator[Step]:
    """Take the camera away, until these moments, when it gets these numbers."""
    yield lambda scene: scene.unplug(*plugs)
    yield None


class Scene:
    """A scripted camera in a scripted computer: what each connection gives, and where devices are."""

    def __init__(self, folder: Path, *connections: Connection | None) -> None:
        self.clock = VirtualClock()
        self.connections = list(connections)
        self.opened: list[tuple[int, int | str]] = []
        self.released: list[int] = []
        self.shown: list[int] = []
        self.told: list[tuple[int, str]] = []
        self.interval_ms = FRAME_MS
        self.device = folder / "dev"
        self.plugs: list[tuple[int, int]] = []
        """When the camera is plugged in again, and the number it gets."""
        self.places = CameraPlaces("linux", folder / "sys", folder / "links", self.device)
        self.plug_in(0)

    def now_ms(self) -> int:
        return self.clock.now_ns() // MS

    def wait(self, ms: int) -> None:
        self.clock.wait(Doorbell(), lambda: False, self.clock.now_ns() + ms * MS)

    def plug_in(self, number: int) -> None:
        self.device.mkdir(exist_ok=True)
        (self.device / f"video{number}").touch()
        link = self.places.links / "by-id" / "usb-Maker_Webcam_123-video-index0"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(self.device / f"video{number}")

    def unplug(self, *plugs: tuple[int, int]) -> None:
        self.plugs = list(plugs)
        for file in (*self.device.iterdir(), *(self.places.links / "by-id").iterdir()):
            file.unlink()

    def look(self) -> CameraPlaces:
        """Bring the folders up to date."""
        while self.plugs and self.plugs[0][0] <= self.now_ms():
            self.plug_in(self.plugs.pop(0)[1])
        return self.places

    def connect(self, device: int | str) -> ScriptedCapture:
        self.opened.append((self.now_ms(), device if isinstance(device, int) else Path(device).name))
        connection = self.connections.pop(0) if self.connections else good
        return ScriptedCapture(self, connection)


class ScriptedCapture:
    def __init__(self, scene: Scene, connection: Connection | None) -> None:
        self.scene = scene
        self.script = connection() if connection else None
        self.now: Any = None

    def isOpened(self) -> bool:  # noqa: N802
        return self.script is not None

    def grab(self) -> bool:
        assert self.script is not None
        step = next(self.script)
        while callable(step):
            step(self.scene)
            step = next(self.script)
        self.scene.wait(step.ms if isinstance(step, Stuck) else self.scene.interval_ms)
        self.now = None if isinstance(step, Stuck) else step
        return self.now is not None

    def retrieve(self) -> tuple[bool, Any]:
        return True, self.now

    def get(self, propId: int, /) -> float:  # noqa: N803
        return 25.0 if propId == cv2.CAP_PROP_FPS else 0.0

    def set(self, propId: int, value: float, /) -> bool:  # noqa: N803
        return True

    def release(self) -> None:
        self.scene.released.append(self.scene.now_ms())


class InScene(CameraParams):
    scene: Any = param(None)


class ScriptedCamera(CameraSource):
    """A `CameraSource` on a scripted device."""

    params_type = InScene

    def __init__(self, params: CameraParams) -> None:
        assert isinstance(params, InScene)
        super().__init__(params, params.scene.connect, params.scene.look())


class LookParams(NodeParams):
    scene: Any = param(None)


@dataclass(frozen=True)
class LookInputs:
    frame: Packet[Picture] = trigger("A frame.")


class Look(Node[LookParams, LookInputs, NoOutputs], type="test.look", lane=Lane.RENDER):
    """Sees what would be shown."""

    def process(self, inputs: LookInputs) -> None:
        self.params.scene.shown.append(inputs.frame.t_ns // MS)


def run(scene: Scene, build_graph: BuildGraph, services: Services, seconds: float) -> RunResult:
    graph = build_graph(
        driver=(ScriptedCamera, {"scene": scene, "size": (64, 48), "rate_hz": 25}, {}),
        look=(Look, {"scene": scene}, {"frame": "driver.frame"}),
    )
    return LiveEngine(graph, services, clock=scene.clock, duration_s=seconds).run(threading.Event())


def states(result: RunResult) -> list[tuple[int, str, str]]:
    """Milliseconds, state, reason."""
    return [(c.t_ns // MS, c.state.value, c.reason) for c in result.nodes["driver"].changes]


def script(*parts: Iterator[Step]) -> Connection:
    def play() -> Iterator[Step]:
        for part in parts:
            yield from part

    return play


FROZEN = "the camera is frozen: it gives the same picture again and again"
BLACK = "the camera's picture is black"
GARBAGE = "the camera gives frames that are no pictures"
GONE = "the camera is gone"
SILENT = "its device does not answer: process has not come back for 1.5 s"
NOTHING = "the camera delivers no more frames"
BUSY = "this camera cannot be opened: it is not there, in use, or not permitted"

# The camera is opened in 40 ms, and the run begins; frame number n is taken at 40 (n + 1) ms, the 25th at 1000 ms.
# It has 1.5 s to come to itself, is opened again after 0.5 s, and needs two frames to prove that it sees. At the end
# the read that is out is waited for.


@pytest.fixture
def play(
    tmp_path: Path, build_graph: BuildGraph, services: Services, notices: list[str]
) -> Callable[..., tuple[Scene, RunResult]]:
    def play(*connections: Connection | None, seconds: float = 8, **scene_changes: Any) -> tuple[Scene, RunResult]:
        scene = Scene(tmp_path, *connections)
        for name, value in scene_changes.items():
            setattr(scene, name, value)

        def notice(text: str) -> None:
            scene.told.append((scene.now_ms(), text))
            notices.append(text)

        return scene, run(scene, build_graph, replace(services, notice=notice), seconds)

    return play


Play = Callable[..., tuple[Scene, RunResult]]


def seen_after(scene: Scene, ms: int) -> int:
    """The first frame that was shown later than this, by the time it was taken."""
    return next(shown for shown in scene.shown if shown > ms)


def device_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("vivant")]


def test_a_good_camera_runs(play: Play, notices: list[str]) -> None:
    scene, result = play(good, seconds=4)
    assert states(result) == [(40, "opening", ""), (80, "running", ""), (4080, "ended", "")]
    assert scene.released == [4080]
    assert (notices, result.hung, device_threads()) == ([], (), [])


def test_a_frozen_camera_is_opened_again_with_longer_pauses(play: Play, notices: list[str]) -> None:
    scene, result = play(script(good(25), same()), script(same()), script(same()), seconds=10)
    assert states(result) == [
        (40, "opening", ""),
        (80, "running", ""),
        (2560, "holding", FROZEN),  # the first of the same is new: at 1040
        (3060, "opening", ""),
        (4620, "holding", FROZEN),
        (5620, "opening", ""),
        (7180, "holding", FROZEN),
        (9180, "opening", ""),
        (9260, "running", ""),
        (10060, "ended", ""),
    ]
    assert seen_after(scene, 1040) == 9260  # nothing of the frozen picture was shown as new
    assert notices == [
        f"driver: {FROZEN} (camera 0); its last output is held and it is tried again (plug it in again)",
        "driver works again",
        f"driver failed 3 times: {FROZEN}",
    ]


def test_a_camera_that_stalls_for_a_second_is_left_alone(play: Play, notices: list[str]) -> None:
    scene, result = play(script(good(25), same(30), good(first=100)), seconds=4)
    assert states(result) == [(40, "opening", ""), (80, "running", ""), (4080, "ended", "")]
    assert seen_after(scene, 1040) == 2240
    assert notices == []


def test_a_black_camera(play: Play, notices: list[str]) -> None:
    scene, result = play(script(good(25), black()), script(black(10), good()))
    assert states(result) == [
        (40, "opening", ""),
        (80, "running", ""),
        (2520, "holding", BLACK),
        (3020, "opening", ""),
        (3460, "running", ""),
        (8060, "ended", ""),
    ]
    assert seen_after(scene, 1000) == 3460
    assert "make light" in notices[0]


def test_garbage(play: Play) -> None:
    scene, result = play(script(good(25), garbage(20), good(25), garbage()))
    assert states(result) == [
        (40, "opening", ""),
        (80, "running", ""),
        (4320, "holding", GARBAGE),
        (4820, "opening", ""),
        (4900, "running", ""),
        (8060, "ended", ""),
    ]
    assert seen_after(scene, 1000) == 1840  # twenty bad frames are let pass


def test_garbage_without_end_and_without_a_pause_is_counted(play: Play) -> None:
    _, result = play(script(good(25), every(0), garbage(60)), seconds=1.2)
    assert states(result) == [(40, "opening", ""), (80, "running", ""), (1000, "holding", GARBAGE)]


def test_a_camera_that_is_unplugged_is_found_again_under_another_number(play: Play, notices: list[str]) -> None:
    scene, result = play(script(good(25), unplugged((5000, 2))), seconds=10)
    assert states(result) == [
        (40, "opening", ""),
        (80, "running", ""),
        (1040, "holding", GONE),
        (1540, "opening", ""),
        (1540, "holding", GONE),
        (2540, "opening", ""),
        (2540, "holding", GONE),
        (4540, "opening", ""),
        (4540, "holding", GONE),
        (8540, "opening", ""),
        (8620, "running", ""),
        (10060, "ended", ""),
    ]
    assert scene.opened == [(0, 0), (8540, "video2")]
    assert scene.released == [1540, 10060]
    assert notices[1:] == ["driver works again", f"driver failed 4 times: {GONE}"]


def test_a_camera_that_another_program_took(play: Play, notices: list[str]) -> None:
    scene, result = play(script(good(25), iter([None])), None, None)
    assert states(result) == [
        (40, "opening", ""),
        (80, "running", ""),
        (1040, "holding", NOTHING),
        (1540, "opening", ""),
        (1540, "holding", BUSY),
        (2540, "opening", ""),
        (2540, "holding", BUSY),
        (4540, "opening", ""),
        (4620, "running", ""),
        (8060, "ended", ""),
    ]
    assert scene.released == [1540, 1540, 2540, 8060]


def test_a_slow_camera_is_told_and_taken(play: Play, notices: list[str]) -> None:
    scene, result = play(script(good(25), every(200), good(first=30)))
    assert states(result) == [(40, "opening", ""), (80, "running", ""), (8200, "ended", "")]
    assert [(t, text.split(";")[0]) for t, text in scene.told] == [(2000, "camera 0: gives 12 frames per second")]
    assert seen_after(scene, 1000) == 1200


def test_another_size_is_told_and_taken(play: Play, notices: list[str]) -> None:
    scene, result = play(script(good(25), good(width=32, height=24)))
    assert states(result) == [(40, "opening", ""), (80, "running", ""), (8080, "ended", "")]
    assert notices == ["camera 0: its pictures are 32 x 24 now, they were 64 x 48"]
    assert seen_after(scene, 1000) == 1040


def test_a_read_that_blocks_is_left_behind_and_the_camera_opened_anew(play: Play, notices: list[str]) -> None:
    scene, result = play(script(good(25), iter([Stuck()])))
    assert states(result) == [
        (40, "opening", ""),
        (80, "running", ""),
        (2500, "holding", SILENT),
        (3000, "opening", ""),
        (3080, "running", ""),
        (8080, "ended", ""),
    ]
    assert seen_after(scene, 1000) == 3080
    assert scene.released == [8080]  # who sits in the first one can let go of it only when it comes back
    assert result.hung == ("driver",)
    assert notices[-1] == "driver did not stop in time and is left behind"


def test_a_read_that_comes_back_late_closes_its_camera_itself(play: Play, notices: list[str]) -> None:
    scene, result = play(script(good(25), iter([Stuck(3000)])))
    assert states(result) == [
        (40, "opening", ""),
        (80, "running", ""),
        (2500, "holding", SILENT),
        (3000, "opening", ""),
        (3080, "running", ""),
        (8080, "ended", ""),
    ]
    assert scene.released == [4000, 8080]
    assert (result.hung, device_threads()) == ((), [])


def test_a_blocked_read_does_not_hold_up_the_end(play: Play) -> None:
    _scene, result = play(script(good(25), iter([Stuck()])), seconds=2)
    assert states(result) == [(40, "opening", ""), (80, "running", ""), (2440, "ended", "")]
    assert result.duration_ns == 2400 * MS
    assert result.hung == ("driver",)


def test_a_device_that_hangs_whenever_it_is_opened_is_left_alone_in_the_end(play: Play) -> None:
    def hangs() -> Iterator[Step]:
        yield Stuck()

    scene, result = play(script(good(25), iter([None])), *[hangs] * 20, seconds=200)
    assert len(scene.opened) == 1 + MOST_LEFT
    hangs_in_open = "its device does not answer: open has not come back for 10.0 s"
    left_alone = f"{MOST_LEFT} calls into the device hang: it is left alone until one of them comes back"
    expected = [(40, "opening", ""), (80, "running", ""), (1040, "holding", NOTHING)]
    now, pause = 1040, 500
    for _ in range(MOST_LEFT):
        expected += [(now + pause, "opening", ""), (now + pause + 10_000, "holding", hangs_in_open)]
        now, pause = now + pause + 10_000, min(2 * pause, 8000)
    # the longest pause between two attempts is 8 s, to the end
    while now + 8000 < 200_000:
        expected += [(now + pause, "opening", ""), (now + pause, "holding", left_alone)]
        now, pause = now + pause, 8000
    assert states(result) == expected


def test_a_camera_that_hangs_from_the_start_is_told_and_then_ends_the_run(play: Play, notices: list[str]) -> None:
    def hangs() -> Iterator[Step]:
        yield Stuck()

    with pytest.raises(VivantError, match="open has not come back for 10"):
        play(hangs)
    assert notices[0] == "driver is still being opened: its device has not answered yet"


def test_two_runs_are_the_same(tmp_path: Path, build_graph: BuildGraph, services: Services) -> None:
    runs = []
    for number in range(2):
        (tmp_path / str(number)).mkdir()
        scene = Scene(tmp_path / str(number), script(good(25), iter([Stuck(3000)])), script(good(10), same()))
        runs.append((states(run(scene, build_graph, services, 12)), scene.shown, scene.opened, scene.released))
    assert runs[0] == runs[1]
