"""The node contract: declared ports and parameters, and the code that maps one to the other."""

from __future__ import annotations

import builtins
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Generic, TypeVar, get_args, get_origin

from vivant.graph.packet import Packet
from vivant.graph.params import NodeParams
from vivant.graph.port import InputPort, NoInputs, OutputPort, Wait, input_ports, output_ports

P = TypeVar("P", bound=NodeParams)
I = TypeVar("I")  # noqa: E741 - inputs
O = TypeVar("O")  # noqa: E741 - outputs


class Lane(StrEnum):
    """Where the engine runs a node."""

    WORKER = "worker"
    """It may block: live, it has a thread of its own."""
    RENDER = "render"
    """In order, once per displayed frame: live on the main thread, which owns OpenGL; offline there if it draws."""


class Pace(StrEnum):
    """What sets the pace of a source."""

    CAPTURE = "capture"
    """``process`` blocks until the device has something; it is stamped on return unless it says when."""
    MEDIA = "media"
    """Every emission says its own media time from 0; the engine waits (live) or steps (offline)."""
    ONCE = "once"
    """One emission when the graph starts, and one after every change of its parameters."""


class Outcome(StrEnum):
    """How a run ended, told to every node as it is closed."""

    DONE = "done"
    INTERRUPTED = "interrupted"
    """The user stopped it: what was written so far is finished and kept."""
    FAILED = "failed"
    """What was begun is removed; an older file of the same name is left as it was."""


def _at_once(work: Callable[[], Any]) -> Callable[[], Any]:
    result = work()
    return lambda: result


@dataclass(frozen=True)
class NodeContext:
    """What the engine gives to a node when it opens.

    Attributes:
        now_ns: Reads the graph's clock. A node must not wait on it.
        base_dir: Folder of the preset: relative paths in parameters start there.
        fetch: Returns the path of a model file or sample by name, verified, fetching it when it must.
            Raises VivantError.
        notice: Says one line to the user (a warning, a fall-back). Repeated lines are counted.
        connected: Names of this node's outputs that some node reads. It may change while the node runs:
            `Node.reconnect`.
        offline: True when no frame may be dropped and time is virtual.
        gl: The ``moderngl.Context`` for a node that draws, None for others. Typed loosely because graph/ does not
            know OpenGL.
        window: The GLFW window behind `gl` where the run has one.
        kept: What a node leaves for itself: when it fails and is opened anew, as another instance, it finds it
            here (which device it had, say). Empty at the first opening.
        status: Returns what a live run says of itself, in a few lines, for a node that shows it; tabs separate
            columns. From the main thread.
        send: Has a node of this graph carry out one of its `Node.commands`, given as ``NODE.COMMAND``. Returns at
            once, from any thread; what does not exist is told to the user. Offline nothing is sent.
        cache_dir: Where a node may keep what took it long to make; None: nowhere.
        still: Nothing that moves feeds the node: it runs once for each picture, not for each frame.
        beside: Has something done that depends on nothing but what it was made with, and returns what waits for its
            result, or raises what it failed with. Offline that is beside the node, on another thread, while the node
            takes its next inputs (see `Node.lag`); live it is done at once.
        hands: How many things are done beside it at a time.
        stopped: Whether the user wants to leave: what takes seconds looks at it; what it returns then is not used.
    """

    now_ns: Callable[[], int]
    base_dir: Path
    fetch: Callable[[str], Path]
    notice: Callable[[str], None]
    connected: frozenset[str]
    offline: bool
    gl: Any = None
    window: Any = None
    kept: dict[str, Any] = field(default_factory=dict)
    status: Callable[[], tuple[str, ...]] = tuple
    send: Callable[[str], None] = lambda target: None
    cache_dir: Path | None = None
    still: bool = False
    beside: Callable[[Callable[[], Any]], Callable[[], Any]] = _at_once
    hands: int = 1
    stopped: Callable[[], bool] = bool

    def resolve(self, path: str) -> Path:
        """Return the file that a parameter names: ``sample:NAME``, absolute, ``~`` or beside the preset."""
        if path.startswith("sample:"):
            return self.fetch(path)
        return self.base_dir / Path(path).expanduser()


