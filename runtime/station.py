"""A node at work: its inputs as they arrived, and the stamping of what it gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from vivant.graph.errors import EndOfStream, VivantError
from vivant.graph.graph import Graph, Link, NodeSpec
from vivant.graph.node import Emission, Node, NodeContext, Outcome, Pace
from vivant.graph.packet import Packet, Tick
from vivant.graph.params import NodeParams
from vivant.runtime.calls import Blocked, Call, Caller, call_directly
from vivant.runtime.mailbox import Mailbox
from vivant.runtime.statistics import NodeStatistics
from vivant.runtime.trace import Trace, origin
from vivant.runtime.upkeep import State, Upkeep

T = TypeVar("T")
_new_tuple = tuple.__new__
_new_object = object.__new__


class Made(NamedTuple):
    """What one call of a node gave. A tuple, as packets are: one is made for every call.

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
        mail: Its mailboxes while it runs live: what they dropped is counted in `statistics` when they are closed.
        flow: The source whose numbers its packets bear.
        providers: What the node says runs its network (its attribute ``providers``), if it says so.
        files: Files that the node takes over when they change, as it last said.
        caller: Makes the calls of `open`, `process` and `close`; directly, unless the engine knows better.
        hurry: Tells the caller not to wait much longer; whoever sets the one sets the other.
    """

    # not for memory: a hop reads two dozen of these, and so many attributes are looked up by name without slots
    __slots__ = (
        "_ages",
        "_context",
        "_fills",
        "_fresh",
        "_held",
        "_inputs",
        "_inputs_type",
        "_is_open",
        "_lacking",
        "_moving",
        "_needed",
        "_next_seq",
        "_node",
        "_outputs_type",
        "_pending",
        "_sends",
        "_sole",
        "_ticks",
        "_trace",
        "_waker",
        "_wall_ns",
        "caller",
        "files",
        "flow",
        "hurry",
        "mail",
        "providers",
        "runs",
        "spec",
        "statistics",
        "upkeep",
    )

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
        self.upkeep = Upkeep(wall_ns)
        self.runs = 0
        self.mail: tuple[Mailbox, ...] = ()
        self.caller: Caller = call_directly
        self.hurry: Callable[[], None] = lambda: None
        self.providers: tuple[str, ...] = ()
        self.files: frozenset[Path] = frozenset()
        self._context = context
        self._wall_ns = wall_ns
        self._trace = trace
        self._node = spec.create()
        self._is_open = False
        # what the node is called with next, and which of it has come; what wakes it is put in for the call
        self._inputs: dict[str, Packet[Any] | None] = dict.fromkeys(spec.node_class.input_ports)
        self._held: dict[str, Packet[Any]] = {}
        self._pending: Packet[Any] | None = None
        self._fresh = False
        self._next_seq = 0
        # looked up once: a hop takes a few microseconds, and so did the looking up
        self._waker = spec.waker
        self._ticks = spec.ticks
        self._inputs_type = spec.node_class.inputs_type
        self._fills = _is_filled_by_its_dict(self._inputs_type)
        self._outputs_type = spec.node_class.outputs_type
        self._sends = tuple((name, port.sometimes) for name, port in spec.node_class.output_ports.items())
        self._sole = self._sends[0][0] if [sometimes for _, sometimes in self._sends] == [False] else None
        self._needed: tuple[str, ...] = ()
        self._lacking: set[str] = set()
        self._moving: tuple[str, ...] = ()
        self._ages = False
        self.flow = origin(graph, spec)
        self._read_links(graph)

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
        self.providers = self._computes_with()
        self.upkeep.state = State.OPENING if self.spec.pace is Pace.CAPTURE else State.RUNNING
        self._ask_for_files()

    def close(self, outcome: Outcome) -> None:
        """Close the node, if it is open."""
        if self._is_open:
            self._is_open = False
            if self.upkeep.state is State.RUNNING:
                self.upkeep.state = State.ENDED
            node = self._node
            self.providers = self._computes_with()
            self._call_node(Call.CLOSE, lambda: node.close(outcome), lambda error: None)

    def reopen(self) -> None:
        """Close what failed and open a new node in its place, with the same parameters and inputs."""
        self.upkeep.state = State.OPENING
        self.close(Outcome.FAILED)
        self._node = self.spec.create()
        self.open()

    def update(self, params: NodeParams) -> None:
        """Hand the node changed parameters that it can take over as it is.

        Raises:
            Exception: Whatever the node raises. It keeps the parameters it had.
        """
        before = self.spec.params
        if self._is_open:
            try:
                with _fault_at_most():
                    self._node.update(params)
                self._ask_for_files()
            except Exception:
                with suppress(Exception), _fault_at_most():
                    self._node.update(before)
                raise
        else:
            self._node = replace(self.spec, params=params).create()
        self.spec = replace(self.spec, params=params)
        self.upkeep.retry_at_ns = 0  # what made it fail may be gone

    def command(self, name: str) -> None:
        """Have the node carry out one of its commands.

        Raises:
            Exception: Whatever the node raises. It goes on.
        """
        if self._is_open:
            with _fault_at_most():
                self._node.command(name)

    def reload(self, changed: frozenset[Path]) -> bool:
        """Let the node take over those of its files that are in `changed`; return whether there were any.

        Raises:
            Exception: Whatever the node raises. It goes on with what it had.
        """
        mine = self.files & changed
        if not mine or not self._is_open:
            return False
        try:
            with _fault_at_most():
                self._node.reload(mine)
        finally:
            self._ask_for_files()
        self.upkeep.retry_at_ns = 0
        return True

    def rewire(self, graph: Graph, links: Mapping[str, Link]) -> None:
        """Take over where inputs come from and outputs go. What was received is held until something new comes.

        Raises:
            Exception: Whatever the node raises when it hears of it. All else is done then.
        """
        for name in self.spec.links.keys() - links.keys():
            self._held.pop(name, None)
            self._inputs[name] = None
            if name == self.spec.waker:
                self._pending = None
        self.spec = replace(self.spec, links=links)
        self._read_links(graph)
        connected = graph.connected(self.id)
        if connected != self._context.connected:
            self._context = replace(self._context, connected=connected)
            if self._is_open:
                with _fault_at_most():
                    self._node.reconnect(connected)

    def inherit(self, before: Station) -> None:
        """Go on in the place of another instance: its numbers, and what it had received on links that stay."""
        self.statistics = before.statistics
        self._next_seq = before._next_seq
        for name, link in self.spec.links.items():
            packet = before._held.get(name)
            if packet is not None and before.spec.links.get(name) == link:
                self._inputs[name] = self._held.setdefault(name, packet)
                self._lacking.discard(name)

    def told(self, name: str) -> Any:
        """Return what the node says of itself by an attribute, None where it has none of that name."""
        return getattr(self._node, name, None)

    @property
    def dropped(self) -> int:
        """How many packets were lost before they reached the node, so far."""
        return self.statistics.dropped + sum(box.dropped for box in self.mail)

    def length(self) -> int | None:
        """Return how many emissions a source expects to give."""
        length: Callable[[], int | None] = getattr(self._node, "length", lambda: None)
        return length()

    def receive(self, input_name: str, packet: Packet[Any]) -> None:
        """Take a packet in. One that should have woken the node and did not is lost, and counted."""
        if input_name == self._waker:
            if self._pending is not None:
                self.statistics.dropped += 1
                packet = packet._replace(gap=True)
            self._pending = packet
        else:
            self._held[input_name] = self._inputs[input_name] = packet
            self._fresh = True
            if self._lacking:
                self._lacking.discard(input_name)

    def has(self, input_name: str) -> bool:
        """Whether an input has a packet."""
        return input_name in self._held or (input_name == self._waker and self._pending is not None)

    @property
    def needed(self) -> tuple[str, ...]:
        """The sampled inputs that the node cannot run without."""
        return self._needed

    @property
    def fresh(self) -> bool:
        """Whether a sampled input got a packet since the last call."""
        return self._fresh

    def process(self, tick: Packet[Tick] | None = None) -> Made | None:
        """Call the node with what has arrived, if its trigger or a tick wakes it and all that it needs is there.

        Args:
            tick: Wakes nodes that are woken by ticks; None: none of them.

        Returns:
            What it gave; None when nothing woke it.

        Raises:
            Exception: Whatever the node raises. Its trigger is used up.
        """
        if self._lacking:
            return None
        if self._ticks:
            waking = stamp = tick
            for name in self._moving:
                held = self._held.get(name)
                if held is not None:
                    stamp = held
                    break
        else:
            waking = stamp = self._pending
            self._pending = None
        if waking is None:
            return None
        assert self._waker is not None
        self._fresh = False
        self._inputs[self._waker] = waking
        return self._call(stamp)

    def emit(self) -> Made:
        """Call a source.

        Raises:
            EndOfStream: It has nothing more.
            Exception: Whatever else the node raises.
        """
        made = self._call(None)
        if made.packets:
            self._next_seq = made.seq + 1
        return made

    def expect(self) -> None:
        """Let the node make ready for the first frame with what it was given so far.

        Raises:
            Exception: Whatever the node raises.
        """
        with _fault_at_most():
            self._node.expect(self._held)

    @property
    def has_spare(self) -> bool:
        """Whether the node has a use for time that is to spare."""
        return type(self._node).spare is not Node.spare

    def spare(self) -> bool:
        """Give the node time that is to spare; return whether it has a use for more.

        Raises:
            Exception: Whatever the node raises.
        """
        begin_ns = self._wall_ns()
        with _fault_at_most():
            more = self._node.spare()
        if self._trace:
            self._trace.call(self.id, self.flow, begin_ns, self._wall_ns(), -1)
        return more

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

    def _read_links(self, graph: Graph) -> None:
        spec = self.spec
        self._needed = tuple(n for n in spec.latest if spec.node_class.input_ports[n].required)
        self._lacking = set(self._needed) - self._held.keys()
        # whose age an output of a tick has: what comes from a still picture has none
        self._moving = tuple(n for n in spec.latest if spec.links[n].node not in graph.unmoved)
        # a source of media is at its own time until the worker has waited for it
        self._ages = not self._context.offline and spec.pace is not Pace.MEDIA and spec.id not in graph.unmoved

    def _computes_with(self) -> tuple[str, ...]:
        return tuple(str(name) for name in self.told("providers") or ())

    def _ask_for_files(self) -> None:
        with _fault_at_most():
            self.files = frozenset(self._node.files())

    def _call(self, stamp: Packet[Any] | None) -> Made:
        """Call the node; what it gives bears the time and number of `stamp`, None: of now."""
        self.runs += 1
        if self._fills:
            # A frozen dataclass sets field by field, in 1.3 us for two of them; this takes 0.5.
            inputs = _new_object(self._inputs_type)
            inputs.__dict__.update(self._inputs)
        else:
            inputs = self._inputs_type(**self._inputs)
        begin_ns = self._wall_ns()
        try:
            result = self._node.process(inputs) if self.caller is call_directly else self._process_elsewhere(inputs)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # not by _fault_at_most: that takes a microsecond for every packet
            fault = error if isinstance(error, Exception) else _as_fault(error)
            if self._trace and not isinstance(error, EndOfStream):
                self._trace.call(self.id, self.flow, begin_ns, self._wall_ns(), -1, f"{type(fault).__name__}: {fault}")
            if fault is error:
                raise
            raise fault from error
        end_ns = self._wall_ns()
        if stamp:
            t_ns, seq = stamp.t_ns, stamp.seq
        else:
            t_ns, seq = self._context.now_ns(), self._next_seq
        usual = type(result) is self._outputs_type
        if not usual and isinstance(result, Emission):
            t_ns, seq, result = result.t_ns, seq if result.seq is None else result.seq, result.outputs
        if self._ages and seq >= 0:
            self.statistics.showed(end_ns - begin_ns, end_ns - t_ns, t_ns)
        else:
            self.statistics.duration.add(end_ns - begin_ns)
        if self._trace:
            self._trace.call(self.id, self.flow, begin_ns, end_ns, seq)
        if result is None:
            return Made({}, t_ns, seq, bool(self._sends))
        if stamp:
            self._next_seq = seq + 1
        if usual and self._sole is not None:  # as most nodes do: `_made`, written out
            packet = _new_tuple(Packet, (getattr(result, self._sole), t_ns, seq, False))
            return _new_tuple(Made, ({self._sole: packet}, t_ns, seq, False))
        return self._made(result, t_ns, seq)

    def _process_elsewhere(self, inputs: Any) -> Any:
        node = self._node
        return self._call_node(Call.PROCESS, lambda: node.process(inputs), lambda error: node.close(Outcome.FAILED))

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
        if not isinstance(outputs, self._outputs_type):
            node, wanted = self.spec.node_class.__name__, self._outputs_type.__name__
            raise TypeError(f"{node} gave {type(outputs).__name__}, not {wanted}")
        packets: dict[str, Packet[Any]] = {}
        for name, sometimes in self._sends:
            value = getattr(outputs, name)
            if value is not None or not sometimes:
                packets[name] = _new_tuple(Packet, (value, t_ns, seq, False))  # half the time of Packet(...)
        return _new_tuple(Made, (packets, t_ns, seq, False))


def _is_filled_by_its_dict(inputs_type: type[Any]) -> bool:
    """Whether a node's inputs can be made by setting their attributes: ports are fields, and nothing else is done."""
    made_by_hand = hasattr(inputs_type, "__post_init__") or not inputs_type.__dataclass_params__.init
    return not made_by_hand and "__dict__" in dir(inputs_type)


@contextmanager
def _fault_at_most() -> Iterator[None]:
    """Let a node fail, and no more: ``sys.exit()`` or a cancelled task in it must not end the show."""
    try:
        yield
    except (Exception, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise _as_fault(error) from error


def _as_fault(error: BaseException) -> RuntimeError:
    return RuntimeError(f"{type(error).__name__}, which ends a whole program: {error}")
