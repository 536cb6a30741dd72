"""From a preset's document to a checked graph, or to the list of everything that is wrong with it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pydantic

from vivant.graph.graph import Graph, Link, NodeSpec
from vivant.graph.migration import CURRENT_VERSION, Document, is_version, migrate
from vivant.graph.params import NodeParams
from vivant.graph.port import InputPort, Wait, accepts, type_label
from vivant.graph.preset import json_kind
from vivant.graph.problem import PresetError, Problem, json_path, listed, nearest_name, plain, quoted
from vivant.graph.registry import AnyNode, NodeTypeError, Registry

MAX_NODES = 256
MOST_NEAREST = 100
"""From so many problems on no nearest names are looked for: more than a person reads."""
NODE_ID = r"[A-Za-z_][A-Za-z0-9_-]{0,63}"
"""What a node may be called: links are written ``node.output``, so no dots."""

PRESET_KEYS = ("$schema", "version", "name", "about", "nodes")
NODE_KEYS = ("type", "params", "inputs")


def validate(document: Document, registry: Registry, base_dir: Path, *, where: str = "") -> Graph:
    """Check a whole document and build its graph.

    Args:
        document: A preset's document, of any known format version.
        registry: Where node types are found.
        base_dir: Folder that relative paths in parameters start from: the preset's own.
        where: The preset's file, for the message.

    Raises:
        PresetError: Holds every problem there is, not only the first.
    """
    if not isinstance(document, dict):
        raise PresetError([Problem("", f"a preset is a JSON object, this is {json_kind(document)}")], where=where)
    document = migrate(document, where=where)
    check = _Check(registry)
    check.head(document)
    nodes = document.get("nodes")
    order: list[str] = []
    if isinstance(nodes, dict) and 0 < len(nodes) <= MAX_NODES:
        for node_id, node in nodes.items():
            check.node(node_id, node)
        for node_id, node in nodes.items():
            check.inputs(node_id, node, nodes)
        order = check.order(nodes)
    if check.problems:
        raise PresetError(check.problems, where=where)
    specs = tuple(
        NodeSpec(node_id, check.classes[node_id], check.params[node_id], MappingProxyType(check.links[node_id]))
        for node_id in order
    )
    return Graph(specs, base_dir, document.get("name", ""), document.get("about", ""))


class _Check:
    """One pass over a document: what it is made of, and what is wrong with it."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.problems: list[Problem] = []
        self.classes: dict[str, type[AnyNode]] = {}
        self.params: dict[str, NodeParams] = {}
        self.links: dict[str, dict[str, Link]] = {}

    def say(self, path: str, what: str, nearest: str | None = None) -> None:
        self.problems.append(Problem(path, what, nearest))

    def nearest(self, name: str, known: Iterable[str]) -> str | None:
        """Return the name that was probably meant, as long as there are few problems.

        A search among 256 names takes milliseconds: a hostile file of a megabyte would take minutes.
        """
        return nearest_name(name, known) if len(self.problems) < MOST_NEAREST else None

    def head(self, document: Document) -> None:
        self._keys((), document, PRESET_KEYS)
        if "version" not in document:
            self.say("version", f'missing; write "version": {CURRENT_VERSION}')
        elif not is_version(document["version"]):
            self.say("version", f"must be {CURRENT_VERSION}, is {quoted(document['version'])}")
        for key in ("$schema", "name", "about"):
            if not isinstance(document.get(key, ""), str):
                self.say(key, f"must be a text, is {json_kind(document[key])}")
        nodes = document.get("nodes")
        if "nodes" not in document:
            self.say("nodes", "missing; a preset is made of nodes")
        elif not isinstance(nodes, dict):
            self.say("nodes", f"must be an object of nodes by name, is {json_kind(nodes)}")
        elif not nodes:
            self.say("nodes", "there is no node")
        elif len(nodes) > MAX_NODES:
            self.say("nodes", f"{len(nodes)} nodes; {MAX_NODES} is the limit")

    def node(self, node_id: str, node: object) -> None:
        path = json_path("nodes", node_id)
        if not re.fullmatch(NODE_ID, node_id):
            self.say(path, "a node's name is made of letters, digits, _ and -, begins with no digit, at most 64")
        if not isinstance(node, dict):
            self.say(path, f"a node must be an object with a type, is {json_kind(node)}")
            return
        self._keys(("nodes", node_id), node, NODE_KEYS)
        type_name = node.get("type")
        if not isinstance(type_name, str):
            fault = f"must be a text, is {json_kind(type_name)}" if "type" in node else "missing"
            self.say(f"{path}.type", fault)
            return
        try:
            node_class = self.classes[node_id] = self.registry.get(type_name)
        except NodeTypeError as error:
            self.say(f"{path}.type", error.what, error.nearest)
            return
        params = node.get("params", {})
        if not isinstance(params, dict):
            self.say(f"{path}.params", f"must be an object, is {json_kind(params)}")
            return
        checked = self._parameters(node_class, params, ("nodes", node_id, "params"))
        if checked is not None:
            self.params[node_id] = checked

    def inputs(self, node_id: str, node: object, nodes: Mapping[str, object]) -> None:
        links = self.links[node_id] = {}
        if not isinstance(node, dict):
            return
        path = json_path("nodes", node_id, "inputs")
        wired = node.get("inputs", {})
        if not isinstance(wired, dict):
            self.say(path, f"must be an object of links by input, is {json_kind(wired)}")
            return
        node_class = self.classes.get(node_id)
        ports = node_class.input_ports if node_class else {}
        wirable = [name for name, port in ports.items() if port.wait is not Wait.TICK]
        for name, text in wired.items():
            place = json_path("nodes", node_id, "inputs", name)
            if node_class and name not in ports:
                has = f"; it has: {listed(wirable)}" if wirable else "; it has none"
                self.say(place, f"{node_class.type} has no such input{has}", self.nearest(name, wirable))
            elif node_class and name not in wirable:
                self.say(place, "supplied by the engine, not wired in a preset")
            else:
                link = self._link(place, text, nodes, ports.get(name))
                if link:
                    links[name] = link
        for name in wirable:
            if ports[name].required and name not in wired:
                fitting = [
                    f"{other}.{output}"
                    for other, other_class in self.classes.items()
                    for output, port in other_class.output_ports.items()
                    if other != node_id and accepts(ports[name].type, port.type)
                ]
                hint = f"; what would fit: {listed(fitting, 6)}" if fitting else ""
                label = type_label(ports[name].type)
                self.say(json_path("nodes", node_id, "inputs", name), f"missing; it takes {label}{hint}")

    def order(self, nodes: Mapping[str, object]) -> list[str]:
        """Return the nodes in topological order, stable in document order, and report every cycle."""
        order: list[str] = []
        done: set[str] = set()
        left = [node_id for node_id in nodes if node_id in self.links]
        while left:
            ready = [i for i in left if all(link.node in done for link in self.links[i].values())]
            if not ready:
                cycle = self._cycle(left, done)
                name, link = next((n, k) for n, k in self.links[cycle[0]].items() if k.node == cycle[-1])
                chain = " -> ".join(plain(node_id) for node_id in (*cycle, cycle[0]))
                self.say(
                    json_path("nodes", cycle[0], "inputs", name),
                    f"{quoted(str(link))} closes a cycle: {chain}; links must not lead back",
                )
                ready = cycle  # go on without it: there may be another one
            else:
                ready = ready[:1]
            order += ready
            done.update(ready)
            left = [node_id for node_id in left if node_id not in done]
        return order

    def _cycle(self, left: list[str], done: set[str]) -> list[str]:
        walked: list[str] = []
        node_id = left[0]
        while node_id not in walked:
            walked.append(node_id)
            node_id = next(k.node for k in self.links[node_id].values() if k.node not in done)
        # the walk went against the links: turned round, each node feeds the next
        return walked[walked.index(node_id) :][::-1]

    def _keys(self, steps: tuple[str, ...], found: Mapping[str, object], known: tuple[str, ...]) -> None:
        for key in found:
            if key not in known:
                nearest = self.nearest(key, known)
                self.say(json_path(*steps, key), f"unknown key; there are: {listed(known)}", nearest)

    def _parameters(self, node_class: type[AnyNode], params: Document, steps: tuple[str, ...]) -> NodeParams | None:
        try:
            # strict, and by way of JSON: "30" is no number, but a list may become a tuple, a text an enum
            return node_class.params_type.model_validate_json(json.dumps(params), strict=True)
        except pydantic.ValidationError as error:
            self.problems += _parameter_problems(error, node_class.params_type, params, steps)
        except Exception as error:
            # a validator of a third party's node raised something of its own
            reason = str(error).strip().split("\n")[0]
            self.say(json_path(*steps), f"cannot be checked: {type(error).__name__}: {reason}")
        return None

    def _link(self, place: str, text: object, nodes: Mapping[str, object], port: InputPort | None) -> Link | None:
        if not isinstance(text, str):
            self.say(place, f'must be a text "node.output", is {json_kind(text)}')
            return None
        node_id, dot, output = text.partition(".")
        if not dot or not node_id or not output:
            found = self.classes.get(text)
            only = list(found.output_ports) if found else []
            nearest = f"{text}.{only[0]}" if len(only) == 1 else None
            self.say(place, f'must be "node.output", is {quoted(text)}', nearest)
            return None
        if node_id not in nodes:
            nearest = self.nearest(node_id, nodes)
            self.say(
                place,
                f"there is no node {quoted(node_id)}" + ("" if nearest else f"; there are: {listed(nodes)}"),
                f"{nearest}.{output}" if nearest else None,
            )
            return None
        source = self.classes.get(node_id)
        if source is None:
            return None  # that node is wrong itself; what it would offer is not known
        offered = source.output_ports.get(output)
        if offered is None:
            nearest = self.nearest(output, source.output_ports)
            has = listed(source.output_ports)
            self.say(
                place,
                f"{quoted(text)} is no output of {source.type}; it has: {has}",
                f"{node_id}.{nearest}" if nearest else None,
            )
            return None
        if port and not accepts(port.type, offered.type):
            self.say(
                place,
                f"{quoted(text)} gives {type_label(offered.type)}, this input takes {type_label(port.type)}",
            )
        return Link(node_id, output)