@dataclass(frozen=True, slots=True)
class Emission(Generic[O]):
    """Outputs with a time of their own, in place of the time of the input that woke the node.

    Attributes:
        outputs: The node's outputs.
        t_ns: Capture time (sources that pace by CAPTURE), media time from 0 (MEDIA), or the time of the
            earlier packet that these outputs were derived from (a node that answers late).
        seq: Number of that earlier packet; None: the engine numbers it.
    """

    outputs: O
    t_ns: int
    seq: int | None = None


class Node(ABC, Generic[P, I, O]):
    """One step of a graph.

    A subclass names its parameters, inputs and outputs as type arguments and its type as a class argument::

        class FaceLandmarks(Node[LandmarksParams, LandmarksInputs, LandmarksOutputs], type="face.landmarks"):
            \"\"\"Finds a face and its 478 landmarks.\"\"\"

    The first line of its docstring is what users read about it. Life: ``__init__(params)``, ``open``, ``expect``, any
    number of ``process``, ``update`` and ``command``, ``drain`` when the stream ends, ``close`` whenever ``open``
    succeeded. All of them are called from one thread at a time. A node knows no thread, no other node and no
    clock of its own; state between frames lives in the instance.
    """

    type: ClassVar[str]
    about: ClassVar[str]
    lane: ClassVar[Lane]
    shows: ClassVar[bool]
    """It needs a display: dropped from the graph of a headless or offline run."""
    exclusive: ClassVar[bool]
    """What it opens cannot be open twice (a camera, a file that is written): where a running graph gets a new
    instance of it, the old one is closed first. All others are opened beside the old one, which works on meanwhile."""
    draws: ClassVar[bool]
    """It uses OpenGL, as nodes of the render lane do unless they say otherwise. One that does not is given none, and
    offline it need not wait for those that do."""
    settles: ClassVar[bool]
    """Time is nothing to it: a tick only lets it go on with what it works at, and offline its first answer is its last
    as long as its other inputs stand still. Where nothing that moves feeds it, it is asked once there."""
    commands: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """What it can be told while it runs, by name, each with one line of help: moments, where a parameter is a value."""
    params_type: ClassVar[builtins.type[NodeParams]]  # in this class, `type` is the name of the node type
    inputs_type: ClassVar[builtins.type[Any]]
    outputs_type: ClassVar[builtins.type[Any]]
    input_ports: ClassVar[dict[str, InputPort]]
    output_ports: ClassVar[dict[str, OutputPort]]

    def __init_subclass__(
        cls,
        *,
        type: str | None = None,
        lane: Lane = Lane.WORKER,
        shows: bool = False,
        exclusive: bool = False,
        draws: bool = True,
        settles: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init_subclass__(**kwargs)
        if type is None:
            return  # an intermediate base class, such as Source
        cls.type, cls.lane, cls.shows, cls.exclusive = type, lane, shows, exclusive
        cls.draws, cls.settles = draws and lane is Lane.RENDER, settles
        cls.about = (cls.__doc__ or "").strip().split("\n")[0]
        cls.params_type, cls.inputs_type, cls.outputs_type = _type_arguments(cls)
        cls.input_ports = input_ports(cls.inputs_type)
        cls.output_ports = output_ports(cls.outputs_type)
        wakers = [p for p in cls.input_ports.values() if p.wait is not Wait.LATEST]
        if len(wakers) != (0 if issubclass(cls, Source) else 1):
            raise TypeError(f"{cls.__name__}: a node has exactly one trigger() or tick(), a source has none")
        if wakers and wakers[0].wait is Wait.TICK and lane is not Lane.RENDER:
            raise TypeError(f"{cls.__name__}: only nodes of the render lane are woken by tick()")

    def __init__(self, params: P) -> None:
        self.params = params

    def open(self, context: NodeContext) -> None:
        """Take what the node needs: models, devices, files, GL objects. Heavy imports belong here.

        Raises:
            VivantError: It cannot be had; says what is wrong and what to do.
        """

    def expect(self, known: Mapping[str, Packet[Any]]) -> None:
        """Make ready for the first frame, so that it need not wait, what those inputs need that are known before it.

        Called once after `open`, where a run begins; a node that comes into a running graph is not asked.

        Args:
            known: What still pictures and what is built of them gave its inputs, by name.
        """

    @abstractmethod
    def process(self, inputs: I) -> O | Emission[O] | None:
        """Map inputs to outputs.

        Returns:
            The outputs; they take the time and number of the packet that woke the node (for a tick: of the
            first wired LATEST input, else of the tick). An `Emission` says its own time. None: nothing now.
        """

    def spare(self) -> bool:
        """Do a piece of work that nobody waits for, some milliseconds of it; return whether there is more.

        Called of nodes of the render lane in a live run: again and again after the first step, before anything moves,
        then once after each step, when nothing waits to be drawn; at last even when something does. What comes of it
        is given by ``process``. Offline there is no spare time.
        """
        return False

    def update(self, params: P) -> None:
        """Take over changed parameters whose cost is LIVE or RECOMPILE.

        Raises:
            VivantError: They cannot be taken over; the node goes on as it was.
        """
        self.params = params

    def command(self, name: str) -> None:
        """Carry out one of its `commands`, between two calls of ``process``: somebody pressed a key, say.

        Raises:
            VivantError: It cannot be done; the node goes on as it was.
        """

    def files(self) -> Iterable[Path]:
        """Return the files that the node takes over in `reload` when they change, such as its shaders.

        Asked for after `open`, `update` and `reload`. A file need not exist: one that an ``#include`` asked for
        in vain is worth waiting for.
        """
        return ()

    def reload(self, changed: frozenset[Path]) -> None:
        """Take over files of its own that have changed.

        Raises:
            VivantError: They are no good; says file and line. The node goes on with what it had.
        """

    def reconnect(self, connected: frozenset[str]) -> None:
        """Take over which of its outputs some node reads, when that changes while the node runs."""

    @classmethod
    def lag(cls, params: P) -> int:
        """Return how far a node with these parameters looks ahead offline: after how many more packets it answers one.

        It then gives an `Emission` with time and number of the packet that it answers, one for each, and in `drain`
        those that are left. Where it works ahead of drawing, whoever reads it gets every answer in the step that it
        belongs to. Live, and in the render lane, nobody looks ahead, and nobody asks.
        """
        return 0

    def drain(self) -> Iterable[Emission[O]]:
        """Return what is still on its way when the stream has ended."""
        return ()

    def close(self, outcome: Outcome) -> None:
        """Release everything that `open` took."""


class Source(Node[P, NoInputs, O]):
    """A node without inputs. Its ``process`` returns an Emission, or outputs to be stamped on return.

    ``process`` raises EndOfStream at the end; None means nothing came this time (the engine asks again).

    A source that paces by CAPTURE may block for ever, as devices do: live, the engine calls it on a thread that
    it can leave behind. A call that takes longer than `patience_s` counts as a fault: another instance is opened
    in its place, and the old one is closed, on its own thread, should the call ever come back.
    """

    pace: ClassVar[Pace]
    patience_s: ClassVar[float | None] = None
    """How long one call of ``process`` may take, in seconds; None: for ever, as one that waits for people may."""

    def __init_subclass__(cls, *, pace: Pace | None = None, patience_s: float | None = None, **kwargs: Any) -> None:
        if pace is not None:
            cls.pace = pace
        if patience_s is not None:
            cls.patience_s = patience_s
        super().__init_subclass__(**kwargs)

    def length(self) -> int | None:
        """Return how many emissions are to be expected, where known, for progress bars. Called after open."""
        return None


def _type_arguments(cls: type[Any]) -> tuple[type[NodeParams], type[Any], type[Any]]:
    for base in getattr(cls, "__orig_bases__", ()):
        origin, arguments = get_origin(base), get_args(base)
        if origin is Node and len(arguments) == 3:
            return arguments
        if origin is Source and len(arguments) == 2:
            return arguments[0], NoInputs, arguments[1]
    raise TypeError(f"{cls.__name__}: derive it from Node[Params, Inputs, Outputs] or Source[Params, Outputs]")


__all__ = ["Emission", "Lane", "Node", "NodeContext", "Outcome", "Pace", "Packet", "Source"]
