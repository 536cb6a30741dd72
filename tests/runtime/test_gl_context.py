from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest

from vivant.graph.errors import VivantError
from vivant.runtime.gl_context import GLContext


@pytest.fixture
def headless() -> Iterator[GLContext]:
    try:
        made = GLContext.headless()
    except VivantError as error:
        pytest.skip(f"no OpenGL here: {error.what}")
    yield made
    made.release()


def in_another_thread(call: Callable[[], object]) -> BaseException | None:
    caught: list[BaseException] = []

    def run() -> None:
        try:
            call()
        except BaseException as error:
            caught.append(error)

    thread = threading.Thread(target=run, name="a worker")
    thread.start()
    thread.join()
    return caught[0] if caught else None


def test_headless_draws_without_a_window(headless: GLContext) -> None:
    assert headless.window is None
    assert not headless.should_close()
    frame = headless.context.framebuffer([headless.context.texture((8, 4), 4)])
    frame.clear(1.0, 0.5, 0.0, 1.0)
    assert frame.read(components=4)[:4] in (b"\xff\x80\x00\xff", b"\xff\x7f\x00\xff")
    assert headless.context.error == "GL_NO_ERROR"


def test_renderer_names_what_draws(headless: GLContext) -> None:
    info = headless.context.info
    for part in (info["GL_RENDERER"], info["GL_VENDOR"], info["GL_VERSION"]):
        assert part in headless.renderer
    assert headless.context.version_code >= 410


@pytest.mark.parametrize("call", ["context", "poll", "collect_garbage", "release"])
def test_another_thread_is_refused_and_both_are_named(headless: GLContext, call: str) -> None:
    def use() -> None:
        attribute = getattr(headless, call)
        if callable(attribute):
            attribute()

    error = in_another_thread(use)
    assert isinstance(error, RuntimeError)
    assert "'a worker'" in str(error)
    assert repr(threading.current_thread().name) in str(error)


def test_any_thread_may_ask_whether_to_close(headless: GLContext) -> None:
    assert in_another_thread(headless.should_close) is None


def test_a_window_from_another_thread_is_refused() -> None:
    error = in_another_thread(lambda: GLContext.windowed("x", (64, 64)))
    assert isinstance(error, RuntimeError)
    assert "'a worker'" in str(error)


def test_objects_that_python_drops_in_another_thread_are_deleted_by_poll(headless: GLContext) -> None:
    context = headless.context
    held = [context.buffer(reserve=16)]
    held_texture = context.texture((4, 4), 4)
    held_texture.release()  # released explicitly and dropped later: moderngl's own gc() falls over these
    held.append(held_texture)
    del held_texture
    in_another_thread(held.clear)
    assert len(context.objects) == 2
    deleted_by = []
    probe = SimpleNamespace(release=lambda: deleted_by.append(threading.current_thread()))
    context.objects.append(probe)
    headless.poll()
    assert len(context.objects) == 0
    assert deleted_by == [threading.current_thread()]
    assert context.error == "GL_NO_ERROR"


def test_release_can_be_repeated_and_another_context_made(headless: GLContext) -> None:
    headless.release()
    headless.release()
    again = GLContext.headless()
    again.context.texture((4, 4), 4).release()
    again.release()


def test_no_opengl_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import moderngl

    def refuse(**settings: object) -> None:
        raise Exception("libEGL.so not loaded")

    monkeypatch.setattr(moderngl, "create_context", refuse)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(VivantError, match=r"no OpenGL 4\.1 here: libEGL\.so not loaded") as caught:
        GLContext.headless()
    assert caught.value.remedy
    assert caught.value.exit_status == 1
    if sys.platform == "linux":
        assert "apt-get install" in caught.value.remedy


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own: what a window does to a process stays there."""
    kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return subprocess.run(
        [sys.executable, "-c", code], env=kept | environment, capture_output=True, text=True, timeout=60
    )


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there is always a display")
def test_no_display_says_headless_and_prints_nothing_else() -> None:
    done = run(
        "from vivant.graph.errors import VivantError\n"
        "from vivant.runtime.gl_context import GLContext\n"
        "try: GLContext.windowed('x', (64, 64))\n"
        "except VivantError as error: print(error)\n"
    )
    assert done.returncode == 0
    assert done.stdout.startswith("no window can be opened here: ")
    assert "--headless" in done.stdout
    assert done.stderr == ""


def test_without_egl_a_hidden_window_serves(display: str) -> None:
    done = run(
        "import moderngl\n"
        "make = moderngl.create_context\n"
        "def without_egl(**settings):\n"
        "    if settings.get('backend') == 'egl': raise Exception('libEGL.so not loaded')\n"
        "    return make(**settings)\n"
        "moderngl.create_context = without_egl\n"
        "from vivant.runtime.gl_context import GLContext\n"
        "gl = GLContext.headless()\n"
        "frame = gl.context.framebuffer([gl.context.texture((4, 4), 4)])\n"
        "frame.clear(1.0, 0.0, 1.0, 1.0)\n"
        "print(gl.window, gl.should_close(), frame.read(components=3)[:3].hex(), gl.context.error)\n"
        "gl.poll(); gl.release()\n",
        DISPLAY=display,
    )
    assert done.stderr == ""
    assert done.stdout == "None False ff00ff GL_NO_ERROR\n"


def test_a_window_opens_closes_and_opens_again(display: str) -> None:
    done = run(
        "import glfw\n"
        "from vivant.runtime.gl_context import GLContext\n"
        "for _ in range(2):\n"
        "    gl = GLContext.windowed('A title', (320, 200))\n"
        "    gl.poll()\n"
        "    print(glfw.get_window_size(gl.window), gl.context.version_code >= 410, gl.should_close())\n"
        "    glfw.set_window_should_close(gl.window, True)\n"
        "    print(gl.should_close(), gl.context.error)\n"
        "    gl.release()\n"
        "    print(gl.window)\n",
        DISPLAY=display,
    )
    assert done.stderr == ""
    assert done.stdout == "(320, 200) True False\nTrue GL_NO_ERROR\nNone\n" * 2
