from __future__ import annotations

from pathlib import Path

import pytest

import vivant.presets
from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph
from vivant.graph.node import Pace
from vivant.graph.preset import load_preset
from vivant.graph.registry import Registry
from vivant.graph.validation import validate

PRESETS = Path(next(iter(vivant.presets.__path__)))


@pytest.fixture
def graph(registry: Registry) -> Graph:
    return validate(load_preset(PRESETS / "portrait-video.json"), registry, PRESETS)


def test_it_knows_what_feeds_and_what_reads(graph: Graph) -> None:
    assert graph.upstream(["fit"]) == {"driver", "face"}
    assert graph.downstream(["retarget"]) == {"skin", "render", "window"}
    assert [(spec.id, name) for spec, name in graph.readers("face")] == [("fit", "face")]
    assert graph.connected("render") == {"surface"}
    assert graph.connected("window") == frozenset()
    assert "fit" in graph
    assert "camera" not in graph


def test_it_knows_what_stands_still(graph: Graph) -> None:
    assert graph.still == {"portrait", "portrait_face", "portrait_fit", "matte", "depth", "puppet"}
    assert graph.unmoved == graph.still | {"probe"}


def test_what_ticks_runs_for_ever_even_when_only_a_picture_feeds_it(registry: Registry) -> None:
    document = {"version": 1, "nodes": {"t": {"type": "test.ticks"}}}
    graph = validate(document, registry, Path())
    assert graph.still == frozenset()
    assert graph.unmoved == {"t"}


def test_the_node_named_driver_sets_the_steps(registry: Registry) -> None:
    nodes = {name: {"type": "source.performance"} for name in ("other", "driver")}
    graph = validate({"version": 1, "nodes": nodes}, registry, Path())
    primary = graph.primary()
    assert primary is not None
    assert primary.id == "driver"
    assert [spec.id for spec in graph.sources(Pace.MEDIA)] == ["other", "driver"]
    del nodes["driver"]
    primary = validate({"version": 1, "nodes": nodes}, registry, Path()).primary()
    assert primary is not None
    assert primary.id == "other"


def test_a_camera_sets_no_steps(registry: Registry) -> None:
    document = {"version": 1, "nodes": {"driver": {"type": "source.camera"}}}
    assert validate(document, registry, Path()).primary() is None


def test_without_a_display_only_what_shows_is_left_out(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph["window"].node_class, "shows", True)
    kept = graph.without_display()
    assert [spec.id for spec in kept.nodes] == [s.id for s in graph.nodes if s.id != "window"]
    assert kept.connected("render") == frozenset()


def test_a_node_that_needs_what_is_left_out_is_named(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph["render"].node_class, "shows", True)
    with pytest.raises(VivantError, match=r"window\.surface reads render\.surface"):
        graph.without_display()
