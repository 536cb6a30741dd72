"""What a run needs from outside: model files, a way to speak to the user, OpenGL."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph, NodeSpec
from vivant.graph.node import NodeContext
from vivant.runtime.live_status import LiveStatus
from vivant.runtime.opening_lines import opening_lines
from vivant.runtime.station import Station
from vivant.runtime.telemetry import loud_libraries
from vivant.runtime.trace import Trace


class GraphicsLostError(VivantError):
    """Display or OpenGL context are gone; nothing can be drawn any more in this process."""


class Graphics(Protocol):
    """OpenGL as the engines see it; made and released by whoever starts the run."""

    @property
    def context(self) -> Any:
        """The ``moderngl.Context``."""
        ...

    @property
    def window(self) -> Any:
        """The GLFW window, or None."""
        ...

    @property
    def renderer(self) -> str:
        """What draws: vendor and version."""
        ...

    def should_close(self) -> bool:
        """Whether the user asked the window to close."""
        ...

    def poll(self) -> None:
        """Handle the window's events. Called once per step of the render lane.

        Raises:
            GraphicsLostError: There is nothing left to draw with.
        """
        ...

    def collect_garbage(self) -> None:
        """Delete the OpenGL objects that Python has let go of."""
        ...


@dataclass(frozen=True)
class Services:
    """What a run needs from outside.

    Attributes:
        fetch: Returns the path of a model file or sample by name; raises VivantError.
        notice: Says one line to the user. May be called from any thread.
        gl: OpenGL, or None where no node of the graph is in the render lane.
        log_dir: Folder for tracebacks; None: the user's log folder.
        trace: Where the calls of all nodes are noted, if anywhere.
        cache_dir: Where nodes may keep what took them long to make; None: nowhere.
        presented: Told the time whenever a live run has presented a new frame; None: nobody wants to know.
        say: Says one of the run's first lines to the user; None: they are not said.
        watch: Called with every step of a live run, on the main thread.
        stopped: Whether the user wants to leave.
    """

    fetch: Callable[[str], Path]
    notice: Callable[[str], None]
    gl: Graphics | None = None
    log_dir: Path | None = None
    trace: Trace | None = None
    cache_dir: Path | None = None
    presented: Callable[[int], None] | None = None
    say: Callable[[str], None] | None = None
    watch: Callable[[LiveStatus], None] | None = None
    stopped: Callable[[], bool] = bool

    def opened(self, stations: Iterable[Station]) -> None:
        """Say what the run works with, when its nodes are open."""
        if self.say is not None:
            for line in opening_lines(self.gl.renderer if self.gl else None, stations, loud_libraries()):
                self.say(line)

    def collect_garbage(self) -> None:
        """Free the OpenGL objects that nobody uses any more. Once per frame, on the thread that owns them."""
        if self.gl:
            self.gl.collect_garbage()

    def node_context(self, graph: Graph, spec: NodeSpec, now_ns: Callable[[], int], *, offline: bool) -> NodeContext:
        """Return what a node is opened with. Only nodes that draw see OpenGL."""
        gl = self.gl if spec.node_class.draws else None
        return NodeContext(
            now_ns=now_ns,
            base_dir=graph.base_dir,
            fetch=self.fetch,
            notice=self.notice,
            connected=graph.connected(spec.id),
            offline=offline,
            gl=gl.context if gl else None,
            window=gl.window if gl else None,
            cache_dir=self.cache_dir,
            still=spec.id in graph.still,
            stopped=self.stopped,
        )
