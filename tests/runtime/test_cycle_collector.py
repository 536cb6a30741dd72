"""What a run leaves to Python's cycle collector, which comes by for all of it once in many minutes at best."""

from __future__ import annotations

import gc
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph
from vivant.graph.node import Outcome
from vivant.graph.preset import apply_overrides, load_preset
from vivant.graph.registry import Registry
from vivant.graph.validation import validate
from vivant.runtime.drawing import gl_for
from vivant.runtime.offline import OfflineEngine
from vivant.runtime.offline_document import offline_document
from vivant.runtime.services import Services
from vivant.runtime.shipped_presets import find_preset

FIRST, LAST = 20, 60
"""Frames between which it is looked at: what is made once is made by then."""
AHEAD = 40
"""Frames read after those: reading is ahead of drawing, by queues and by what looks ahead, and its end leaves some."""


@pytest.fixture
def collector_kept_away() -> Iterator[None]:
    yield
    gc.set_debug(0)
    gc.garbage.clear()
    gc.enable()


def looped(portrait: str, driver: Path, out: Path) -> Graph:
    """Return the graph that animates `portrait` into `out`, with rounds of 0.3 s of the driver."""
    path, registry = find_preset("portrait-video"), Registry.installed()
    graph = validate(load_preset(path), registry, path.parent, where=str(path))
    document = offline_document(load_preset(path), graph, registry, portrait=portrait, driver=driver, out=out)
    changes = [f"driver.frames={LAST + AHEAD}", "driver.loop=true", "driver.duration_s=0.3"]
    return validate(apply_overrides(document, changes), registry, path.parent, where=str(path))


def test_a_run_with_real_pictures_leaves_nothing_to_it(
    media: Path, model: Callable[[str], Path], tmp_path: Path, collector_kept_away: None
) -> None:
    """Reading, decoding, tracking, posing, drawing, encoding: rings of references hold native memory meanwhile."""
    graph = looped("sample:astronaut", media / "drivers" / "short.mp4", tmp_path / "out.mp4")
    left: list[Counter[str]] = []

    def progress(done: int, total: int | None) -> None:
        if done == FIRST:
            gc.collect()
            gc.disable()
            gc.set_debug(gc.DEBUG_SAVEALL)
        elif done == LAST:
            gc.collect()
            left.append(Counter(type(thing).__name__ for thing in gc.garbage))
            gc.set_debug(0)

    with ExitStack() as stack:
        try:
            gl = stack.enter_context(gl_for(graph, window=False))
        except VivantError as error:
            pytest.skip(f"no OpenGL here: {error.what}")
        services = Services(fetch=model, notice=lambda line: None, gl=gl, cache_dir=tmp_path)
        result = OfflineEngine(graph, services, progress=progress).run(threading.Event())
    assert result.outcome is Outcome.DONE
    assert left == [Counter()]
