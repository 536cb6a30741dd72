from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from vivant.graph.errors import VivantError
from vivant.graph.node import Pace, Source
from vivant.graph.params import NodeParams, param
from vivant.graph.port import NoInputs, output
from vivant.graph.problem import PresetError
from vivant.graph.registry import Registry
from vivant.runtime.edits import Edit
from vivant.runtime.preset_watch import PresetWatch


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
    assert (found.graph, found.fault, found.files) == (None, None, {shader})
    shader.write_text("three")
    save(file, size=7)
    found = edit(saved, files)
    assert (size(found), found.files) == (7, {shader})


def test_the_first_load_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(VivantError, match="there is no such preset"):
        watch(tmp_path / "none.json").load()
