"""Reloads a real live run a thousand times, and measures what that costs.

``python tests/runtime/reloading.py PORTRAIT DRIVER [COUNT]`` runs the preset portrait-video without a window and saves
it, and its shaders, again and again: parameters that are live, parameters that reopen a node, other nodes, another
picture size, good shaders and bad ones, presets that are none. It prints how long each kind took to be in force or
refused, resident memory and OpenGL names over time, the darkest frame, and the longest pause between two frames.

The shaders are those of the package that runs; they are put back at the end.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import random
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from vivant.graph.errors import VivantError
from vivant.graph.registry import Registry
from vivant.runtime.drawing import gl_for
from vivant.runtime.environment import prepare_environment
from vivant.runtime.live import LiveEngine
from vivant.runtime.memory import current_rss_mb
from vivant.runtime.models import ModelStore
from vivant.runtime.preset_watch import PresetWatch
from vivant.runtime.services import Services
from vivant.runtime.shipped_presets import find_preset

KINDS = ("Buffer", "Texture", "Framebuffer", "Renderbuffer", "VertexArray", "Program", "Shader")


def gl_names() -> dict[str, int]:
    """Count the OpenGL names of each kind that exist, asked of the driver."""
    library = ctypes.CDLL("libEGL.so.1")
    library.eglGetProcAddress.restype = ctypes.c_void_p
    counts = {}
    for kind in KINDS:
        ask = ctypes.CFUNCTYPE(ctypes.c_ubyte, ctypes.c_uint)(library.eglGetProcAddress(f"glIs{kind}".encode()))
        counts[kind] = sum(bool(ask(name)) for name in range(1, 20_000))
    return counts


class Told:
    """Keeps what was told of edits."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def applied(self, summary: str) -> None:
        self.lines.append(summary)

    def refused(self, fault: VivantError) -> None:
        self.lines.append(f"refused: {fault.what}")

    def wait_for(self, words: str, since: int) -> float | None:
        """Return the seconds until a line with these words is told; None when none is for 5 s."""
        begin = time.perf_counter()
        while time.perf_counter() - begin < 5:
            if any(words in line for line in self.lines[since:]):
                return time.perf_counter() - begin
            time.sleep(0.004)
        return None

    def wait_for_quiet(self) -> None:
        """Wait until nothing was told for a while: an edit may be told in two parts."""
        count = -1
        while count != len(self.lines):
            count = len(self.lines)
            time.sleep(0.15)


