"""Graphs built by hand for the engines: no preset, no OpenGL, values are plain numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vivant.graph.graph import Graph, Link, NodeSpec
from vivant.graph.registry import AnyNode
from vivant.runtime.services import Services

BuildGraph = Callable[..., Graph]


@pytest.fixture
def notices() -> list[str]:
    """What the engines said to the user."""
    return []


@pytest.fixture
def services(tmp_path: Path, notices: list[str]) -> Services:
    """Services without models and without OpenGL."""

    def fetch(name: str) -> Path:
        raise AssertionError(f"no test node fetches {name}")

    return Services(fetch=fetch, notice=notices.append, log_dir=tmp_path / "log")


@pytest.fixture
def build_graph(tmp_path: Path) -> BuildGraph:
    """Build a graph from ``name=(class, {param: value}, {input: "node.output"})`` in topological order."""

    def build(**nodes: tuple[type[AnyNode], dict[str, object], dict[str, str]]) -> Graph:
        specs = []
        for node_id, (node_class, params, links) in nodes.items():
            wired = {name: Link(*text.split(".")) for name, text in links.items()}
            specs.append(NodeSpec(node_id, node_class, node_class.params_type(**params), wired))
        return Graph(tuple(specs), tmp_path)

    return build
