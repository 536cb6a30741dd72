"""``vivant nodes``: what nodes there are, their ports and parameters."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text


def nodes(
    type_: Annotated[str | None, typer.Argument(metavar="TYPE", help="One node type, such as source.video.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list for other programs.")] = False,
) -> None:
    """List the node types, or show the ports and parameters of one."""
    from vivant.graph.errors import VivantError
    from vivant.graph.registry import Registry
    from vivant.runtime.node_description import describe_node

    registry = Registry.installed()
    described: list[dict[str, Any]] = []
    broken: list[tuple[str, str]] = []
    for name in (type_,) if type_ is not None else registry.types():
        try:
            described.append(describe_node(registry.get(name)))
        except VivantError as error:
            if type_ is not None:
                raise
            broken.append((name, error.what))
    if as_json:
        typer.echo(json.dumps(described, indent=2))
        for _, what in broken:
            typer.echo(what, err=True)
    elif type_ is not None:
        _show_one(described[0])
    else:
        table = _table("type", "what it does")
        for node in described:
            table.add_row(node["type"], Text(node["about"]))
        for name, what in broken:
            table.add_row(name, Text(what, style="red"))
        Console().print(table)


def _show_one(node: dict[str, Any]) -> None:
    console = Console()
    console.print(Text(f"{node['type']}: {node['about']}"))
    if node["inputs"]:
        table = _table("input", "type", "waits", "needed", "")
        for port in node["inputs"]:
            table.add_row(
                port["name"],
                port["type"],
                port["wait"],
                "yes" if port["required"] else "no",
                Text(port["help"]),
            )
        console.print(table)
    if node["outputs"]:
        table = _table("output", "type", "")
        for port in node["outputs"]:
            table.add_row(port["name"], port["type"], Text(port["help"]))
        console.print(table)
    if node["params"]:
        table = _table("parameter", "type", "default", "changing it", "")
        for param in node["params"]:
            default = "needed" if param["required"] else json.dumps(param["default"])
            table.add_row(param["name"], Text(param["type"]), Text(default), param["cost"], Text(param["help"]))
        console.print(table)
    if node["commands"]:
        table = _table("command", "")
        for command in node["commands"]:
            table.add_row(command["name"], Text(command["help"]))
        console.print(table)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for index, column in enumerate(columns):
        table.add_column(column, no_wrap=index == 0)
    return table
