"""What has to happen for a running graph to become another one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from vivant.graph.graph import Graph, NodeSpec
from vivant.graph.params import Cost, cost_of


@dataclass(frozen=True)
class GraphDiff:
    """What becomes of each node; a node in none of these sets goes on untouched.

    Attributes:
        updated: Only parameters that cost LIVE or RECOMPILE differ: the node takes them over.
        rewired: It reads from elsewhere, and keeps its state.
        replaced: A new instance takes its place.
        added: It is new.
        removed: It is not wanted any more.
        rerun: Nodes of the still part (`Graph.still`) whose values have to be made again.
    """

    updated: frozenset[str] = frozenset()
    rewired: frozenset[str] = frozenset()
    replaced: frozenset[str] = frozenset()
    added: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    rerun: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.updated or self.structural)

    @property
    def structural(self) -> bool:
        """Whether there is more to do than to hand parameters to nodes that are at work."""
        return bool(self.rewired or self.replaced or self.added or self.removed or self.rerun)

    def __str__(self) -> str:
        parts = (
            ("changed", self.updated | self.rewired),
            ("reopened", self.replaced),
            ("added", self.added),
            ("removed", self.removed),
            ("made again", self.rerun - self.updated - self.rewired - self.replaced - self.added),
        )
        return "; ".join(f"{what}: {', '.join(sorted(nodes))}" for what, nodes in parts if nodes) or "nothing changed"


def diff_graphs(
    running: Graph, wanted: Graph, *, ended: Collection[str] = (), stale: Collection[str] = ()
) -> GraphDiff:
    """Compare two graphs node by node.

    A node is replaced where its type or a parameter that costs REOPEN differs, and where it moves into the still
    part or out of it: the still part is made beside the running one, by instances that do nothing else.

    Args:
        running: What runs.
        wanted: What shall run.
        ended: Nodes of `running` that are at the end of their stream. They are replaced where something new
            comes to them: a node that has given its last packet is not asked again.
        stale: Nodes of the still part that are to be replaced in any case: a file that they read has changed.
    """
    updated, rewired, replaced, added, rerun = (set[str]() for _ in range(5))
    for spec in wanted.nodes:
        if spec.id not in running:
            added.add(spec.id)
        else:
            before = running[spec.id]
            if (
                spec.node_class is not before.node_class
                or spec.id in stale
                or _reopens(before, spec)
                or (spec.id in running.still) != (spec.id in wanted.still)
            ):
                replaced.add(spec.id)
            else:
                if spec.params != before.params:
                    updated.add(spec.id)
                if spec.links != before.links:
                    rewired.add(spec.id)
        sources = {link.node for link in spec.links.values()}
        anew = bool(sources & (added | replaced | rerun)) or spec.id in rewired
        if spec.id in wanted.still:
            if anew or spec.id in added | replaced | updated:
                rerun.add(spec.id)
        elif spec.id in ended and anew and spec.id not in added:
            updated.discard(spec.id)
            rewired.discard(spec.id)
            replaced.add(spec.id)
    return GraphDiff(
        updated=frozenset(updated),
        rewired=frozenset(rewired),
        replaced=frozenset(replaced),
        added=frozenset(added),
        removed=frozenset(spec.id for spec in running.nodes if spec.id not in wanted),
        rerun=frozenset(rerun),
    )


def _reopens(before: NodeSpec, after: NodeSpec) -> bool:
    return any(
        cost_of(after.node_class.params_type, name) is Cost.REOPEN
        and getattr(before.params, name) != getattr(after.params, name)
        for name in after.node_class.params_type.model_fields
    )
