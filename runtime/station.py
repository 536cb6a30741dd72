"""A node at work: its inputs as they arrived, and the stamping of what it gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from vivant.graph.errors import EndOfStream
from vivant.graph.graph import Graph, NodeSpec
from vivant.graph.node import Emission, NodeContext, Outcome, Pace
from vivant.graph.packet import Packet, Tick
from vivant.runtime.mailbox import Mailbox
from vivant.runtime.statistics import NodeStatistics
from vivant.runtime.trace import Trace, origin
from vivant.runtime.upkeep import State, Upkeep


@dataclass(slots=True)
class Made:
    """What one call of a node gave. Never changed; a frozen dataclass would take three times as long to make.

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
        mail: Its mailboxes while it runs live: what they dropped is counted in `statistics` at the end only.
        flow: The source whose numbers its packets bear.
        providers: What the node says runs its network (its attribute ``providers``), if it says so.
    """

    def __init__(
        self,
        graph: Graph,
        spec: NodeSpec,
        context: NodeContext,
        wall_ns: Callable[[], int],
        trace: Trace | None = None,
    ) -> None:
        """Prepare a node; `open` makes it.

        Args:
            graph: The graph it belongs to.
            spec: The node.
            context: What it is opened with.
            wall_ns: Clock that its duration is measured with.
            trace: Where its calls are noted, if anywhere.
        """
        self.spec = spec
        self.statistics = NodeStatistics()
        self.upkeep = Upkeep()
        self.runs = 0
        self.providers: tuple[str, ...] = ()
        self._context = context
        self._wall_ns = wall_ns
        self._trace = trace
        self.flow = origin(graph, spec)
        self.mail: Mapping[str, Mailbox] = {}
        # a source of media is at its own time until the worker has waited for it
        self._ages = not context.offline and spec.pace is not Pace.MEDIA and spec.id not in graph.unmoved
        self._node = spec.create()
        self._is_open = False
        self._held: dict[str, Packet[Any]] = {}
        self._pending: Packet[Any] | None = None
        self._fresh = False
        self._next_seq = 0
        # looked up once: a hop takes a few microseconds, and so did the looking up
        ports = spec.node_class.input_ports
        self._waker = spec.waker
        self._ticks = spec.ticks
        self._inputs_type = spec.node_class.inputs_type
        self._outputs_type = spec.node_class.outputs_type
        self._sends = tuple((name, port.sometimes) for name, port in spec.node_class.output_ports.items())
        self._nothing: dict[str, Packet[Any] | None] = dict.fromkeys(ports)
        self._needed = tuple(n for n in spec.latest if ports[n].required)
        # whose age an output of a tick has: what comes from a still picture has none
        self._moving = tuple(n for n in spec.latest if spec.links[n].node not in graph.unmoved)

    @property
    def id(self) -> str:
        """The node's name."""
        return self.spec.id

    def open(self) -> None:
        """Open the node."""
        self._node.open(self._context)
        self._is_open = True
        self.upkeep.state = State.RUNNING

    def close(self, outcome: Outcome) -> None:
        """Close the node, if it is open."""
        if self._is_open:
            self._is_open = False
            if self.upkeep.state is State.RUNNING:
                self.upkeep.state = State.ENDED
            self.providers = tuple(str(p) for p in getattr(self._node, "providers", ()))
            self._node.close(outcome)

    def reopen(self) -> None:
        """Close what failed and open a new node in its place, with the same parameters and inputs."""
        self.close(Outcome.FAILED)
        self._node = self.spec.create()
        self.open()

    def told(self, name: str) -> Any:
        """Return what the node says of itself by an attribute, None where it has none of that name."""
        return getattr(self._node, name, None)

    @property
    def dropped(self) -> int:
        """How many packets were lost before they reached the node, so far."""
        return self.statistics.dropped + sum(box.dropped for box in self.mail.values())

    def length(self) -> int | None:
        """Return how many emissions a source expects to give."""
        length: Callable[[], int | None] = getattr(self._node, "length", lambda: None)
        return length()

    def receive(self, input_name: str, packet: Packet[Any]) -> None:
        """Take a packet in. One that should have woken the node and did not is lost, and counted."""
        if input_name == self._waker:
            if self._pending is not None:
                self.statistics.dropped += 1
                packet = replace(packet, gap=True)
            self._pending = packet
        else:
            self._held[input_name] = packet
            self._fresh = True

    def has(self, input_name: str) -> bool:
        """Whether an input has a packet."""
        return input_name in self._held or (input_name == self._waker and self._pending is not None)

    @property
    def needed(self) -> tuple[str, ...]:
        """The sampled inputs that the node cannot run without."""
        return self._needed

    @property
    def woken(self) -> bool:
        """Whether a trigger waits and all that the node needs has arrived."""
        return self._pending is not None and self._has_needed()

    @property
    def fresh(self) -> bool:
        """Whether a sampled input got a packet since the last call."""
        return self._fresh

    def can_tick(self) -> bool:
        """Whether the node is woken by ticks and all that it needs has arrived."""
        return self._ticks and self._has_needed()

    def process(self, tick: Packet[Tick] | None = None) -> Made:
        """Call the node with what has arrived, woken by its trigger or by a tick.

        Raises:
            Exception: Whatever the node raises. Its trigger is used up.
        """
        waking: Packet[Any] | None = tick
        if not self._ticks:
            waking, self._pending = self._pending, None
        assert waking is not None and self._waker is not None
        self._fresh = False
        inputs = self._inputs_type(**{**self._nothing, **self._held, self._waker: waking})
        stamp = waking
        if self._ticks:
            for name in self._moving:
                held = self._held.get(name)
                if held is not None:
                    stamp = held
                    break
        return self._call(inputs, stamp)

    def emit(self) -> Made:
        """Call a source.

        Raises:
            EndOfStream: It has nothing more.
            Exception: Whatever else the node raises.
        """
        made = self._call(self._inputs_type(), None)
        if made.packets:
            self._next_seq = made.seq + 1
        return made

    def drain(self) -> Iterator[Made]:
        """Give what the node still has when its stream has ended."""
        for emission in self._node.drain():
            seq = emission.seq if emission.seq is not None else self._next_seq
            self._next_seq = seq + 1
            yield self._made(emission.outputs, emission.t_ns, seq)

    def _has_needed(self) -> bool:
        return all(map(self._held.__contains__, self._needed))

    def _call(self, inputs: Any, stamp: Packet[Any] | None) -> Made:
        """Call the node; what it gives bears the time and number of `stamp`, None: of now."""
        self.runs += 1
        begin_ns = self._wall_ns()
        try:
            result = self._node.process(inputs)
        except Exception as error:
            if self._trace and not isinstance(error, EndOfStream):
                self._trace.call(self.id, self.flow, begin_ns, self._wall_ns(), -1, f"{type(error).__name__}: {error}")
            raise
        end_ns = self._wall_ns()
        self.statistics.duration.add_ns(end_ns - begin_ns)
        self.statistics.count += 1
        t_ns, seq = (stamp.t_ns, stamp.seq) if stamp else (self._context.now_ns(), self._next_seq)
        if isinstance(result, Emission):
            t_ns, seq, result = result.t_ns, seq if result.seq is None else result.seq, result.outputs
        if self._ages and seq >= 0:
            self.statistics.age.add_ns(end_ns - t_ns)
            self.statistics.shown_ns = t_ns
        if self._trace:
            self._trace.call(self.id, self.flow, begin_ns, end_ns, seq)
        if result is None:
            return Made({}, t_ns, seq, bool(self._sends))
        if stamp:
            self._next_seq = seq + 1
        return self._made(result, t_ns, seq)

    def _made(self, outputs: Any, t_ns: int, seq: int) -> Made:
        if not isinstance(outputs, self._outputs_type):
            node, wanted = self.spec.node_class.__name__, self._outputs_type.__name__
            raise TypeError(f"{node} gave {type(outputs).__name__}, not {wanted}")
        packets: dict[str, Packet[Any]] = {}
        for name, sometimes in self._sends:
            value = getattr(outputs, name)
            if value is not None or not sometimes:
                packets[name] = Packet(value, t_ns, seq)
        return Made(packets, t_ns, seq)
