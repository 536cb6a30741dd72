from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from vivant.graph.diff import GraphDiff, diff_graphs
from vivant.graph.graph import Graph, Link, NodeSpec
from vivant.graph.node import Node, Pace, Source
from vivant.graph.packet import Packet
from vivant.graph.params import Cost, NodeParams, param
from vivant.graph.port import NoInputs, latest, output, trigger


class Params(NodeParams):
    live: int = param(0)
    shader: int = param(0, cost=Cost.RECOMPILE)
    file: int = param(0, cost=Cost.REOPEN)


@dataclass(frozen=True)
class Out:
    a: int = output("A number.")


@dataclass(frozen=True)
class In:
    a: Packet[int] = trigger("A number.")
    b: Packet[int] | None = latest("Another one.")


class Moves(Source[Params, Out], type="diff.moves", pace=Pace.MEDIA):
    """Moves."""

    def process(self, inputs: NoInputs) -> None: ...


class Stands(Source[Params, Out], type="diff.stands", pace=Pace.ONCE):
    """Stands still."""

    def process(self, inputs: NoInputs) -> None: ...


class Works(Node[Params, In, Out], type="diff.works"):
    """Works."""

    def process(self, inputs: In) -> None: ...


class Other(Works, type="diff.other"):
    """Works otherwise."""


def spec(node_id: str, node_class: type = Works, params: Params | None = None, **links: str) -> NodeSpec:
    return NodeSpec(node_id, node_class, params or Params(), {n: Link(k, "a") for n, k in links.items()})


SHOW = (
    spec("driver", Moves),
    spec("picture", Stands),
    spec("face", a="picture"),
    spec("puppet", a="face"),
    spec("draw", a="driver", b="puppet"),
)


def graph(*changed: NodeSpec, without: str = "") -> Graph:
    """The show with nodes changed or, behind the others, added."""
    by_id = {node.id: node for node in changed}
    nodes = [by_id.pop(node.id, node) for node in SHOW if node.id != without]
    return Graph((*nodes, *by_id.values()), Path())


Sets = Callable[..., GraphDiff]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (graph(), {}),
        (graph(spec("draw", params=Params(live=1), a="driver", b="puppet")), {"updated": {"draw"}}),
        (graph(spec("draw", params=Params(shader=1), a="driver", b="puppet")), {"updated": {"draw"}}),
        (graph(spec("draw", params=Params(live=1, file=1), a="driver", b="puppet")), {"replaced": {"draw"}}),
        (graph(spec("draw", Other, a="driver", b="puppet")), {"replaced": {"draw"}}),
        (graph(spec("draw", a="driver")), {"rewired": {"draw"}}),
        (
            graph(spec("draw", params=Params(live=1), a="driver")),
            {"rewired": {"draw"}, "updated": {"draw"}},
        ),
        (graph(spec("new", a="draw")), {"added": {"new"}}),
        (graph(without="draw"), {"removed": {"draw"}}),
        # the still part is made again from the change on, and no more of it
        (graph(spec("face", params=Params(live=1), a="picture")), {"updated": {"face"}, "rerun": {"face", "puppet"}}),
        (
            graph(spec("picture", Stands, Params(file=1))),
            {"replaced": {"picture"}, "rerun": {"picture", "face", "puppet"}},
        ),
        (graph(spec("puppet", a="picture")), {"rewired": {"puppet"}, "rerun": {"puppet"}}),
        # what was still begins to move, and what reads it with it
        (graph(spec("face", a="driver")), {"replaced": {"face", "puppet"}, "rewired": set()}),
    ],
)
def test_what_becomes_of_each_node(wanted: Graph, expected: dict[str, set[str]]) -> None:
    found = diff_graphs(graph(), wanted)
    assert found == GraphDiff(**{name: frozenset(nodes) for name, nodes in expected.items()})
    assert bool(found) == any(expected.values())
    assert found.structural == (any(expected.values()) and expected.keys() != {"updated"})


def test_a_node_at_the_end_of_its_stream_is_made_anew_where_something_new_comes_to_it() -> None:
    next_clip = graph(spec("driver", Moves, Params(file=1)))
    assert diff_graphs(graph(), next_clip).replaced == {"driver"}
    assert diff_graphs(graph(), next_clip, ended={"driver", "draw"}).replaced == {"driver", "draw"}
    # something else changes: what has ended stays as it is
    assert diff_graphs(graph(), graph(spec("new", a="draw")), ended={"driver", "draw"}) == GraphDiff(
        added=frozenset({"new"})
    )


def test_a_still_node_whose_file_has_changed_is_replaced() -> None:
    found = diff_graphs(graph(), graph(), stale={"picture"})
    assert found == GraphDiff(replaced=frozenset({"picture"}), rerun=frozenset({"picture", "face", "puppet"}))


def test_what_happens_is_said_in_a_line() -> None:
    wanted = graph(spec("picture", Stands, Params(file=1)), spec("new", a="draw"))
    assert str(diff_graphs(graph(), wanted)) == "reopened: picture; added: new; made again: face, puppet"
    assert str(diff_graphs(graph(), replace(graph(), name="other"))) == "nothing changed"
