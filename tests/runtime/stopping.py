"""Stops real processes at chosen moments of a run, and measures how long they take to end.

``python tests/runtime/stopping.py PORTRAIT DRIVER [NAME]...`` prints a table: for each moment, the seconds from the
signal to the end of the process, for Ctrl-C and SIGTERM; what the process left behind; and what it said. With a
number in place of names, so many live runs are stopped at random moments of their first seconds.
"""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import random
import shutil
import signal
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

RANDOM = "a random moment"
MARK = "vivant-is-there"
LIMIT_S = 30.0
"""A process that takes longer than this to end hangs."""

PREAMBLE = f"""
import os, sys, threading

def there():
    os.write(1, b"{MARK}\\n")

def wrap(where, name, before=None, after=None, at=1):
    # calls `before` or `after` in the `at`-th call of where.name
    inner, count = getattr(where, name), 0
    def outer(*args, **kwargs):
        nonlocal count
        count += 1
        if before and count == at: before(*args)
        result = inner(*args, **kwargs)
        if after and count == at: after(*args)
        return result
    setattr(where, name, outer)

def hang(*args):
    there()
    threading.Event().wait()
"""
"""Runs in the process to be stopped, before the command: it says when the moment has come."""


@dataclass(frozen=True)
class Moment:
    """A moment of a run at which it is stopped.

    Attributes:
        name: What happens at that moment.
        code: Python run first; it calls `there` when the moment has come.
        command: Arguments of ``vivant``.
        after_s: How long after that moment the signal is sent.
        again_s: When a second one follows; None: there is one only.
        display: It opens a window.
        env: What the process finds besides; ``STALL`` names where files come from too slowly, ``url`` or ``pip``.
    """

    name: str
    code: str
    command: tuple[str, ...] = ("run", "PRESET", "--headless", "--duration", "60")
    after_s: float = 0.05
    again_s: float | None = None
    display: bool = False
    env: tuple[tuple[str, str], ...] = ()


FRAMES = "from vivant.runtime.presented import Presented\nwrap(Presented, 'frame', after=lambda *a: there(), at=20)\n"
BUILD = "from vivant.nodes.puppet.build import PuppetBuild\nwrap(PuppetBuild, 'process', before=lambda *a: there()"
TRACKER = "from vivant.nodes.face.landmarks import FaceLandmarks\n"
ANIMATE = ("animate", "PORTRAIT", "DRIVER", "-o", "OUT/out.mp4")
STALL = (
    "from vivant.runtime import model_table, models\n"
    "from dataclasses import replace\n"
    "from types import MappingProxyType\n"
    "known = model_table.known_models\n"
    "def stalled():\n"
    "    source = os.environ['STALL_SOURCE']\n"
    "    return MappingProxyType({n: replace(f, sources=(source,)) for n, f in known().items()})\n"
    "models.known_models = stalled\n"
)
CAMERA = """
from vivant.nodes.sources import camera
import numpy as np
class Capture:
    count = 0
    def __init__(self, *args): pass
    def isOpened(self): return True
    def grab(self):
        self.count += 1
        if self.count == 10: hang()
        import time; time.sleep(0.03)
        return True
    def retrieve(self, *args): return True, np.random.default_rng(self.count).integers(0, 255, (48, 64, 3), np.uint8)
    def get(self, what): return 30.0
    def set(self, what, value): return True
    def release(self): pass
def connect(*args): return Capture()
OpenCamera = camera.CameraSource
inner = OpenCamera.__init__
def init(self, params): inner(self, params, connect)
OpenCamera.__init__ = init
"""
RELOAD = """
from pathlib import Path
def save(*args):
    path = Path(os.environ["PRESET_FILE"])
    text = path.read_text()
    path.write_text(text.replace('"face.matte"', '"face.matte", "params": {"sharpen": true}', 1)
                    if "sharpen" in text else text.replace("PORTRAIT_A", "PORTRAIT_B"))
"""