class Edits:
    """Makes one edit after the other on a thread of its own, as an editor would."""

    def __init__(self, preset: Path, told: Told, stop: threading.Event, count: int, shaders: Iterable[Path]) -> None:
        self.took_s: dict[str, list[float]] = defaultdict(list)
        self.failed: list[str] = []
        self.done = 0
        self.look_every = max(1, count // 10)
        self._preset, self._told, self._stop, self._count = preset, told, stop, count
        self._original = json.loads(preset.read_text())
        self._shaders = {path: path.read_text() for path in shaders}
        self._random = random.Random(1)
        self.begin = threading.Event()
        self.looked = threading.Event()

    def run(self) -> None:
        self.begin.wait()
        self.looked.wait()
        kinds: dict[str, tuple[Callable[[int], None], str]] = {
            "live": (self._live, "changed: retarget"),
            "reopen": (self._reopen, "reopened: face"),
            "structure": (self._structure, "added: more"),
            "size": (self._size, "reopened: render"),
            "no preset": (self._nonsense, "no valid JSON"),
            "good shader": (self._good, "reloaded: render"),
            "bad shader": (self._bad, "does not compile"),
        }
        try:
            for number in range(self._count):
                kind = list(kinds)[number % len(kinds)]
                make, words = kinds[kind]
                since = len(self._told.lines)
                make(number)
                took_s = self._told.wait_for(words, since)
                if self._stop.is_set():
                    return
                if took_s is None:
                    self.failed.append(f"{number} {kind}: not told in 5 s, but {self._told.lines[since:]}")
                else:
                    self.took_s[kind].append(took_s)
                if kind == "bad shader":
                    self._put_back()
                self._told.wait_for_quiet()
                if (number + 1) % self.look_every == 0:
                    self.looked.clear()
                self.done = number + 1
                # asking OpenGL for its names holds up the main thread for longer than an edit takes
                self.looked.wait()
                time.sleep(self._random.uniform(0, 0.05))
        finally:
            self._put_back(wait=False)
            self._stop.set()

    def _save(self, change: Callable[[dict[str, Any]], object]) -> None:
        document = json.loads(json.dumps(self._original))
        change(document["nodes"])
        self._preset.write_text(json.dumps(document))

    def _live(self, number: int) -> None:
        self._save(lambda nodes: nodes["retarget"].update(params={"expression_gain": 0.505 + number % 97 / 100}))

    def _reopen(self, number: int) -> None:
        self._save(lambda nodes: nodes["face"].update(params={"confidence": 0.301 + number % 89 / 400}))

    def _structure(self, number: int) -> None:
        def change(nodes: dict[str, Any]) -> None:
            nodes[f"more{number}"] = {"type": "face.fit", "inputs": {"face": "face.face"}}

        self._save(change)

    def _size(self, number: int) -> None:
        self._save(lambda nodes: nodes["render"].update(params={"height": 300 + number % 61}))

    def _nonsense(self, number: int) -> None:
        self._preset.write_text('{"version": 1, "nodes": ' + str(number))

    def _good(self, number: int) -> None:
        for path, text in self._shaders.items():
            if path.suffix == ".frag":
                path.write_text(f"{text}\n// {number}\n")
                return

    def _bad(self, number: int) -> None:
        for path, text in self._shaders.items():
            if path.suffix == ".frag":
                path.write_text(f"{text}\nno shader {number};\n")
                return

    def _put_back(self, wait: bool = True) -> None:
        since = len(self._told.lines)
        for path, text in self._shaders.items():
            if path.read_text() != text:
                path.write_text(text)
        if wait:
            self._told.wait_for("reloaded: render", since)


def main(arguments: list[str]) -> int:
    """Run and print."""
    # as the program does it: numpy, which nodes import, would start threads that fight for the cores with tracking
    prepare_environment()
    import numpy as np

    from vivant.nodes.render.puppet import RenderPuppet

    portrait, driver, *rest = arguments
    count = int(rest[0]) if rest else 1000
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        preset = Path(folder) / "preset.json"
        document = json.loads(find_preset("portrait-video").read_text())
        document["nodes"]["portrait"]["params"]["path"] = str(Path(portrait).absolute())
        document["nodes"]["driver"]["params"] = {"path": str(Path(driver).absolute()), "loop": True}
        preset.write_text(json.dumps(document))
        told, stop = Told(), threading.Event()
        watch = PresetWatch(preset, (), Registry.installed())
        graph = watch.load()
        gl = stack.enter_context(gl_for(graph, window=False))
        edits = Edits(preset, told, stop, count, RenderPuppet.shaders_type().files())
        frames: list[float] = []
        looked_after: list[int] = []
        darkest = [255.0]
        next_mark = 0
        inner = RenderPuppet.process

        def process(self: RenderPuppet, inputs: Any) -> Any:
            made = inner(self, inputs)
            if made is not None and len(frames) % 4 == 0:
                pixels = np.frombuffer(made.surface.texture.read(), np.uint8)
                darkest[0] = min(darkest[0], float(pixels[::37].mean()))
            return made

        RenderPuppet.process = process  # type: ignore[method-assign]

        def presented(now_ns: int) -> None:
            nonlocal next_mark
            frames.append(now_ns / 1e9)
            if len(frames) == 30:
                edits.begin.set()
            if edits.done >= next_mark and len(frames) >= 30:
                next_mark += edits.look_every
                names = {kind: number for kind, number in gl_names().items() if number}
                mb, threads = current_rss_mb(), threading.active_count()
                sys.stdout.write(f"{edits.done:5d} reloads: {mb:7.1f} MB, {threads} threads, OpenGL {names}\n")
                sys.stdout.flush()
                looked_after.append(len(frames) - 1)
                edits.looked.set()

        services = Services(fetch=ModelStore().fetch, notice=lambda text: None, gl=gl, presented=presented)
        editor = threading.Thread(target=edits.run)
        editor.start()
        try:
            LiveEngine(graph, services, headless=True, edits=watch, reload_listener=told).run(stop)
        finally:
            edits.begin.set()
            edits.looked.set()
            stop.set()
            editor.join()
        pauses = np.delete(np.diff(frames), [index for index in looked_after if index < len(frames) - 1])
        sys.stdout.write(f"{edits.done} reloads, {len(frames)} frames, darkest mean {darkest[0]:.1f}, longest pause "
                         f"{pauses.max():.3f} s, pauses over 0.1 s: {int((pauses > 0.1).sum())}\n")  # fmt: skip
        for kind, took in edits.took_s.items():
            sys.stdout.write(f"  {kind:12s} p50 {np.median(took):.3f} s, p99 {np.percentile(took, 99):.3f} s, "
                             f"longest {max(took):.3f} s\n")  # fmt: skip
        sys.stdout.write("".join(f"  FAILED {line}\n" for line in edits.failed[:20]))
    return 1 if edits.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
