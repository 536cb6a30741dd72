from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import numpy as np

from vivant.nodes.render.finishing import finisher


def test_after_it_the_frame_is_there(gl: Any) -> None:
    framebuffer = gl.framebuffer([gl.texture((64, 64), 4)])
    framebuffer.clear(1.0, 0.0, 0.0, 1.0)
    finisher(gl)()
    assert (np.frombuffer(framebuffer.read(components=3), np.uint8).reshape(-1, 3) == (255, 0, 0)).all()


def test_without_a_loader_moderngl_waits() -> None:
    called = threading.Event()
    finisher(SimpleNamespace(mglo=SimpleNamespace(), finish=called.set))()
    assert called.is_set()