MOMENTS: tuple[Moment, ...] = (
    *(Moment(f"imports, {ms} ms after the start", "there()", after_s=ms / 1e3) for ms in range(0, 2500, 250)),
    Moment("loading a model", TRACKER + "wrap(FaceLandmarks, 'open', before=lambda *a: there())", after_s=0.02),
    Moment("preparing the picture", BUILD + ")"),
    Moment("preparing the picture, later", BUILD + ")", after_s=0.6),
    Moment("opening what draws", "from vivant.nodes.render.puppet import RenderPuppet as R\n"
           "wrap(R, 'open', before=lambda *a: there())", after_s=0.0),
    Moment("live without a window", FRAMES, after_s=0.5),
    Moment("live in a window", FRAMES, ("run", "PRESET", "--duration", "60"), after_s=0.5, display=True),
    Moment("a node holds", TRACKER + "def fail(*a):\n"
           "    there()\n    FaceLandmarks.process = bad\n    bad()\n"
           "def bad(*a): raise OSError('broken')\n"
           "wrap(FaceLandmarks, 'process', before=fail, at=12)", after_s=1.2),
    Moment("a tracker that does not come back", TRACKER + "wrap(FaceLandmarks, 'process', before=hang, at=12)"),
    Moment("the same, and Ctrl-C again", TRACKER + "wrap(FaceLandmarks, 'process', before=hang, at=12)", again_s=0.3),
    Moment("Ctrl-C again while all is well", FRAMES, again_s=0.01),
    Moment("a camera that blocks in opening", "there()", ("run", "CAMERA", "--headless"), after_s=3.0),
    Moment("a camera that blocks in reading", CAMERA, ("run", "CAMERA", "--headless")),
    Moment("a camera that blocks, for longer than its patience", CAMERA, ("run", "CAMERA", "--headless"), after_s=2.5),
    Moment("reload", FRAMES.replace("there()", "save(*a)") + RELOAD + BUILD + ", at=2)", after_s=0.1),
    Moment("animate, tracking the picture", BUILD + ")", ANIMATE),
    Moment("animate, loading a model", TRACKER + "wrap(FaceLandmarks, 'open', before=lambda *a: there())", ANIMATE),
    Moment("animate, in the middle", "from vivant.nodes.outputs.video_encoder import VideoEncoder\n"
           "wrap(VideoEncoder, 'add', after=lambda *a: there(), at=20)", ANIMATE, after_s=0.2),
    Moment("animate, Ctrl-C again", "from vivant.nodes.outputs.video_encoder import VideoEncoder\n"
           "wrap(VideoEncoder, 'add', after=lambda *a: there(), at=20)", ANIMATE, after_s=0.2, again_s=0.01),
    Moment("animate into pictures", "from vivant.nodes.outputs.images import ImagesOutput as S\n"
           "wrap(S, 'process', after=lambda *a: there(), at=10)", (*ANIMATE[:-1], "OUT/frames"), after_s=0.2),
    Moment("animate, a tracker that does not come back", TRACKER + "wrap(FaceLandmarks, 'process', before=hang, at=12)",
           ANIMATE),
    Moment("animate, the same, and Ctrl-C again", TRACKER + "wrap(FaceLandmarks, 'process', before=hang, at=12)",
           ANIMATE, again_s=0.3),
    Moment("animate, an encoder that does not come back",
           "from vivant.nodes.outputs.video_encoder import VideoEncoder\n"
           "wrap(VideoEncoder, 'add', before=hang, at=20)", ANIMATE),
    Moment("live, downloading from a server that stalls", STALL, env=(("STALL", "url"),), after_s=1.0),
    Moment("animate, downloading from a server that stalls", STALL, ANIMATE, env=(("STALL", "url"),), after_s=1.0),
    Moment("models, downloading from a server that stalls", STALL, ("models", "face_landmarker"),
           env=(("STALL", "url"),), after_s=1.0),
    Moment("live, pip that stalls", STALL, env=(("STALL", "pip"),), after_s=1.0),
    Moment("animate, pip that stalls", STALL, ANIMATE, env=(("STALL", "pip"),), after_s=1.0),
    Moment("models, pip that stalls", STALL, ("models", "face_landmarker"), env=(("STALL", "pip"),), after_s=1.0),
)  # fmt: skip


@dataclass
class Ending:
    """How a process ended.

    Attributes:
        took_s: From the signal to its end; infinite when it had to be killed.
        status: Its exit status.
        said: What it wrote to standard error.
        children: Processes that it started and that outlived it.
        parts: Files that nobody will finish.
    """

    took_s: float
    status: int
    said: str
    children: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)


