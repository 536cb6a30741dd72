from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

import vivant.presets
from vivant.graph.migration import Document
from vivant.graph.preset import load_preset
from vivant.graph.problem import PresetError
from vivant.graph.registry import Registry
from vivant.graph.validation import MAX_NODES, validate

PRESETS = sorted(path for path in Path(next(iter(vivant.presets.__path__))).glob("*.json") if path.stem != "schema")
SHIPPED = [load_preset(path) for path in PRESETS]


def shipped(name: str) -> Document:
    return copy.deepcopy(next(d for d in SHIPPED if d["name"] == name))


def problems(document: Any, registry: Registry) -> list[str]:
    with pytest.raises(PresetError) as raised:
        validate(document, registry, Path())
    assert raised.value.exit_status == 2
    return [str(problem) for problem in raised.value.problems]


def test_a_shipped_preset_names_no_file_of_the_user() -> None:
    # a name that stands for one is looked for, and "no such file" is told of a file that nobody has named
    assert "path" not in shipped("portrait-video")["nodes"]["driver"].get("params", {})


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_shipped_presets_are_right(path: Path, registry: Registry) -> None:
    document = load_preset(path)
    graph = validate(document, registry, path.parent)
    assert graph.name == path.stem
    assert graph.about
    assert {spec.id for spec in graph.nodes} == set(document["nodes"])
    seen: set[str] = set()
    for spec in graph.nodes:
        assert {link.node for link in spec.links.values()} <= seen
        seen.add(spec.id)


def test_parameters_are_checked_and_defaults_filled(registry: Registry) -> None:
    graph = validate(shipped("portrait"), registry, Path())
    assert graph["driver"].params.model_dump() == {
        "device": 0, "size": (640, 480), "rate_hz": 30.0, "mirror": True
    }  # fmt: skip
    assert graph["portrait_face"].params.model_dump() == {"mode": "still", "required": True}


def test_all_problems_are_told_at_once(registry: Registry) -> None:
    document = shipped("portrait")
    nodes = document["nodes"]
    document["colour"] = "red"
    nodes["driver"]["type"] = "source.cammera"
    nodes["face"]["inputs"]["frame"] = "portrait.image"
    nodes["fit"]["inputs"]["faces"] = nodes["fit"]["inputs"].pop("face")
    nodes["portrait"]["params"]["pth"] = 3
    nodes["matte"]["inputs"]["frame"] = "portrat.frame"
    nodes["skin"]["params"] = []
    nodes["window"]["inputs"]["surface"] = "render.frame"
    assert problems(document, registry) == [
        "colour: unknown key; there are: $schema, version, name, about, nodes",
        "nodes.driver.type: 'source.cammera' is no node type (did you mean 'source.camera'?)",
        "nodes.portrait.params.pth: no such parameter; there are: path, max_size (did you mean 'path'?)",
        "nodes.skin.params: must be an object, is a list",
        "nodes.face.inputs.frame: 'portrait.image' is no output of source.image; it has: frame",
        "nodes.fit.inputs.faces: face.fit has no such input; it has: face (did you mean 'face'?)",
        "nodes.fit.inputs.face: missing; it takes FaceReading or None; what would fit: face.face, portrait_face.face",
        "nodes.matte.inputs.frame: there is no node 'portrat' (did you mean 'portrait.frame'?)",
        "nodes.window.inputs.surface: 'render.frame' gives Picture, this input takes Surface",
    ]


def test_the_message_is_one_block_with_the_file(registry: Registry) -> None:
    document = shipped("demo")
    document["nodes"]["driver"]["params"]["speed"] = 2
    del document["version"]
    with pytest.raises(PresetError) as raised:
        validate(document, registry, Path(), where="my/demo.json")
    assert str(raised.value) == (
        "the preset has 2 problems:\n"
        '  version: missing; write "version": 1\n'
        "  nodes.driver.params.speed: no such parameter; there are: path, loop\n"
        "  where: my/demo.json"
    )


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"device": []}, "device: []: input should be a valid integer or input should be a valid string"),
        ({"size": [640]}, "size[1]: missing"),
        ({"size": [640, "480"]}, "size[1]: '480': input should be a valid integer"),
        ({"rate_hz": -1}, "rate_hz: -1: input should be greater than 0"),
        ({"rate_hz": "30"}, "rate_hz: '30': input should be a valid number"),
        ({"mirror": 1}, "mirror: 1: input should be a valid boolean"),
    ],
)
def test_wrong_parameters_are_told_with_their_place(registry: Registry, params: dict[str, Any], told: str) -> None:
    document = {"version": 1, "nodes": {"c": {"type": "source.camera", "params": params}}}
    assert problems(document, registry) == [f"nodes.c.params.{told}"]


def test_names_of_values_are_suggested_and_missing_parameters_told(registry: Registry) -> None:
    document = {
        "version": 1,
        "nodes": {
            "needy": {"type": "test.needy", "params": {"points": {"a b": [[1, "x"]]}}},
            "face": {"type": "face.landmarks", "params": {"mode": "stil"}, "inputs": {"frame": "i.frame"}},
            "i": {"type": "source.image"},
        },
    }
    assert problems(document, registry) == [
        "nodes.needy.params.amount: missing",
        "nodes.needy.params.points[\"a b\"][0][1]: 'x': input should be a valid number",
        "nodes.face.params.mode: 'stil': input should be 'stream' or 'still' (did you mean 'still'?)",
    ]