def _parameter_problems(
    error: pydantic.ValidationError, params_type: type[NodeParams], params: Document, steps: tuple[str, ...]
) -> Iterator[Problem]:
    """Turn pydantic's errors into problems, the alternatives of a union into one."""
    merged: dict[str, list[tuple[str, str | None]]] = {}
    for detail in error.errors(include_url=False):
        where = _place(detail["loc"], params, detail["type"])
        # a parameter may be read by another name than its field's
        known = [field.alias or name for name, field in params_type.model_fields.items()]
        nearest = None
        if detail["type"] == "extra_forbidden":
            name = str(detail["loc"][-1])
            siblings = known if len(where) == 1 else []
            nearest = nearest_name(name, siblings)
            what = "no such parameter" + (f"; there are: {listed(siblings)}" if siblings else "")
        elif detail["type"] == "missing":
            what = "missing"
        else:
            what = detail["msg"][:1].lower() + detail["msg"][1:]
            what = what.removeprefix("value error, ").removeprefix("assertion failed, ")
            value = _value_at(params, where)
            if value is not params:
                what = f"{quoted(value)}: {what}"
            expected = re.findall(r"'([^']*)'", str(detail.get("ctx", {}).get("expected", "")))
            if isinstance(value, str):
                nearest = nearest_name(value, expected)
        merged.setdefault(json_path(*steps, *where), []).append((what, nearest))
    for path, found in merged.items():
        first, *others = dict.fromkeys(what for what, _ in found)
        # "'x': input should be a, 'x': input should be b" says 'x' once
        prefix = first.partition(": ")[0] + ": "
        what = " or ".join((first, *(other.removeprefix(prefix) for other in others)))
        yield Problem(path, what, next((nearest for _, nearest in found if nearest), None))


def _place(loc: tuple[int | str, ...], params: Document, kind: str) -> tuple[int | str, ...]:
    """Keep of pydantic's location what is a place in the document: it also names alternatives of unions."""
    place: list[int | str] = []
    value: Any = params
    for index, step in enumerate(loc):
        if _is_inside(value, step):
            value = value[step]
        elif not (kind == "missing" and index == len(loc) - 1):
            continue
        place.append(step)
    return tuple(place)


def _is_inside(value: object, step: int | str) -> bool:
    if isinstance(value, list):
        return isinstance(step, int) and step < len(value)
    return isinstance(value, dict) and step in value


def _value_at(params: Document, place: tuple[int | str, ...]) -> Any:
    value: Any = params
    for step in place:
        value = value[step]
    return value
