"""Shipped presets, damaged in every way: each loads or is refused in words, without a traceback or a hang.

A usual run tries a few hundred. ``VIVANT_MUTATIONS=10000`` in the environment says how many each test is to try, all
of them other ones than the time before; a few minutes are enough for 10,000.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import vivant.presets
from vivant.graph.diff import diff_graphs
from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph
from vivant.graph.migration import Document
from vivant.graph.node import Lane, Pace
from vivant.graph.preset import MAX_DEPTH, load_preset, parse_preset
from vivant.graph.problem import PresetError
from vivant.graph.registry import Registry
from vivant.graph.validation import validate
from vivant.runtime.cli import main
from vivant.runtime.offline_document import offline_document
from vivant.runtime.preset_watch import PresetWatch

PRESETS = sorted(path for path in Path(next(iter(vivant.presets.__path__))).glob("*.json") if path.stem != "schema")
SHIPPED = [load_preset(path) for path in PRESETS]
ASKED = int(os.environ.get("VIVANT_MUTATIONS", "0"))
HANG = timedelta(seconds=20)
"""Far more than the slowest takes on a busy machine."""
SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)
FIXED = (HealthCheck.function_scoped_fixture,)  # each example writes its file anew


def examples(usual: int) -> settings:
    return settings(max_examples=ASKED or usual, deadline=HANG, suppress_health_check=(*SLOW, *FIXED))


def _places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    steps: list[Any] = []
    if isinstance(value, dict):
        steps = list(value)
    elif isinstance(value, list):
        steps = list(range(len(value)))
    return [at, *(place for step in steps for place in _places(value[step], (*at, step)))]


def _inside(value: Any, place: tuple[Any, ...]) -> Any:
    for step in place:
        value = value[step]
    return value


REGISTRY = Registry.installed()
_NODES = sorted({node_id for document in SHIPPED for node_id in document["nodes"]})
_PORTS = sorted({port for t in REGISTRY.types() for port in REGISTRY.get(t).output_ports})
_PARAMS = sorted({name for t in REGISTRY.types() for name in REGISTRY.get(t).params_type.model_fields})
_KEYS = sorted({str(step) for document in SHIPPED for place in _places(document) for step in place})
_LINKS = st.builds("{}.{}".format, st.sampled_from([*_NODES, "nobody"]), st.sampled_from([*_PORTS, "nothing"]))
_TEXTS = st.sampled_from([*_KEYS, *_PARAMS, *REGISTRY.types(), "stil", "sample:astronaut", ".", "a.b.c"]) | _LINKS
_ODD_TEXTS = st.sampled_from(
    [
        "",
        " ",
        "\x00",
        "\x1b[2J",
        "\u202e",
        "\ud800",
        "\ufeff",
        "\n",
        "é" * 65,
        "x" * 5000,
        "../" * 400,
        "-0",
        "__class__",
    ]
)
_NUMBERS = st.sampled_from(
    [
        float("nan"),
        float("inf"),
        -float("inf"),
        0,
        -0.0,
        -1,
        5e-324,
        1.7e308,
        2**31,
        2**63,
        2**64,
        -(2**63),
        10**39,
        0.1,
    ]
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _NUMBERS | st.text(max_size=9) | _ODD_TEXTS | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS | st.text(max_size=9), inner, max_size=4),
    max_leaves=8,
)


def _deep(levels: int, of_lists: bool) -> Any:
    value: Any = 0
    for _ in range(levels):
        value = [value] if of_lists else {"params": value}
    return value


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """A shipped preset with a few of its parts replaced, removed, added, renamed, swapped, nested or rewired."""
    document = copy.deepcopy(draw(st.sampled_from(SHIPPED)))
    deep = False
    for _ in range(draw(st.integers(1, 6))):
        places = [place for place in _places(document) if place]
        if not places:
            break
        place = draw(st.sampled_from(places))
        parent = _inside(document, place[:-1])
        nodes = document.get("nodes")
        match draw(st.sampled_from(_WAYS)):
            case "replace":
                parent[place[-1]] = draw(_VALUES)
            case "remove":
                del parent[place[-1]]
            case "add" if isinstance(parent, dict):
                parent[draw(_TEXTS | _ODD_TEXTS | st.text(max_size=9))] = draw(_VALUES)
            case "add":
                parent.append(draw(_VALUES))
            case "rename" if isinstance(parent, dict):
                parent[draw(_TEXTS | _ODD_TEXTS)] = parent.pop(place[-1])
            case "swap" if not deep:
                parent[place[-1]] = copy.deepcopy(_inside(document, draw(st.sampled_from(places))))
            case "nest":
                # deeply once at most: what lies 1000 deep cannot be copied here, depending on the stack of the moment
                depths = st.integers(1, 3)
                levels = draw(depths if deep else depths | st.sampled_from([MAX_DEPTH - 4, MAX_DEPTH + 1, 500]))
                deep = deep or levels > 3
                parent[place[-1]] = _deep(levels, draw(st.booleans()))
            case "version":
                document["version"] = draw(st.sampled_from([0, 2, -1, 1.0, "1", True, None, 10**30, [1]]))
            case "link" if isinstance(nodes, dict) and nodes:
                node = nodes[draw(st.sampled_from(sorted(nodes)))]
                if isinstance(node, dict):
                    inputs = node.setdefault("inputs", {})
                    if isinstance(inputs, dict):
                        inputs[draw(st.sampled_from([*inputs, "frame", "tick"]))] = draw(_LINKS)
            case "type" if isinstance(nodes, dict) and nodes:
                node = nodes[draw(st.sampled_from(sorted(nodes)))]
                if isinstance(node, dict):
                    node["type"] = draw(st.sampled_from([*REGISTRY.types(), "no.such"]))
            case "param" if isinstance(nodes, dict) and nodes:
                node = nodes[draw(st.sampled_from(sorted(nodes)))]
                if isinstance(node, dict):
                    params = node.setdefault("params", {})
                    if isinstance(params, dict):
                        params[draw(st.sampled_from(_known_params(node)))] = draw(_VALUES)
            case _:
                pass
    return document


_WAYS = ["replace", "remove", "add", "rename", "swap", "nest", "version", "link", "type", "param"]


def _known_params(node: Document) -> list[str]:
    """What a parameter of this node may be called, so that its bounds are tried too."""
    if node.get("type") in REGISTRY.types():
        return sorted(REGISTRY.get(node["type"]).params_type.model_fields) or _PARAMS
    return _PARAMS


def _doubled(text: str, at: int) -> str:
    """Write the key that stands at or after a place twice."""
    begin = text.find('"', at)
    end = text.find('"', begin + 1)
    return f"{text[:begin]}{text[begin : end + 1]}: 0, {text[begin:]}" if 0 <= begin < end else text


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """The bytes of a mutated preset, which may be damaged as a text or as a file too."""
    text = json.dumps(draw(documents()), ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 2])))
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 1, 2]))):
        at = draw(st.integers(0, len(text)))
        match draw(st.sampled_from(["double", "insert", "cut", "end", "depth", "number"])):
            case "double":
                text = _doubled(text, at)
            case "insert":
                text = (
                    text[:at] + draw(st.text(max_size=4) | st.sampled_from(["//", "/* */", ",", "\\ud800"])) + text[at:]
                )
            case "cut":
                text = text[:at] + text[at + draw(st.integers(1, 40)) :]
            case "end":
                text = text[:at]
            case "depth":
                text = text[:at] + draw(st.sampled_from("[{")) * draw(st.sampled_from([3, 40, 100_000])) + text[at:]
            case _:
                number = draw(
                    st.sampled_from(["1e999", "-1e999", "9" * 5000, "1e-999", "NaN", "Infinity", "01", "0x1"])
                )
                text = text.replace(": 1", ": " + number, 1)
    encoding = draw(st.sampled_from([*["utf-8"] * 8, "utf-8-sig", "utf-16", "utf-32", "latin-1"]))
    content = bytearray(text.encode(encoding, "surrogatepass" if encoding.startswith("utf") else "replace"))
    for _ in range(draw(st.sampled_from([0, 0, 0, 0, 1, 3]))):
        at = draw(st.integers(0, len(content)))
        length = draw(st.integers(0, 40))
        content[at : at + length] = draw(st.binary(max_size=6))
    return bytes(content)


def assert_readable(error: VivantError) -> None:
    text = str(error)
    text.encode()  # it can be printed
    assert "Traceback" not in text and "Error:" not in text
    assert 0 < len(text) < 40_000
    assert all(line == "" or line.isprintable() for line in text.split("\n"))


def use(graph: Graph) -> None:
    """Ask of a graph all that runs ask of it before they open a node."""
    shown = graph.without_display()
    assert {spec.id for spec in shown.nodes} <= {spec.id for spec in graph.nodes}
    for some in (graph, shown):
        drawn = [spec.id for spec in some.nodes if spec.node_class.lane is Lane.RENDER]
        assert some.upstream(drawn) | some.downstream(drawn) | some.still | some.unmoved <= {s.id for s in some.nodes}
        some.primary()
        for pace in Pace:
            some.sources(pace)
    assert not diff_graphs(graph, graph)
    diff_graphs(graph, shown)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    yield tmp_path_factory.mktemp("mutated") / "preset.json"


@examples(300)
@given(content=files())
def test_a_mutated_preset_loads_or_is_refused_in_words(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    try:
        graph = PresetWatch(file, (), REGISTRY).load()
    except VivantError as error:
        assert error.exit_status == 2
        assert_readable(error)
        return
    use(graph)
    try:
        document = load_preset(file)
        offline = offline_document(
            document, graph, REGISTRY, portrait="sample:astronaut", driver=Path("/d.mp4"), out=Path("/o.mp4")
        )
        use(validate(offline, REGISTRY, file.parent))
    except VivantError as error:
        assert_readable(error)


@examples(60)
@given(content=files())
def test_the_command_says_so_too(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    out, told = io.StringIO(), io.StringIO()
    with contextlib.redirect_stderr(told), contextlib.redirect_stdout(out):
        status = main(["check", str(file)])
    assert (status, told.getvalue() == "") in ((0, True), (2, False))
    assert "Traceback" not in told.getvalue() and "unexpected error" not in told.getvalue()


@examples(300)
@given(document=documents())
def test_what_an_editor_says_of_a_document_that_was_never_text(registry: Registry, document: Document) -> None:
    try:
        graph = validate(document, registry, Path())
    except PresetError as error:
        assert error.problems
        str(error).encode(errors="surrogatepass")
    else:
        assert len(graph.nodes) == len(document["nodes"])


@examples(200)
@given(data=st.data())
def test_damaged_files_are_refused_in_words(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(PRESETS)).read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(content) - 1))
        length = data.draw(st.integers(0, 40))
        content[at : at + length] = data.draw(st.binary(max_size=6))
        if not content:
            break
    try:
        parse_preset(bytes(content))
    except PresetError as error:
        assert_readable(error)


OVERRIDES = st.lists(
    st.builds(
        "{}.{}{}={}".format,
        st.sampled_from([*_NODES, "nobody", ""]),
        st.sampled_from([*_PARAMS, "", "0"]),
        st.sampled_from(["", ".0", ".key.key", "." * 3, ".9" * 50]),
        st.sampled_from(["NaN", "1e999", "[" * 100_000, "{", '"\\ud800"', "", "[1,2]", "true", "9" * 50])
        | st.text(max_size=9),
    )
    | st.text(max_size=20),
    max_size=4,
)  # fmt: skip


@examples(100)
@given(path=st.sampled_from(PRESETS), overrides=OVERRIDES)
def test_overrides_are_taken_or_refused_in_words(path: Path, overrides: list[str]) -> None:
    try:
        use(PresetWatch(path, overrides, REGISTRY).load())
    except VivantError as error:
        assert error.exit_status == 2
        assert_readable(error)
