"""What tests share: node contexts, an OpenGL context, and the folder of real media."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageDraw

from vivant.graph.errors import VivantError
from vivant.graph.node import NodeContext

ContextFactory = Callable[..., NodeContext]


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVANT_CONFIG", str(tmp_path / "config"))


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
def model() -> Callable[[str], Path]:
    """Give a model file: the user's cache, or fetched where that is allowed; else the test is skipped."""
    from vivant.runtime.models import ModelStore

    store = ModelStore()

    def find(name: str) -> Path:
        try:
            return store.fetch(name)
        except VivantError as error:
            pytest.skip(f"the model {name} cannot be had here: {error.what}")

    return find


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


class DrawnCat:
    """A cat, drawn with a few shapes: a face in which no tracker finds one, and where its points are."""

    size = (480, 560)
    least: ClassVar[dict[str, tuple[float, float]]] = {
        "right_eye": (180, 232),
        "left_eye": (300, 232),
        "nose_tip": (240, 290),
        "right_mouth_corner": (204, 330),
        "left_mouth_corner": (276, 330),
        "chin": (240, 378),
    }
    points: ClassVar[dict[str, tuple[float, float]]] = {
        "right_eye_outer": (146, 234),
        "right_eye_inner": (212, 238),
        "right_eye_upper": (180, 204),
        "right_eye_lower": (180, 260),
        "right_iris": (182, 232),
        "right_iris_edge": (190, 232),
        "left_eye_outer": (334, 234),
        "left_eye_inner": (268, 238),
        "left_eye_upper": (300, 204),
        "left_eye_lower": (300, 260),
        "left_iris": (298, 232),
        "left_iris_edge": (306, 232),
        "nose_tip": (240, 290),
        "right_mouth_corner": (204, 330),
        "left_mouth_corner": (276, 330),
        "chin": (240, 378),
        "upper_lip_top": (240, 328),
        "upper_lip_bottom": (240, 335),
        "lower_lip_top": (240, 336),
        "lower_lip_bottom": (240, 345),
        "right_ear": (92, 250),
        "left_ear": (388, 250),
    }

    def draw(self) -> npt.NDArray[np.uint8]:
        """Return the drawing, ``uint8 (560, 480, 3)``."""
        zoom = 4
        image = Image.new("RGB", (self.size[0] * zoom, self.size[1] * zoom), (196, 222, 236))
        pen = ImageDraw.Draw(image)

        def shape(kind: str, places: list[tuple[float, float]], colour: tuple[int, int, int], line: int = 4) -> None:
            scaled = [(x * zoom, y * zoom) for x, y in places]
            if kind == "ellipse":
                pen.ellipse([scaled[0], scaled[1]], fill=colour, outline=(60, 40, 30), width=line * zoom)
            elif kind == "polygon":
                pen.polygon(scaled, fill=colour, outline=(60, 40, 30), width=line * zoom)
            else:
                pen.line(scaled, fill=colour, width=line * zoom, joint="curve")

        fur, pale, dark = (232, 158, 84), (250, 224, 190), (60, 40, 30)
        shape("ellipse", [(110, 370), (370, 700)], fur)
        for side in (-1, 1):
            shape("polygon", [(240 + side * 60, 150), (240 + side * 148, 190), (240 + side * 138, 50)], fur)
        shape("ellipse", [(90, 110), (390, 384)], fur)
        shape("ellipse", [(176, 270), (304, 372)], pale, 2)
        for side in (-1, 1):
            x = 240 + side * 60
            shape("ellipse", [(x - 34, 204), (x + 34, 262)], (210, 230, 60), 3)
            shape("ellipse", [(x - side * 2 - 8, 208), (x - side * 2 + 8, 258)], (20, 20, 20), 1)
            for tilt in (-10, 4, 18):
                shape("line", [(240 + side * 70, 306 + tilt / 3), (240 + side * 160, 300 + tilt)], dark, 2)
        shape("polygon", [(226, 282), (254, 282), (240, 298)], (226, 110, 110), 2)
        shape("line", [(240, 298), (240, 328)], dark, 2)
        shape(
            "polygon",
            [(204, 330), (222, 330), (240, 328), (258, 330), (276, 330), (260, 343), (240, 346), (220, 343)],
            (206, 96, 96),
            1,
        )
        shape("line", [(204, 330), (222, 335), (240, 336), (258, 335), (276, 330)], dark, 2)
        return np.asarray(image.resize(self.size, Image.Resampling.LANCZOS), np.uint8)

    def write(self, folder: Path, points: dict[str, tuple[float, float]] | None = None) -> Path:
        """Write the drawing, and its side file where there are points; return the picture's path."""
        picture = folder / "cat.png"
        Image.fromarray(self.draw()).save(picture)
        if points is not None:
            document = {"version": 1, "size": list(self.size), "points": {n: list(p) for n, p in points.items()}}
            (folder / "cat.face.json").write_text(json.dumps(document), encoding="utf-8")
        return picture


@pytest.fixture(scope="session")
def cat() -> DrawnCat:
    """A drawing in which no tracker finds a face."""
    return DrawnCat()
