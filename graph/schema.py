"""JSON Schema of presets, for editors: completion and help while a preset is written.

``python -m vivant.graph.schema FILE`` writes it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from vivant.graph.migration import CURRENT_VERSION
from vivant.graph.port import Wait, type_label
from vivant.graph.registry import AnyNode, Registry
from vivant.graph.validation import MAX_NODES, NODE_ID

Schema = dict[str, Any]


def preset_schema(registry: Registry) -> Schema:
    """Return the JSON Schema (draft 2020-12) of presets made of the registry's node types.

    It says what an editor can use: keys, types, parameters with their help and bounds, names of inputs.
    Whether links fit is beyond JSON Schema; `validate` checks that.

    Raises:
        NodeTypeError: A node type does not load.
    """
    definitions: Schema = {}
    for name in registry.types():
        definitions.update(_definitions(registry.get(name)))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Vivant preset",
        "type": "object",
        "required": ["version", "nodes"],
        "additionalProperties": False,
        "properties": {
            "$schema": {"type": "string"},
            "version": {"const": CURRENT_VERSION, "description": "Version of the preset format."},
            "name": {"type": "string"},
            "about": {"type": "string", "description": "One line about the preset."},
            "nodes": {
                "type": "object",
                "minProperties": 1,
                "maxProperties": MAX_NODES,
                "propertyNames": {"pattern": f"^{NODE_ID}$"},
                "additionalProperties": {
                    "type": "object",
                    "required": ["type"],
                    "properties": {"type": {"enum": list(registry.types())}},
                    "allOf": [
                        {
                            "if": {"properties": {"type": {"const": name}}, "required": ["type"]},
                            "then": {"$ref": f"#/$defs/{name}"},
                        }
                        for name in registry.types()
                    ],
                },
            },
        },
        "$defs": definitions,
    }


def schema_text(registry: Registry) -> str:
    """Return the schema as the text of its file."""
    return json.dumps(preset_schema(registry), indent=2, ensure_ascii=False) + "\n"


def _definitions(node_class: type[AnyNode]) -> Schema:
    params = node_class.params_type.model_json_schema(ref_template=f"#/$defs/{node_class.type}.{{model}}")
    nested = {f"{node_class.type}.{name}": value for name, value in params.pop("$defs", {}).items()}
    # the docstring of a parameter model speaks to programmers
    params.pop("description", None)
    params.pop("title", None)
    wirable = {n: p for n, p in node_class.input_ports.items() if p.wait is not Wait.TICK}
    required_inputs = [name for name, port in wirable.items() if port.required]
    needs = ["params"] * bool(params.get("required")) + ["inputs"] * bool(required_inputs)
    inputs: Schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            name: {
                "type": "string",
                "pattern": f"^{NODE_ID}\\.[A-Za-z_][A-Za-z0-9_]*$",
                "description": f"{port.help} Takes {type_label(port.type)}.",
            }
            for name, port in wirable.items()
        },
    }
    if required_inputs:
        inputs["required"] = required_inputs
    return {
        node_class.type: {
            "type": "object",
            "description": node_class.about,
            "required": ["type", *needs],
            "additionalProperties": False,
            "properties": {"type": {"const": node_class.type}, "params": params, "inputs": inputs},
        },
        **nested,
    }


def main(arguments: list[str]) -> int:
    """Write the schema of all installed nodes to the file named by the only argument."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m vivant.graph.schema FILE\n")
        return 2
    Path(arguments[0]).write_text(schema_text(Registry.installed()), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