class Stage:
    """Files and servers that the moments need."""

    def __init__(self, folder: Path, portrait: Path, driver: Path, display: str | None = None) -> None:
        self.folder = folder
        self.portrait = portrait
        self.driver = driver
        self.display = display
        self.asked = threading.Event()
        self._server: socketserver.TCPServer | None = None

    def stop_at(self, moment: Moment, number: signal.Signals) -> Ending:
        """Run a command to a moment, send it a signal, and wait for its end."""
        out = self.folder / "out"
        temp = self.folder / "tmp"
        for made in (out, temp):
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir()
        self.asked.clear()
        code = PREAMBLE + moment.code + "\nfrom vivant.runtime.entry import main\nsys.exit(main())\n"
        command = [sys.executable, "-c", code, *self._arguments(moment, out)]
        environment = {**os.environ, "TMPDIR": str(temp), "PRESET_FILE": str(self.folder / "preset.json")}
        environment |= self._network(moment)
        environment.pop("DISPLAY", None)
        if moment.display and self.display:
            environment["DISPLAY"] = self.display
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=self.folder
        ) as process:
            children: list[int] = []
            try:
                self._wait_for(process, moment)
                time.sleep(moment.after_s)
                begin = time.perf_counter()
                if process.poll() is not None:
                    raise AssertionError(f"{moment.name}: it ended too early: {process.communicate()}")
                children = _descendants(process.pid)
                process.send_signal(number)
                if moment.again_s is not None:
                    time.sleep(moment.again_s)
                    process.send_signal(number)
                # not communicate(): a child that outlives the process would keep its pipes open
                process.wait(timeout=LIMIT_S)
                took_s = time.perf_counter() - begin
            except subprocess.TimeoutExpired:
                took_s = float("inf")
            finally:
                process.kill()
            time.sleep(0.3)
            alive = [pid for pid in children if _is_alive(pid)]
            names = [_name(pid) for pid in alive]
            for pid in alive:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            _, said = process.communicate()
        # what a download left is taken up again by the next one
        parts = [str(p.relative_to(self.folder)) for p in (*out.rglob("*part*"), *temp.rglob("*")) if p.exists()]
        return Ending(took_s, process.returncode, said, names, parts)

    def close(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def _arguments(self, moment: Moment, out: Path) -> Iterator[str]:
        import vivant.presets

        shipped = Path(next(iter(vivant.presets.__path__))) / "portrait-video.json"
        document = json.loads(shipped.read_text())
        for name in ("A", "B"):
            target = self.folder / f"PORTRAIT_{name}.jpg"
            if not target.exists():
                target.write_bytes(self.portrait.read_bytes())
        document["nodes"]["portrait"]["params"]["path"] = str(self.folder / "PORTRAIT_A.jpg")
        document["nodes"]["driver"]["params"] = {"path": str(self.driver), "loop": True}
        (self.folder / "preset.json").write_text(json.dumps(document, indent=1))
        fifo = self.folder / "fifo"
        if not fifo.exists():
            os.mkfifo(fifo)
        document["nodes"]["driver"] = {"type": "source.camera", "params": {"device": str(fifo), "size": [64, 48]}}
        (self.folder / "camera.json").write_text(json.dumps(document))
        places = {"PRESET": "preset.json", "CAMERA": "camera.json", "PORTRAIT": self.portrait, "DRIVER": self.driver}
        for word in moment.command:
            yield str(places.get(word, word.replace("OUT", str(out))))

    def _network(self, moment: Moment) -> dict[str, str]:
        how = dict(moment.env).get("STALL")
        if how is None:
            return {}
        if self._server is None:
            asked = self.asked

            class Stalling(http.server.BaseHTTPRequestHandler):
                def do_GET(self) -> None:
                    asked.set()
                    if "simple" not in self.path:
                        self.send_response(200)
                        self.send_header("Content-Length", "3758596")
                        self.end_headers()
                        self.wfile.write(b"some")
                        self.wfile.flush()
                    time.sleep(60)

                def log_message(self, format: str, *args: object) -> None: ...

            self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Stalling)
            self._server.daemon_threads = True
            threading.Thread(target=self._server.serve_forever, daemon=True).start()
        at = f"http://127.0.0.1:{self._server.server_address[1]}"
        sources = {"url": f"{at}/model", "pip": "wheel:nothing-that-is==1.0:model"}
        cache = tempfile.mkdtemp(dir=self.folder)
        return {
            "STALL_SOURCE": sources[how],
            "VIVANT_CACHE": cache,
            "PIP_INDEX_URL": f"{at}/simple",
            "PIP_CONFIG_FILE": os.devnull,
            "no_proxy": "127.0.0.1",
        }

    def _wait_for(self, process: subprocess.Popen[str], moment: Moment) -> None:
        if "STALL" in dict(moment.env):
            assert self.asked.wait(LIMIT_S), "nothing was asked of the server"
            return
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == MARK:
                return
        raise AssertionError(f"{moment.name}: the moment did not come: {process.communicate()[1][-2000:]}")


def _descendants(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *_descendants(child)]
    return found


def _is_alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")[:80]
    except OSError:
        return "?"


def main(arguments: list[str]) -> int:
    """Print the table."""
    portrait, driver, *names = arguments
    slowest, left = 0.0, 0
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder), Path(portrait).absolute(), Path(driver).absolute(), os.environ.get("DISPLAY"))
        for moment in _chosen(names):
            if moment.display and not stage.display:
                continue
            numbers = (signal.SIGINT,) if moment.name == RANDOM else (signal.SIGINT, signal.SIGTERM)
            for number in numbers:
                ending = stage.stop_at(moment, number)
                slowest = max(slowest, ending.took_s)
                left += len(ending.children) + len(ending.parts)
                when = f"{number.name:8s}{moment.name}, after {moment.after_s:.2f} s"
                sys.stdout.write(f"{ending.took_s:6.2f} s  {when}: status {ending.status}")
                for what in (*ending.children, *ending.parts):
                    sys.stdout.write(f"\n          LEFT: {what}")
                last = ending.said.strip().splitlines()[-2:]
                sys.stdout.write("".join(f"\n            {line[:150]}" for line in last) + "\n")
                sys.stdout.flush()
        stage.close()
    sys.stdout.write(f"slowest: {slowest:.2f} s; {left} processes and files left\n")
    return 0


def _chosen(names: list[str]) -> Iterator[Moment]:
    if names and names[0].isdigit():
        for _ in range(int(names[0])):
            yield Moment(RANDOM, "there()", after_s=random.uniform(0.0, 8.0))
        return
    yield from (moment for moment in MOMENTS if not names or any(name in moment.name for name in names))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
