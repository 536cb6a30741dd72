"""What tests share: node contexts, an OpenGL context, and the folder of real media."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from vivant.graph.errors import VivantError
from vivant.graph.node import NodeContext

ContextFactory = Callable[..., NodeContext]


@pytest.fixture
def notices() -> list[str]:
    """What nodes opened with `node_context` said to the user."""
    return []


@pytest.fixture
def node_context(tmp_path: Path, notices: list[str]) -> ContextFactory:
    """Make contexts as an engine would: ``node_context(gl=..., offline=False)``; files lie in `tmp_path`."""

    def fetch(name: str) -> Path:
        raise VivantError(f"no file {name} in this test")

    def make(**changes: Any) -> NodeContext:
        values: dict[str, Any] = {
            "now_ns": lambda: 0,
            "base_dir": tmp_path,
            "fetch": fetch,
            "notice": notices.append,
            "connected": frozenset[str](),
            "offline": True,
        }
        return NodeContext(**(values | changes))

    return make


@pytest.fixture
def media() -> Path:
    """The folder of real portraits and driver videos."""
    folder = Path(__file__).resolve().parents[1].parent / "shared" / "media"
    if not folder.is_dir():
        pytest.skip("no folder ../shared/media with real pictures and videos beside the repository")
    return folder


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """The name of an X display that nobody sees, for processes that open windows."""
    server = shutil.which("Xvfb")
    if server is None:
        pytest.skip("Xvfb is not installed: no display to open a window on")
    # It picks a free number and writes it when it is ready. Without -noreset it starts anew whenever its last
    # window closes, and refuses the next one for a moment.
    with subprocess.Popen(
        [server, "-displayfd", "1", "-noreset", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        number = process.stdout.readline().strip()
        try:
            if not number:
                pytest.skip("Xvfb does not start here")
            yield f":{number}"
        finally:
            process.terminate()


@pytest.fixture
def gl() -> Iterator[Any]:
    """An OpenGL context without a window; an OpenGL error left behind fails the test."""
    from vivant.runtime.gl_context import GLContext

    try:
        made = GLContext.headless()
    except VivantError as error:
        pytest.skip(f"no OpenGL here: {error.what}")
    try:
        yield made.context
        assert made.context.error == "GL_NO_ERROR"
    finally:
        made.release()
