"""A node type as data, for ``vivant nodes --json``."""

from __future__ import annotations

from typing import Any

from vivant.graph.node import Node
from vivant.graph.params import cost_of
from vivant.graph.port import Wait, type_label


def describe_node(node: type[Node[Any, Any, Any]]) -> dict[str, Any]:
    """Return what is declared of a node, ready for JSON.

    These are ``type``, ``about``, ``lane``, ``inputs``, ``outputs``, ``params`` and ``commands``.
    Inputs that the engine supplies (the render lane's tick) are left out: no preset wires them. A parameter's
    ``schema`` is its JSON Schema, with bounds.
    """
    schemas = node.params_type.model_json_schema()
    definitions = schemas.get("$defs", {})
    return {
        "type": node.type,
        "about": node.about,
        "lane": node.lane.value,
        "inputs": [
            {
                "name": port.name,
                "type": type_label(port.type),
                "required": port.required,
                "wait": port.wait.value,
                "help": port.help,
            }
            for port in node.input_ports.values()
            if port.wait is not Wait.TICK
        ],
        "outputs": [
            {"name": port.name, "type": type_label(port.type), "help": port.help} for port in node.output_ports.values()
        ],
        "params": [
            {
                "name": name,
                "type": _kind(schema, definitions),
                "required": name in schemas.get("required", ()),
                "default": schema.get("default"),
                "cost": cost_of(node.params_type, name).value,
                "help": schema.get("description", ""),
                "schema": schema,
            }
            for name, schema in schemas.get("properties", {}).items()
        ],
        "commands": [{"name": name, "help": told} for name, told in node.commands.items()],
    }


def _kind(schema: dict[str, Any], definitions: dict[str, Any]) -> str:
    """Put a JSON Schema into a few words: ``integer``, ``number 0 to 1``, ``'still' or 'stream'``."""
    if "$ref" in schema:
        return _kind(definitions.get(schema["$ref"].rpartition("/")[2], {}), definitions)
    if "enum" in schema:
        return " or ".join(repr(value) for value in schema["enum"])
    if "const" in schema:
        return repr(schema["const"])
    if "anyOf" in schema:
        return " or ".join(_kind(option, definitions) for option in schema["anyOf"])
    kind = str(schema.get("type", "any"))
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    if low is not None and high is not None:
        return f"{kind} {low} to {high}"
    if low is not None:
        return f"{kind} from {low}"
    return f"{kind} up to {high}" if high is not None else kind
