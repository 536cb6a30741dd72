"""Commands on their way to the nodes of a live graph."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial

from vivant.graph.errors import VivantError
from vivant.graph.problem import listed, nearest_name, quoted
from vivant.runtime.clock import Doorbell
from vivant.runtime.crew import Crew
from vivant.runtime.station import Station

MOST_WAITING = 64
"""More than that between two frames is no finger on a key; what comes beyond pushes out the oldest."""


class Orders:
    """Takes commands from any thread and has each carried out on the thread of its node."""

    def __init__(
        self, bell: Doorbell, notice: Callable[[str], None], explain: Callable[[Exception, str], VivantError]
    ) -> None:
        """Begin with none.

        Args:
            bell: The main thread's.
            notice: Tells the user, from any thread, what cannot be done.
            explain: Puts a node's fault into words.
        """
        self._bell = bell
        self._notice = notice
        self._explain = explain
        self._waiting: deque[str] = deque(maxlen=MOST_WAITING)

    def send(self, target: str) -> None:
        """Take in ``NODE.COMMAND``; it is carried out between two frames."""
        self._waiting.append(target)
        self._bell.ring()

    def carry_out(self, crew: Crew) -> None:
        """Pass on what has come. Called by the main thread, between two steps."""
        while self._waiting:
            target = self._waiting.popleft()
            node_id, _, name = target.rpartition(".")
            station = crew.stations.get(node_id)
            if station is None or name not in station.spec.node_class.commands:
                self._notice(_unknown(target, crew))
                continue
            crew.on_its_thread(node_id, partial(self._call, station, name))

    def _call(self, station: Station, name: str) -> None:
        try:
            station.command(name)
        except Exception as error:
            told = self._explain(error, station.id)
            self._notice(f"{station.id}.{name}: {told.what}" + (f" ({told.remedy})" if told.remedy else ""))


def _unknown(target: str, crew: Crew) -> str:
    known = [f"{node_id}.{name}" for node_id, s in crew.stations.items() for name in s.spec.node_class.commands]
    nearest = nearest_name(target, known)
    hint = (
        f"did you mean {quoted(nearest)}?" if nearest else f"there are: {listed(known)}" if known else "there is none"
    )
    return f"no node has the command {quoted(target)}; {hint}"
