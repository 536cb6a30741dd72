from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import vivant.presets
from vivant.graph.graph import Graph
from vivant.graph.migration import Document
from vivant.graph.preset import load_preset, parse_preset
from vivant.graph.problem import PresetError
from vivant.graph.registry import Registry
from vivant.graph.validation import MAX_NODES, validate

PRESETS = sorted(path for path in Path(next(iter(vivant.presets.__path__))).glob("*.json") if path.stem != "schema")
SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)
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
        "nodes.portrait.params.pth: no such parameter; there are: path (did you mean 'path'?)",
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
        "  nodes.driver.params.speed: no such parameter; there are: path\n"
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


def _places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    steps: list[Any] = []
    if isinstance(value, dict):
        steps = list(value)
    elif isinstance(value, list):
        steps = list(range(len(value)))
    return [at, *(place for step in steps for place in _places(value[step], (*at, step)))]


_NAMES = sorted({str(step) for document in SHIPPED for place in _places(document) for step in place})
_TEXTS = st.sampled_from([*_NAMES, "driver.frame", "puppet.puppet", "render.surface", "source.image", "stil"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS | st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def mutated(draw: st.DrawFn) -> Document:
    """A shipped preset with a few of its parts replaced, removed, added, renamed or swapped."""
    document = copy.deepcopy(draw(st.sampled_from(SHIPPED)))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.sampled_from([p for p in _places(document) if p]))
        parent: Any = document
        for step in place[:-1]:
            parent = parent[step]
        match draw(st.sampled_from(["replace", "remove", "add", "rename", "swap"])):
            case "replace":
                parent[place[-1]] = draw(_VALUES)
            case "remove":
                del parent[place[-1]]
            case "add" if isinstance(parent, dict):
                parent[draw(_TEXTS | st.text(max_size=9))] = draw(_VALUES)
            case "rename" if isinstance(parent, dict):
                parent[draw(_TEXTS)] = parent.pop(place[-1])
            case "swap":
                other = draw(st.sampled_from([p for p in _places(document) if p]))
                value: Any = document
                for step in other:
                    value = value[step]
                parent[place[-1]] = copy.deepcopy(value)
        if not _places(document)[1:]:
            break
    return document


@settings(max_examples=300, deadline=None, suppress_health_check=SLOW)
@given(document=mutated())
def test_a_mutated_preset_loads_or_is_refused_in_words(registry: Registry, document: Document) -> None:
    try:
        text = json.dumps(document).encode()
        graph = validate(parse_preset(text), registry, Path())
    except PresetError as error:
        assert error.problems
        str(error).encode()  # it can be printed
    else:
        assert isinstance(graph, Graph)
        assert len(graph.nodes) == len(document["nodes"])


@settings(max_examples=100, deadline=None, suppress_health_check=SLOW)
@given(document=mutated())
def test_so_it_is_with_the_installed_nodes(document: Document) -> None:
    try:
        validate(document, Registry.installed(), Path())
    except PresetError as error:
        assert error.problems


@settings(max_examples=200, deadline=None, suppress_health_check=SLOW)
@given(data=st.data())
def test_damaged_files_are_refused_in_words(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(PRESETS))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(content) - 1))
        length = data.draw(st.integers(0, 40))
        content[at : at + length] = data.draw(st.binary(max_size=6))
        if not content:
            break
    try:
        parse_preset(bytes(content))
    except PresetError as error:
        str(error).encode()
