"""A node that may block, in a thread of its own."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from vivant.graph.errors import EndOfStream
from vivant.graph.node import Pace
from vivant.runtime.calls import Blocked
from vivant.runtime.clock import Clock, Doorbell
from vivant.runtime.mailbox import Mailbox
from vivant.runtime.station import Made, Station
from vivant.runtime.upkeep import State


class Listener(Protocol):
    """Who is told what happens at the nodes. Called from the node's own thread."""

    def made(self, station: Station, made: Made) -> None:
        """A node did its work."""

    def failed(self, station: Station, error: Exception, *, for_good: bool = False) -> None:
        """A node raised. Brings its state up to date."""

    def crashed(self, station: Station, error: BaseException) -> None:
        """A worker ended by a fault that was not its node's."""

    def ended(self, station: Station) -> None:
        """A worker's thread is about to end."""


class Worker:
    """Runs one node of a live graph until its input ends or it is closed.

    A node that raises keeps its last output where it lies, with its readers, and is called again after a
    pause; a capturing source is opened anew for that. A source of media is shown at the pace of its times.

    Attributes:
        station: The node.
        finished: True when its thread has nothing more to do.
        end_bell: Rung then, for the one who waits for it.
    """

    def __init__(
        self,
        station: Station,
        clock: Clock,
        bell: Doorbell,
        inboxes: Mapping[str, Mailbox],
        outboxes: Mapping[str, Sequence[Mailbox]],
        listener: Listener,
    ) -> None:
        """Prepare a worker.

        Args:
            station: The node, opened.
            clock: All waiting goes through it.
            bell: Where this worker waits; its inboxes ring it.
            inboxes: Inputs that come from other threads.
            outboxes: For each output, the mailboxes of its readers.
            listener: Told what happens.
        """
        self.station = station
        self.finished = False
        self.end_bell = Doorbell()
        self._clock = clock
        self._bell = bell
        self._inboxes = inboxes
        self._outboxes = outboxes
        self._listener = listener
        self._closed = False
        self._requests: deque[Callable[[], None]] = deque()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread. Not a daemon: inference libraries abort the process when cut off at its end."""
        seat = self._clock.seat(self.station.id)
        self._thread = threading.Thread(target=self._main, args=(seat,), name=f"vivant {self.station.id}", daemon=False)
        self._thread.start()

    def close(self) -> None:
        """Ask the worker to end: it stops waiting at once, a call of the node is finished."""
        self._closed = True
        for box in self._inboxes.values():
            box.close()
        self._bell.ring()

    def ask(self, call: Callable[[], None]) -> bool:
        """Have something called on this worker's thread, between two calls of its node.

        Args:
            call: Must not raise.

        Returns:
            False when the thread has ended, so that nobody will call it.
        """
        with self._lock:
            if self.finished:
                return False
            self._requests.append(call)
        self._bell.ring()
        return True

    def rewire(self, inboxes: Mapping[str, Mailbox], outboxes: Mapping[str, Sequence[Mailbox]]) -> None:
        """Read and write other mailboxes from now on. Those it is to forget are closed after this, not before."""
        with self._lock:
            self._outboxes = outboxes

        def read() -> None:
            self._inboxes = inboxes

        self.ask(read)

    def detach(self) -> None:
        """Let go of all mailboxes, as they belong to the one who takes this worker's place, and end."""
        with self._lock:
            self._outboxes = {}
            self._closed = True
        self._inboxes = {}
        self._bell.ring()

    def join(self) -> None:
        """Wait for the thread of a worker that has finished."""
        if self._thread:
            self._thread.join()

    def _main(self, seat: AbstractContextManager[None]) -> None:
        with seat:
            try:
                loops: dict[Pace | None, Callable[[], None]] = {
                    Pace.CAPTURE: self._capture,
                    Pace.MEDIA: self._play,
                    None: self._serve,
                }
                loops[self.station.spec.pace]()
                if self.station.upkeep.state is State.RUNNING:
                    self.station.upkeep.state = State.ENDED
            except BaseException as error:
                self._listener.crashed(self.station, error)
            finally:
                with self._lock:
                    left = tuple(self._requests)
                    self._requests.clear()
                    for boxes in self._outboxes.values():
                        for box in boxes:
                            box.finish()
                    self.finished = True
                for call in left:
                    call()
                self._bell.ring()  # who takes its place waits there too, and may miss what this one heard
                self.end_bell.ring()
                self._listener.ended(self.station)

    def _heed(self) -> None:
        """Do what was asked for."""
        while self._requests:
            self._requests.popleft()()

    def _serve(self) -> None:
        """Run a node with inputs: whenever its trigger has a packet and all it needs has come."""
        while True:
            self._clock.wait(self._bell, lambda: self._called() or self._woken() or self._exhausted())
            if self._closed:
                return
            if self._requests:
                self._heed()
                continue
            if not self._woken():
                # whoever closes a mailbox of a node that goes on has asked it before to read another one
                if self._exhausted() and not self._requests:
                    break
                continue
            self._collect()
            self._attempt(self.station.process)  # which does nothing if the mailboxes were changed just now
            if not self._pause():
                return
        try:
            for made in self.station.drain():
                self._publish(made)
        except Exception as error:
            self._listener.failed(self.station, error, for_good=True)

    def _capture(self) -> None:
        """Run a source that blocks until its device has something."""
        while not self._closed:
            self._heed()
            try:
                broken = self._attempt(self.station.emit)
            except EndOfStream:
                return
            while broken and not self._closed:
                if not self._pause():
                    return
                try:
                    self.station.reopen()
                    broken = False
                except Exception as error:
                    self._failed(error)

    def _play(self) -> None:
        """Run a source whose emissions say when they are to be seen.

        What is late by more than its own length is skipped, so that the picture stays at its time. That helps
        only while skipping is quicker than time itself: a source that cannot keep up is shown as it comes,
        with its times put off, instead of being skipped for ever.
        """
        start_ns: int | None = None  # the clock's time of media time 0
        last_ns = interval_ns = due_ns = 0
        skipped_by_ns: int | None = None
        while not self._closed:
            self._heed()
            try:
                made = self._emission()
            except EndOfStream:
                return
            if made is None:
                return
            now_ns = self._clock.now_ns()
            if start_ns is None:
                start_ns = now_ns - made.t_ns
            elif made.t_ns < last_ns:
                start_ns = due_ns + interval_ns - made.t_ns  # the media began again
            else:
                interval_ns = made.t_ns - last_ns
            last_ns, due_ns = made.t_ns, start_ns + made.t_ns
            late_ns = now_ns - due_ns
            gap = skipped_by_ns is not None
            if late_ns > interval_ns:
                if skipped_by_ns is None or late_ns < skipped_by_ns:
                    self.station.statistics.dropped += 1
                    skipped_by_ns = late_ns
                    continue
                start_ns += late_ns
                due_ns = now_ns
            skipped_by_ns = None
            while self._clock.wait(self._bell, self._called, due_ns) and not self._closed:
                self._heed()
            if self._closed:
                return
            statistics = self.station.statistics
            statistics.age.add(self._clock.now_ns() - due_ns)
            statistics.shown_ns = due_ns
            packets = {n: p._replace(t_ns=due_ns, gap=gap) for n, p in made.packets.items()}
            self._publish(made._replace(packets=packets, t_ns=due_ns))

    def _emission(self) -> Made | None:
        """Return the next emission of a MEDIA source; None when it failed or the worker was closed.

        Such a source is not tried again: a file that breaks off stays broken at that place.
        """
        while not self._closed:
            try:
                made = self.station.emit()
            except EndOfStream:
                raise
            except Exception as error:
                self._listener.failed(self.station, error, for_good=True)
                return None
            if made.packets:
                return made
        return None

    def _attempt(self, call: Callable[[], Made | None]) -> bool:
        """Call the node and publish what it gave; return whether it failed."""
        try:
            made = call()
        except EndOfStream:
            raise
        except Exception as error:
            self._failed(error)
            return True
        if made is None:
            return False
        if not self.station.upkeep.well and (made.packets or self.station.spec.pace is None):
            self.station.upkeep.succeeded()  # a device that gives nothing yet has not shown that it works
        self._publish(made)
        return False

    def _failed(self, error: Exception) -> None:
        # what was given up because the run ends has no fault of its own
        if not (self._closed and isinstance(error.__cause__, Blocked)):
            self._listener.failed(self.station, error)

    def _pause(self) -> bool:
        """Wait while the node holds; return whether to go on."""
        upkeep = self.station.upkeep
        # what it is asked meanwhile may end the pause: changed parameters are tried at once
        while upkeep.state is State.HOLDING and self._clock.wait(self._bell, self._called, upkeep.retry_at_ns):
            if self._closed:
                break
            self._heed()
        return not self._closed

    def _called(self) -> bool:
        return self._closed or bool(self._requests)

    def _publish(self, made: Made) -> None:
        with self._lock:
            for name, packet in made.packets.items():
                for box in self._outboxes.get(name, ()):
                    box.put(packet)
        self._listener.made(self.station, made)

    def _collect(self) -> None:
        for name, box in self._inboxes.items():
            packet = box.take()
            if packet is not None:
                self.station.receive(name, packet)

    def _woken(self) -> bool:
        wanted = (self.station.spec.waker or "", *self.station.needed)
        return all(self._has(name) for name in wanted)

    def _exhausted(self) -> bool:
        """Whether the node can never be woken again."""
        wanted = (self.station.spec.waker or "", *self.station.needed)
        missing = [self._inboxes.get(name) for name in wanted if not self._has(name)]
        return any(box is None or box.over for box in missing)

    def _has(self, name: str) -> bool:
        box = self._inboxes.get(name)
        return self.station.has(name) or (box is not None and box.full)