@pytest.mark.parametrize(
    ("link", "told"),
    [
        (7, 'must be a text "node.output", is a number'),
        (None, 'must be a text "node.output", is null'),
        ("driver", "must be \"node.output\", is 'driver' (did you mean 'driver.motion'?)"),
        (".motion", "must be \"node.output\", is '.motion'"),
        ("driver.motion.x", "'driver.motion.x' is no output of source.performance; it has: motion"
         " (did you mean 'driver.motion'?)"),
        ("\x1b[2J.motion", "there is no node '\\x1b[2J'; there are: driver, t"),
        ("t.motion", "'t.motion' closes a cycle: t -> t; links must not lead back"),
    ],
)  # fmt: skip
def test_wrong_links_are_told(registry: Registry, link: object, told: str) -> None:
    document = {
        "version": 1,
        "nodes": {
            "driver": {"type": "source.performance"},
            "t": {"type": "test.ticks", "inputs": {"motion": link}},
        },
    }
    assert problems(document, registry) == [f"nodes.t.inputs.motion: {told}"]


def test_optional_inputs_may_be_left_out_and_ticks_are_not_wired(registry: Registry) -> None:
    document: Document = {"version": 1, "nodes": {"t": {"type": "test.ticks"}}}
    assert validate(document, registry, Path())["t"].ticks
    document["nodes"]["t"]["inputs"] = {"tick": "t.motion"}
    assert problems(document, registry) == ["nodes.t.inputs.tick: supplied by the engine, not wired in a preset"]


def test_every_cycle_is_told(registry: Registry) -> None:
    def mix(first: str, second: str) -> dict[str, object]:
        return {"type": "test.mix", "inputs": {"first": f"{first}.motion", "second": f"{second}.motion"}}

    document = {
        "version": 1,
        "nodes": {
            "p": {"type": "source.performance"},
            "a": mix("p", "c"),
            "b": mix("a", "p"),
            "c": mix("b", "p"),
            "x": mix("y", "p"),
            "y": mix("p", "x"),
            "behind": mix("a", "x"),
        },
    }
    assert problems(document, registry) == [
        "nodes.b.inputs.first: 'a.motion' closes a cycle: b -> c -> a -> b; links must not lead back",
        "nodes.y.inputs.second: 'x.motion' closes a cycle: y -> x -> y; links must not lead back",
    ]


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ([], "a preset is a JSON object, this is a list"),
        ({}, 'version: missing; write "version": 1'),
        ({"version": True, "nodes": {}}, "version: must be 1, is true"),
        ({"version": 1, "nodes": []}, "nodes: must be an object of nodes by name, is a list"),
        ({"version": 1, "nodes": {}}, "nodes: there is no node"),
        ({"version": 1, "nodes": {"a": 3}}, "nodes.a: a node must be an object with a type, is a number"),
        ({"version": 1, "nodes": {"a": {}}}, "nodes.a.type: missing"),
        ({"version": 1, "nodes": {"a": {"type": 1}}}, "nodes.a.type: must be a text, is a number"),
        ({"version": 1, "name": 3, "nodes": {}}, "name: must be a text, is a number"),
        ({"version": 1, "nodes": {"a": {"type": "source.image", "inputs": 3}}},
         "nodes.a.inputs: must be an object of links by input, is a number"),
        ({"version": 1, "nodes": {"a.b": {"type": "source.image"}}},
         'nodes["a.b"]: a node\'s name is made of letters, digits, _ and -'),
        ({"version": 1, "nodes": {"a": {"type": "source.image", "param": {}}}},
         "nodes.a.param: unknown key; there are: type, params, inputs (did you mean 'params'?)"),
        ({"version": 1, "nodes": {str(n): {} for n in range(MAX_NODES + 1)}}, f"{MAX_NODES} is the limit"),
    ],
)  # fmt: skip
def test_wrong_shapes_are_told(registry: Registry, document: object, told: str) -> None:
    assert any(told in problem for problem in problems(document, registry))


def test_a_hostile_preset_gives_a_short_message(registry: Registry) -> None:
    document = {"version": 1, **{f"key{n}" + "x" * 500: n for n in range(2000)}}
    with pytest.raises(PresetError) as raised:
        validate(document, registry, Path())
    assert len(raised.value.problems) == 2001
    assert "and 1961 more" in str(raised.value)
    assert len(str(raised.value)) < 20_000


def test_a_hostile_preset_is_refused_at_once(registry: Registry) -> None:
    """Among 256 similar names each search for the nearest takes milliseconds; 20,000 of them would take minutes."""
    nodes: Document = {f"node_number_{n}": {"type": "source.image"} for n in range(MAX_NODES - 1)}
    nodes["x"] = {"type": "no.such", "inputs": {f"i{n}": "node_numbr.frame" for n in range(20_000)}}
    found = problems({"version": 1, "nodes": nodes}, registry)
    assert len(found) == 20_001
    assert "did you mean 'node_number_" in found[1]
    assert "did you mean" not in found[-1]
