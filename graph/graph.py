"""A checked graph: what the engines run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from vivant.graph.errors import VivantError
from vivant.graph.node import Lane, Pace, Source
from vivant.graph.params import NodeParams
from vivant.graph.port import Wait
from vivant.graph.registry import AnyNode


@dataclass(frozen=True, slots=True)
class Link:
    """Where an input comes from."""

    node: str
    output: str

    def __str__(self) -> str:
        return f"{self.node}.{self.output}"


@dataclass(frozen=True)
class NodeSpec:
    """One node of a graph before it is made.

    Attributes:
        id: Its name in the preset.
        node_class: Its class.
        params: Its parameters, checked.
        links: For each wired input, where it comes from.
    """

    id: str
    node_class: type[AnyNode]
    params: NodeParams
    links: Mapping[str, Link] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def pace(self) -> Pace | None:
        """What sets the pace of a source; None for a node with inputs."""
        return self.node_class.pace if issubclass(self.node_class, Source) else None

    @property
    def waker(self) -> str | None:
        """The input that wakes the node; None for a source."""
        ports = self.node_class.input_ports
        return next((name for name, port in ports.items() if port.wait is not Wait.LATEST), None)

    @property
    def ticks(self) -> bool:
        """Whether the render lane's step wakes the node."""
        return any(port.wait is Wait.TICK for port in self.node_class.input_ports.values())

    @property
    def latest(self) -> tuple[str, ...]:
        """The wired sampled inputs, in the order of their declaration."""
        ports = self.node_class.input_ports
        return tuple(n for n, port in ports.items() if port.wait is Wait.LATEST and n in self.links)

    @property
    def lag(self) -> int:
        """After how many further packets the node answers one, offline; a node of the render lane never looks ahead."""
        return 0 if self.node_class.lane is Lane.RENDER else max(0, self.node_class.lag(self.params))

    def create(self) -> AnyNode:
        """Make the node."""
        return self.node_class(self.params)


@dataclass(frozen=True)
class Graph:
    """Nodes in topological order: each stands after all that it reads from.

    Attributes:
        nodes: The nodes.
        base_dir: Folder that relative paths in parameters start from.
        name: Name of the preset.
        about: One line about it.
    """

    nodes: tuple[NodeSpec, ...]
    base_dir: Path
    name: str = ""
    about: str = ""

    def __getitem__(self, node_id: str) -> NodeSpec:
        return self._by_id[node_id]

    def __contains__(self, node_id: object) -> bool:
        return node_id in self._by_id

    def sources(self, pace: Pace) -> tuple[NodeSpec, ...]:
        """Return the sources of one pace."""
        return tuple(spec for spec in self.nodes if spec.pace is pace)

    def primary(self) -> NodeSpec | None:
        """Return the MEDIA source that gives the steps of an offline run: `driver`, else the first."""
        media = self.sources(Pace.MEDIA)
        return next((spec for spec in media if spec.id == "driver"), media[0] if media else None)

    def readers(self, node_id: str) -> tuple[tuple[NodeSpec, str], ...]:
        """Return who reads a node: pairs of reader and name of its input, in topological order."""
        return self._readers.get(node_id, ())

    def connected(self, node_id: str) -> frozenset[str]:
        """Return the names of a node's outputs that some node reads."""
        return frozenset(spec.links[name].output for spec, name in self.readers(node_id))

    def upstream(self, node_ids: Iterable[str]) -> frozenset[str]:
        """Return all nodes that these read from, directly or through others, without themselves."""
        wanted, reached = frozenset(node_ids), set[str]()
        for spec in reversed(self.nodes):
            if spec.id in wanted or spec.id in reached:
                reached.update(link.node for link in spec.links.values())
        return frozenset(reached)

    def downstream(self, node_ids: Iterable[str]) -> frozenset[str]:
        """Return all nodes that read from these, directly or through others, without themselves."""
        wanted, reached = frozenset(node_ids), set[str]()
        for spec in self.nodes:
            if any(link.node in wanted or link.node in reached for link in spec.links.values()):
                reached.add(spec.id)
        return frozenset(reached)

    @cached_property
    def still(self) -> frozenset[str]:
        """Nodes that run once: ONCE sources, and what is woken and fed by nothing else."""
        still: set[str] = set()
        for spec in self.nodes:
            once = spec.pace is Pace.ONCE
            fed_by_still = spec.pace is None and all(link.node in still for link in spec.links.values())
            if once or (fed_by_still and not spec.ticks):
                still.add(spec.id)
        return frozenset(still)

    @cached_property
    def settled(self) -> frozenset[str]:
        """Nodes that an offline run asks once: those of `still`, and what settles and is fed by nothing else."""
        settled = set(self.still)
        for spec in self.nodes:
            if spec.ticks and spec.node_class.settles and all(link.node in settled for link in spec.links.values()):
                settled.add(spec.id)
        return frozenset(settled)

    @cached_property
    def unmoved(self) -> frozenset[str]:
        """Nodes that nothing but ONCE sources feeds, whatever wakes them: their values have no age."""
        unmoved: set[str] = set()
        for spec in self.nodes:
            if spec.pace is Pace.ONCE or (
                spec.pace is None and all(link.node in unmoved for link in spec.links.values())
            ):
                unmoved.add(spec.id)
        return frozenset(unmoved)

    def without_display(self) -> Graph:
        """Return the graph without the nodes that need a display.

        Raises:
            VivantError: Another node cannot do without one of them.
        """
        dropped = {spec.id for spec in self.nodes if spec.node_class.shows}
        kept = []
        for spec in self.nodes:
            if spec.id in dropped:
                continue
            links = {name: link for name, link in spec.links.items() if link.node not in dropped}
            for name in spec.links.keys() - links.keys():
                if spec.node_class.input_ports[name].required:
                    raise VivantError(
                        f"{spec.id}.{name} reads {spec.links[name]}, which exists only with a display",
                        where=spec.id,
                        remedy="run it with a window, or wire this input to another node",
                        exit_status=2,
                    )
            kept.append(replace(spec, links=MappingProxyType(links)))
        return replace(self, nodes=tuple(kept))

    @cached_property
    def _by_id(self) -> dict[str, NodeSpec]:
        return {spec.id: spec for spec in self.nodes}

    @cached_property
    def _readers(self) -> dict[str, tuple[tuple[NodeSpec, str], ...]]:
        readers: dict[str, tuple[tuple[NodeSpec, str], ...]] = {}
        for spec in self.nodes:
            for name, link in spec.links.items():
                readers[link.node] = (*readers.get(link.node, ()), (spec, name))
        return readers
