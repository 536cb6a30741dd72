from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph
from vivant.graph.node import Lane, Node, Pace, Source
from vivant.graph.packet import Packet, Tick
from vivant.graph.params import Cost, NodeParams, param
from vivant.graph.port import NoInputs, NoOutputs, output, tick
from vivant.graph.problem import PresetError
from vivant.graph.registry import Registry
from vivant.runtime.clock import VirtualClock
from vivant.runtime.edits import Edit
from vivant.runtime.live import LiveEngine
from vivant.runtime.preset_watch import PresetWatch
from vivant.runtime.services import Services


class Params(NodeParams):
    size: int = param(1, ge=0)
    name: str = param("a")


@dataclass(frozen=True)
class Outputs:
    number: int = output("A number.")


class Counts(Source[Params, Outputs], type="watch.counts", pace=Pace.ONCE):
    """Counts."""

    def process(self, inputs: NoInputs) -> Outputs:
        return Outputs(1)


NONE: frozenset[Path] = frozenset()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "show.json"
    save(path, size=2)
    return path


def save(path: Path, node: str = "counts", **params: object) -> None:
    """Save as editors do: a new file in the place of the old one."""
    beside = path.with_name("beside")
    nodes = {node: {"type": "watch.counts", "params": params}}
    beside.write_text(json.dumps({"version": 1, "nodes": nodes}, indent=1))
    beside.replace(path)


def watch(file: Path, *overrides: str) -> PresetWatch:
    return PresetWatch(file, overrides, Registry({"watch.counts": Counts}))


def edit(saved: PresetWatch, files: frozenset[Path] = NONE) -> Edit:
    assert saved.look(files) is None  # half of a file is never taken
    found = saved.look(files)
    assert found is not None
    assert saved.look(files) is None
    return found


def size(found: Edit) -> int:
    assert found.graph is not None
    params = found.graph["counts"].params
    assert isinstance(params, Params)
    return params.size


def test_what_is_saved_comes_as_a_graph(file: Path) -> None:
    saved = watch(file)
    assert isinstance(saved.load()["counts"].params, Params)
    save(file, size=3)
    found = edit(saved)
    assert (size(found), found.fault, found.files) == (3, None, NONE)


def test_overrides_stay_in_force(file: Path) -> None:
    saved = watch(file, "counts.size=9")
    save(file, size=3, name="b")
    found = edit(saved)
    assert size(found) == 9
    assert found.graph is not None
    assert found.graph["counts"].params.model_dump()["name"] == "b"


def test_what_is_saved_between_the_watch_and_the_first_load_is_not_missed(file: Path) -> None:
    saved = watch(file)
    save(file, size=5)
    saved.load()
    assert size(edit(saved)) == 5


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"version": 1,\n "nodes": {,}}', "line 2, column 12: no valid JSON"),
        (
            '{"version": 1, "nodes":\n {"counts": {"type": "watch.counts",\n  "params": {"size": -1}}}}',
            "line 3: nodes.counts.params.size: -1: ",
        ),
        (
            '{"version": 1, "nodes":\n {"counts": {"type": "watch.count"}}}',
            "line 2: nodes.counts.type: 'watch.count' is no node type (did you mean 'watch.counts'?)",
        ),
    ],
)
def test_a_fault_names_file_and_line_and_the_next_good_version_is_taken(file: Path, text: str, told: str) -> None:
    saved = watch(file)
    file.write_text(text)
    found = edit(saved)
    assert found.graph is None
    assert isinstance(found.fault, PresetError)
    assert told in str(found.fault)
    assert found.fault.where == str(file)
    save(file, size=4)
    assert size(edit(saved)) == 4


def test_an_override_whose_node_is_gone_is_a_fault(file: Path) -> None:
    saved = watch(file, "counts.size=9")
    save(file, node="other", size=3)
    found = edit(saved)
    assert found.graph is None
    assert "the preset has no node 'counts'" in str(found.fault)


def test_a_preset_that_is_taken_away_goes_on_running(file: Path) -> None:
    saved = watch(file)
    file.unlink()
    assert [saved.look(NONE) for _ in range(3)] == [None] * 3


def test_files_of_nodes_are_told_apart_from_the_preset(file: Path, tmp_path: Path) -> None:
    shader, other = tmp_path / "a.frag", tmp_path / "b.frag"
    shader.write_text("one")
    other.write_text("one")
    saved = watch(file)
    files = frozenset({shader, other})
    assert saved.look(files) is None
    shader.write_text("two")
    found = edit(saved, files)
    assert (found.graph, found.fault, found.files) == (None, None, frozenset({shader}))
    shader.write_text("three")
    save(file, size=7)
    found = edit(saved, files)
    assert (size(found), found.files) == (7, frozenset({shader}))


def test_the_first_load_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(VivantError, match="there is no such preset"):
        watch(tmp_path / "none.json").load()


class TickParams(NodeParams):
    gain: int = param(1)
    path: str = param("", cost=Cost.REOPEN)


@dataclass(frozen=True)
class TickInputs:
    tick: Packet[Tick] = tick()


class Act(Node[TickParams, TickInputs, NoOutputs], type="watch.act", lane=Lane.RENDER):
    """Saves its own preset at its tenth step, and tells when that has come back to it."""

    steps = 0

    def process(self, inputs: TickInputs) -> None:
        self.steps += 1
        file = Path(self.params.path)
        if self.steps == 10:
            text = file.read_text().replace('"gain": 1', '"gain": 2')
            beside = file.with_name("beside")
            beside.write_text(text)
            beside.replace(file)
        if self.steps == 50:
            file.write_text("{")
        with file.with_suffix(".log").open("a") as log:
            log.write(f"{self.params.gain} ")


def test_a_saved_preset_is_in_force_within_half_a_second(tmp_path: Path) -> None:
    file = tmp_path / "act.json"
    params = {"gain": 1, "path": str(file)}
    file.write_text(json.dumps({"version": 1, "nodes": {"act": {"type": "watch.act", "params": params}}}))
    saved = PresetWatch(file, (), Registry({"watch.act": Act}))
    notices: list[str] = []
    services = Services(fetch=Path, notice=notices.append)
    LiveEngine(saved.load(), services, clock=VirtualClock(), duration_s=1.2, edits=saved).run(threading.Event())
    gains = [int(word) for word in file.with_suffix(".log").read_text().split()]
    assert gains == [1] * 13 + [2] * (73 - 13)  # saved at 150 ms, seen at 150 and 200, in force with the next step
    assert notices[0] == "reload: changed: act"
    assert notices[1].startswith("reload refused: the preset has a problem:\n  line 1, column 2: no valid JSON")
    assert str(file) in notices[1]


def test_the_run_command_watches_its_preset_and_keeps_what_was_set(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from vivant.graph import registry
    from vivant.runtime import live_run
    from vivant.runtime.cli import main

    given: dict[str, Any] = {}

    def run_live(graph: Graph, **options: Any) -> None:
        given.update(options, graph=graph)
        save(file, size=3, name="saved")

    monkeypatch.setattr(live_run, "run_live", run_live)
    monkeypatch.setattr(registry.Registry, "installed", lambda: Registry({"watch.counts": Counts}))
    assert main(["run", str(file), "--set", "counts.size=9"]) == 0
    assert given["graph"]["counts"].params.model_dump() == {"size": 9, "name": "a"}
    found = edit(given["edits"])
    assert found.graph is not None
    assert found.graph["counts"].params.model_dump() == {"size": 9, "name": "saved"}
