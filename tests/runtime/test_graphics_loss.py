from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from vivant.graph.errors import VivantError
from vivant.runtime.gl_context import GLContext
from vivant.runtime.graphics_loss import GraphicsLoss
from vivant.runtime.services import GraphicsLostError

SHOWING = """
import os, signal, sys, threading
from dataclasses import dataclass
from pathlib import Path
from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph, Link, NodeSpec
from vivant.graph.node import Lane, Node, Pace, Source
from vivant.graph.packet import Packet
from vivant.graph.params import NodeParams
from vivant.graph.port import NoOutputs, output, trigger
from vivant.runtime.gl_context import GLContext
from vivant.runtime.live import LiveEngine
from vivant.runtime.services import Services

@dataclass(frozen=True)
class Out:
    number: int = output("A number.")

@dataclass(frozen=True)
class In:
    number: Packet[int] = trigger("A number.")

class Clip(Source[NodeParams, Out], type="test.clip", pace=Pace.MEDIA):
    "Counts."
    count = -1
    def process(self, inputs):
        from vivant.graph.node import Emission
        self.count += 1
        return Emission(Out(self.count), self.count * 10_000_000)

class Show(Node[NodeParams, In, NoOutputs], type="test.show", lane=Lane.RENDER):
    "Shows colours, until somebody pulls out the display."
    shown = 0
    def open(self, context):
        self.gl, self.window = context.gl, context.window
        self.buffer = self.gl.buffer(b"1234")
    def process(self, inputs):
        import glfw
        self.gl.screen.use()
        self.gl.clear(0.1, 0.2, 0.3)
        glfw.swap_buffers(self.window)
        self.shown += 1
        if self.shown == 5:
            os.kill(int(sys.argv[1]), signal.SIGKILL)
            print("pulled", flush=True)
    def close(self, outcome):
        print("closed", outcome.value, flush=True)
        self.buffer.release()

graph = Graph((NodeSpec("clip", Clip, NodeParams()),
               NodeSpec("show", Show, NodeParams(), {"number": Link("clip", "number")})), Path("."))
gl = GLContext.windowed("test", (64, 64), vsync=False)
try:
    LiveEngine(graph, Services(fetch=None, notice=print, gl=gl), duration_s=60).run(threading.Event())
except VivantError as error:
    print(error.what, flush=True)
    sys.exit(error.exit_status)
finally:
    gl.release()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="X is Linux's")
def test_a_display_that_goes_away_ends_the_run_in_order() -> None:
    server = shutil.which("Xvfb")
    if server is None:
        pytest.skip("Xvfb is not installed: no display to take away")
    command = [server, "-displayfd", "1", "-screen", "0", "320x240x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as display:
        assert display.stdout is not None
        number = display.stdout.readline().strip()
        try:
            if not number:
                pytest.skip("Xvfb does not start here")
            done = subprocess.run(
                [sys.executable, "-c", SHOWING, str(display.pid)],
                env={"DISPLAY": f":{number}", "PATH": ""},
                capture_output=True,
                text=True,
                timeout=60,
            )
        finally:
            display.kill()
    if "no window can be opened" in done.stderr or "no OpenGL" in done.stderr:
        pytest.skip(done.stderr.splitlines()[-1])
    assert done.stdout.splitlines() == [
        "pulled",
        "closed interrupted",
        "the display is gone: the connection to the X server broke",
    ], done.stderr
    assert (done.returncode, done.stderr) == (1, "")


class Glfw:
    """GLFW on a driver that answers the question for a reset."""

    PLATFORM_X11 = 1

    def __init__(self, known: tuple[str, ...], answer: int) -> None:
        self.function = ctypes.CFUNCTYPE(ctypes.c_uint)(lambda: answer)
        self.known = known

    def get_proc_address(self, name: str) -> int | None:
        return ctypes.cast(self.function, ctypes.c_void_p).value if name in self.known else None

    def get_platform(self) -> int:
        return 0  # some other window system


@pytest.mark.parametrize(
    ("known", "answer", "reason"),
    [
        (("glGetGraphicsResetStatus",), 0, ""),
        (("glGetGraphicsResetStatus",), 0x8253, "the graphics card was reset because of what this program drew"),
        (("glGetGraphicsResetStatusARB",), 0x8255, "the graphics card was reset"),
        (("glGetGraphicsResetStatusARB",), 0x1234, "the OpenGL context is lost (reset status 0x1234)"),
        ((), 0x8255, ""),
    ],
)
def test_a_reset_is_asked_for_and_named(known: tuple[str, ...], answer: int, reason: str) -> None:
    loss = GraphicsLoss(Glfw(known, answer), platform="some system")
    assert loss.reason() == reason
    loss.release()


def test_a_lost_context_is_told_by_poll() -> None:
    reasons = ["", "the graphics card was reset"]
    info = {"GL_RENDERER": "r", "GL_VENDOR": "v", "GL_VERSION": "4.1"}
    context: Any = SimpleNamespace(info=info, objects=[], release=lambda: None)
    lost: Callable[[], str] = lambda: reasons[0]  # noqa: E731
    gl = GLContext(context, None, lambda: None, lost)
    gl.poll()
    reasons.pop(0)
    with pytest.raises(GraphicsLostError, match="reset") as raised:
        gl.poll()
    assert isinstance(raised.value, VivantError)
    assert raised.value.exit_status == 1
    gl.release()  # no longer drawn with, and still given back
