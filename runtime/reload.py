"""Hot reload: a running graph becomes what was saved last, without a gap in what is shown."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path

from vivant.graph.diff import diff_graphs
from vivant.graph.errors import VivantError
from vivant.graph.graph import Graph, NodeSpec
from vivant.graph.node import Outcome
from vivant.graph.params import NodeParams
from vivant.runtime.calls import Blocked
from vivant.runtime.clock import Clock, Doorbell
from vivant.runtime.crew import Crew, Retired, in_render_lane
from vivant.runtime.edits import Edit, Edits, ReloadListener
from vivant.runtime.errand import Errand
from vivant.runtime.main_thread import GivenUp, MainThread
from vivant.runtime.node_fault import NodeFault
from vivant.runtime.preparation import Preparation
from vivant.runtime.refusals import Edited, Refusals
from vivant.runtime.station import Station

LOOK_NS = 50_000_000
"""How often is looked for edits. Two looks have to agree: what is saved is found after one to two times this."""


class Reload:
    """Brings a running graph to what was saved last.

    An edit is read and checked on the thread that looks for it. Parameters that nodes can take over as they are
    go to them at once. For everything else new nodes are opened and the still part is made again on a thread
    beside the running graph, which goes on being shown (`Preparation`); then the main thread exchanges what has
    changed, between two steps. Whatever fails leaves the running graph as it was.

    Attributes:
        hung: Nodes that had no place any more and did not come back.
    """

    def __init__(
        self,
        crew: Crew,
        edits: Edits,
        refusals: Refusals,
        listener: ReloadListener,
        make: Callable[[Graph, NodeSpec], Station],
        admit: Callable[[Graph], Graph],
        explain: Callable[[BaseException, str], VivantError],
        clock: Clock,
        bell: Doorbell,
        patience_ns: int,
    ) -> None:
        """Prepare, on the main thread; `start` begins to look.

        Args:
            crew: What runs.
            edits: Where edits come from.
            refusals: Holds what was refused until it is mended.
            listener: Told how they fare.
            make: Makes a node at work, unopened.
            admit: Brings a graph into the form in which this run can run it, or raises VivantError.
            explain: Puts a node's fault into words.
            clock: All waiting goes through it.
            bell: The main thread's.
            patience_ns: How long a node that is not wanted any more may take to come back.
        """
        self.hung: set[str] = set()
        self._crew = crew
        self._edits = edits
        self._refusals = refusals
        self._listener = listener
        self._make = make
        self._admit = admit
        self._explain = explain
        self._clock = clock
        self._bell = bell
        self._patience_ns = patience_ns
        self._main = MainThread(clock, bell)
        self._closing = False
        self._watch_bell = Doorbell()
        self._watch: Errand | None = None
        self._files: frozenset[Path] = frozenset()
        self._saved: deque[Edit] = deque()
        self._wanted: Graph | None = None
        self._stale: set[str] = set()
        self._tried: dict[str, NodeParams] = {}
        self._preparation: Preparation | None = None
        self._preparing = Edited.PRESET
        self._work: Errand | None = None
        self._leaving: list[tuple[Errand, Retired]] = []
        # what nodes said on their threads, to be told on this one
        self._said: deque[Callable[[], None]] = deque()

    def start(self) -> None:
        """Begin to look for edits."""
        self._gather_files()
        self._watch = Errand("reload watch", self._look, self._clock, self._watch_bell)
        self._watch.start()

    @property
    def called(self) -> bool:
        """Whether there is something to do for `step`."""
        if self._saved or self._main.called:
            return True
        return self._wanted is not None or bool(self._stale) if self._work is None else self._work.finished

    def step(self) -> None:
        """Do what is due on the main thread. Called before every step of the render lane, and while the next waits."""
        self._tell()
        while self._saved:
            self._take(self._saved.popleft())
        self._main.serve()  # one call at most: opening a node that draws may take as long as a frame
        if self._work is not None and self._work.finished:
            self._finish(self._work)
        if self._work is None and (self._wanted is not None or self._stale):
            self._begin()
        for errand, retired in tuple(self._leaving):
            if errand.finished:
                errand.join()
                self._leaving.remove((errand, retired))
        self._tell()

    def close(self) -> None:
        """Stop looking, give up what is being prepared, and wait for what is on its way out."""
        self._closing = True
        self._watch_bell.ring()
        if self._preparation:
            self._preparation.give_up()
        errands = [errand for errand in (self._watch, self._work) if errand is not None]
        errands += [errand for errand, _ in self._leaving]

        def over() -> bool:
            return all(errand.finished for errand in errands)

        limit_ns = self._clock.now_ns() + self._patience_ns
        while self._clock.wait(self._bell, lambda: self._main.called or over(), limit_ns) and not over():
            self._main.serve()
        self._main.close()
        for errand in errands:
            if errand.finished:
                errand.join()
        self.hung.update(retired.station.id for errand, retired in self._leaving if not errand.finished)
        if self._work is not None and self._preparation is not None:
            if not self._work.finished:
                self.hung.add("reload")
            elif self._preparation.error is None:
                self._preparation.undo()  # all was ready, and the run ends
        self._tell()

    def _look(self) -> None:
        while not self._clock.wait(self._watch_bell, lambda: self._closing, self._clock.now_ns() + LOOK_NS):
            edit = self._edits.look(self._files)
            if edit is not None:
                self._saved.append(edit)
                self._bell.ring()
        self._bell.ring()

    def _take(self, edit: Edit) -> None:
        if edit.fault:
            self._refusals.mended(Edited.PRESET)  # what was wrong before is not what is saved now
            self._refuse(Edited.PRESET, edit.fault)
        if edit.files:
            self._reload_files(edit.files)
        if edit.graph is not None:
            self._refusals.mended(Edited.PRESET)
            try:
                self._wanted = self._admit(edit.graph)
            except VivantError as fault:
                self._refuse(Edited.PRESET, fault)
                return
            self._tried = {}
            if not diff_graphs(self._crew.graph, self._wanted):
                self._listener.applied("nothing changed")
            self._update(self._wanted)

    def _update(self, wanted: Graph) -> None:
        """Hand parameters to all nodes at work that can take them over as they are."""
        running = self._crew.graph
        for node_id in sorted(diff_graphs(running, wanted).updated - running.still):
            params, before = wanted[node_id].params, running[node_id].params
            if self._tried.get(node_id) == params:
                continue  # it has said no already
            self._tried[node_id] = params
            self._crew.take_over(node_id, params)
            station = self._crew.stations[node_id]

            def update(station: Station = station, params: NodeParams = params, before: NodeParams = before) -> None:
                try:
                    station.update(params)
                except Exception as error:
                    self._said.append(lambda error=error: self._refuse_params(station, before, error))  # type: ignore[misc]
                else:
                    self._said.append(lambda: self._listener.applied(f"changed: {station.id}"))

            self._crew.on_its_thread(node_id, update)

    def _refuse_params(self, station: Station, before: NodeParams, error: Exception) -> None:
        if self._crew.stations.get(station.id) is station:
            self._crew.take_over(station.id, before)
        self._refuse(Edited.PRESET, self._explain(error, station.id), station.id)

    def _reload_files(self, changed: frozenset[Path]) -> None:
        for node_id, station in self._crew.stations.items():
            mine = station.files & changed
            if not mine:
                continue
            if node_id in self._crew.graph.still:
                self._stale.add(node_id)  # nobody runs it now: it is made anew, with all that comes of it
                continue
            names = ", ".join(sorted(path.name for path in mine))

            def reload(station: Station = station, mine: frozenset[Path] = mine, names: str = names) -> None:
                try:
                    station.reload(mine)
                except Exception as error:
                    fault = self._explain(error, station.id)
                    self._said.append(lambda: self._refuse(Edited.FILES, fault, station.id))
                else:
                    self._said.append(lambda: self._accept_files(station.id, names))

            self._crew.on_its_thread(node_id, reload)

    def _begin(self) -> None:
        self._preparing = Edited.FILES if self._wanted is None else Edited.PRESET
        wanted, self._wanted = self._wanted or self._crew.graph, None
        stale, self._stale = self._stale & self._crew.graph.still, set()
        self._update(wanted)
        diff = diff_graphs(self._crew.graph, wanted, ended=self._crew.ended, stale=stale)
        if not diff.structural:
            return
        self._preparation = Preparation(
            self._crew, wanted, diff, self._make, self._main, self._clock, self._patience_ns
        )
        self._work = Errand("reload", self._preparation.run, self._clock, self._bell)
        self._work.start()

    def _finish(self, work: Errand) -> None:
        work.join()
        preparation = self._preparation
        assert preparation is not None
        if preparation.error is None:
            try:
                self._retire(preparation.swap())
            except NodeFault as fault:
                preparation.error = fault
                self._work = Errand("reload", preparation.undo, self._clock, self._bell)
                self._work.start()
                return
        else:
            self._retire(preparation.restore())
        self.hung |= preparation.hung
        self._preparation = self._work = None
        self._gather_files()
        error = preparation.error
        if error is None:
            diff = preparation.diff
            # what was made anew read its files anew
            for node_id in ("", *diff.added, *diff.replaced, *diff.removed):
                self._refusals.mended(Edited.FILES, node_id)
            self._listener.applied(str(diff))
        elif isinstance(error, NodeFault):
            self._refuse(self._preparing, self._explain(error.error, error.node_id))
        elif isinstance(error, GivenUp):
            pass
        elif isinstance(error, Exception):
            self._refuse(self._preparing, self._explain(error, "reload"))
        else:
            raise error

    def _refuse(self, edited: Edited, fault: VivantError, node_id: str = "") -> None:
        self._refusals.add(edited, fault, node_id)
        self._listener.refused(fault)

    def _accept_files(self, node_id: str, names: str) -> None:
        self._refusals.mended(Edited.FILES, node_id)
        self._listener.applied(f"reloaded: {node_id} ({names})")

    def _retire(self, retired: tuple[Retired, ...]) -> None:
        for leaver in retired:
            if in_render_lane(leaver.station.spec):
                self._close(leaver.station)
                continue

            def let_go(leaver: Retired = leaver) -> None:
                if leaver.ended(self._clock, self._patience_ns):
                    self._close(leaver.station)
                else:
                    self.hung.add(leaver.station.id)

            errand = Errand(f"{leaver.station.id} leaving", let_go, self._clock, self._bell)
            errand.start()
            self._leaving.append((errand, leaver))

    def _close(self, station: Station) -> None:
        try:
            station.close(Outcome.DONE)
        except Exception as error:
            if isinstance(error.__cause__, Blocked):
                self.hung.add(station.id)
                return
            fault = self._explain(error, station.id)
            self._said.append(lambda: self._listener.refused(fault))

    def _tell(self) -> None:
        if self._said:
            while self._said:
                self._said.popleft()()
            self._gather_files()

    def _gather_files(self) -> None:
        self._files = frozenset(path for station in self._crew.stations.values() for path in station.files)
