"""A node at work: its inputs as they arrived, and the stamping of what it gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph, NodeSpec
from vivant.graph.node import Emission, NodeContext, Outcome, Pace
from vivant.graph.packet import Packet, Tick
from vivant.runtime.calls import Blocked, Call, Caller, call_directly
from vivant.runtime.statistics import NodeStatistics
from vivant.runtime.upkeep import State, Upkeep

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Made:
    """What one call of a node gave.

    Attributes:
        packets: One per output; empty when it gave nothing, or has no outputs.
        t_ns: The time these belong to.
        seq: Their number.
        silent: The node has outputs and gave none this time.
    """

    packets: dict[str, Packet[Any]]
    t_ns: int
    seq: int
    silent: bool = False


class Station:
    """A node at work, in one thread at a time, without any notion of which.

    Attributes:
        spec: The node as the graph describes it.
        statistics: Its numbers.
        upkeep: Its state.
        runs: How often it was called, successfully or not.
        providers: What the node says runs its network (its attribute ``providers``), if it says so.
        caller: Makes the calls of `open`, `process` and `close`; directly, unless the engine knows better.
    """

    def __init__(self, graph: Graph, spec: NodeSpec, context: NodeContext, wall_ns: Callable[[], int]) -> None:
        """Prepare a node; `open` makes it.

        Args:
            graph: The graph it belongs to.
            spec: The node.
            context: What it is opened with.
            wall_ns: Clock that its duration is measured with.
        """
        self.spec = spec
        self.statistics = NodeStatistics()
        self.upkeep = Upkeep(wall_ns)
        self.runs = 0
        self.caller: Caller = call_directly
        self.providers: tuple[str, ...] = ()
        self._context = context
        self._wall_ns = wall_ns
        self._node = spec.create()
        self._is_open = False
        self._held: dict[str, Packet[Any]] = {}
        self._pending: Packet[Any] | None = None
        self._fresh = False
        self._next_seq = 0
        ports = spec.node_class.input_ports
        self._needed = tuple(n for n in spec.latest if ports[n].required)
        # whose age an output of a tick has: what comes from a still picture has none
        self._moving = tuple(n for n in spec.latest if spec.links[n].node not in graph.unmoved)

    @property
    def id(self) -> str:
        """The node's name."""
        return self.spec.id

    def open(self) -> None:
        """Open the node. A source that captures counts as running with its first emission only."""
        node = self._node

        def close_late(error: BaseException | None) -> None:
            if error is None:
                node.close(Outcome.FAILED)

        self._call_node(Call.OPEN, lambda: node.open(self._context), close_late)
        self._is_open = True
        self.upkeep.state = State.OPENING if self.spec.pace is Pace.CAPTURE else State.RUNNING

    def close(self, outcome: Outcome) -> None:
        """Close the node, if it is open."""
        if self._is_open:
            self._is_open = False
            if self.upkeep.state is State.RUNNING:
                self.upkeep.state = State.ENDED
            node = self._node
            self.providers = tuple(str(p) for p in getattr(node, "providers", ()))
            self._call_node(Call.CLOSE, lambda: node.close(outcome), lambda error: None)

    def reopen(self) -> None:
        """Close what failed and open a new node in its place, with the same parameters and inputs."""
        self.upkeep.state = State.OPENING
        self.close(Outcome.FAILED)
        self._node = self.spec.create()
        self.open()

    def length(self) -> int | None:
        """Return how many emissions a source expects to give."""
        length: Callable[[], int | None] = getattr(self._node, "length", lambda: None)
        return length()

    def receive(self, input_name: str, packet: Packet[Any]) -> None:
        """Take a packet in. One that should have woken the node and did not is lost, and counted."""
        if input_name == self.spec.waker:
            if self._pending is not None:
                self.statistics.dropped += 1
                packet = replace(packet, gap=True)
            self._pending = packet
        else:
            self._held[input_name] = packet
            self._fresh = True

    def has(self, input_name: str) -> bool:
        """Whether an input has a packet."""
        return input_name in self._held or (input_name == self.spec.waker and self._pending is not None)

    @property
    def needed(self) -> tuple[str, ...]:
        """The sampled inputs that the node cannot run without."""
        return self._needed

    @property
    def woken(self) -> bool:
        """Whether a trigger waits and all that the node needs has arrived."""
        return self._pending is not None and all(name in self._held for name in self._needed)

    @property
    def fresh(self) -> bool:
        """Whether a sampled input got a packet since the last call."""
        return self._fresh

    def can_tick(self) -> bool:
        """Whether the node is woken by ticks and all that it needs has arrived."""
        return self.spec.ticks and all(name in self._held for name in self._needed)

    def process(self, tick: Packet[Tick] | None = None) -> Made:
        """Call the node with what has arrived, woken by its trigger or by a tick.

        Raises:
            Exception: Whatever the node raises. Its trigger is used up.
        """
        waking: Packet[Any]
        if self.spec.ticks:
            assert tick is not None
            waking = tick
        else:
            assert self._pending is not None
            waking, self._pending = self._pending, None
        self._fresh = False
        inputs: dict[str, Packet[Any] | None] = {
            name: self._held.get(name) for name in self.spec.node_class.input_ports
        }
        assert self.spec.waker is not None
        inputs[self.spec.waker] = waking
        origin: Packet[Any] = waking
        if self.spec.ticks:
            origin = next((self._held[n] for n in self._moving if n in self._held), waking)
        return self._call(self.spec.node_class.inputs_type(**inputs), lambda: (origin.t_ns, origin.seq))

    def emit(self) -> Made:
        """Call a source.

        Raises:
            EndOfStream: It has nothing more.
            Exception: Whatever else the node raises.
        """
        made = self._call(self.spec.node_class.inputs_type(), lambda: (self._context.now_ns(), self._next_seq))
        if made.packets:
            self._next_seq = made.seq + 1
        return made

    def drain(self) -> Iterator[Made]:
        """Give what the node still has when its stream has ended."""
        with _fault_at_most():
            emissions = iter(self._node.drain())
        while True:
            with _fault_at_most():
                emission = next(emissions, None)
            if emission is None:
                return
            seq = emission.seq if emission.seq is not None else self._next_seq
            self._next_seq = seq + 1
            yield self._made(emission.outputs, emission.t_ns, seq)

    def _call(self, inputs: Any, stamp: Callable[[], tuple[int, int]]) -> Made:
        self.runs += 1
        begin = self._wall_ns()
        node = self._node
        result = self._call_node(Call.PROCESS, lambda: node.process(inputs), lambda error: node.close(Outcome.FAILED))
        self.statistics.duration.add_ns(self._wall_ns() - begin)
        self.statistics.count += 1
        t_ns, seq = stamp()
        if result is None:
            return Made({}, t_ns, seq, silent=bool(self.spec.node_class.output_ports))
        if isinstance(result, Emission):
            t_ns, seq, result = result.t_ns, seq if result.seq is None else result.seq, result.outputs
        made = self._made(result, t_ns, seq)
        if self.spec.pace is None:
            self._next_seq = seq + 1
        return made

    def _call_node(self, call: Call, work: Callable[[], T], if_late: Callable[[BaseException | None], None]) -> T:
        try:
            with _fault_at_most():
                return self.caller(call, work, if_late)
        except Blocked as error:
            self._is_open = False  # whoever is still in it closes it
            raise VivantError(
                f"its device does not answer: {call} has not come back for {error.waited_ns / 1e9:.1f} s",
                where=f"node {self.id}",
                remedy="its device or its driver hangs; plug it in again, or end other programs that use it",
            ) from error

    def _made(self, outputs: Any, t_ns: int, seq: int) -> Made:
        node_class = self.spec.node_class
        if not isinstance(outputs, node_class.outputs_type):
            raise TypeError(
                f"{node_class.__name__} gave {type(outputs).__name__}, not {node_class.outputs_type.__name__}"
            )
        packets = {
            name: Packet(value, t_ns, seq)
            for name, port in node_class.output_ports.items()
            if not ((value := getattr(outputs, name)) is None and port.sometimes)
        }
        return Made(packets, t_ns, seq)


@contextmanager
def _fault_at_most() -> Iterator[None]:
    """Let a node fail, and no more: ``sys.exit()`` or a cancelled task in it must not end the show."""
    try:
        yield
    except (Exception, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise RuntimeError(f"{type(error).__name__}, which ends a whole program: {error}") from error
