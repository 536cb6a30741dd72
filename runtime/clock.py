"""Time, and everything that waits for it: real, or virtual and exact."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Protocol


class Doorbell:
    """What one thread waits at. Whoever changes something that it may be waiting for rings.

    A ring is remembered until the one who waits has looked again, so none is lost between looking and waiting.
    A bare lock does this in half the time of a condition variable, and mailboxes ring for every packet.
    """

    def __init__(self) -> None:
        self._quiet = threading.Lock()
        self._quiet.acquire()

    def ring(self) -> None:
        """Make the one who waits look again."""
        if self._quiet.locked():
            try:  # noqa: SIM105 - suppress() takes longer than the rest
                self._quiet.release()
            except RuntimeError:
                pass  # two rang at once: the second finds it rung, which is all that it wanted

    def listen(self, timeout_s: float | None) -> None:
        """Wait for a ring that came since the last one was heard, for at most `timeout_s`."""
        if timeout_s is None:
            self._quiet.acquire()
        else:
            self._quiet.acquire(timeout=min(timeout_s, threading.TIMEOUT_MAX))


class Clock(Protocol):
    """Time in integer nanoseconds, and all waiting."""

    def now_ns(self) -> int:
        """Return the time."""
        ...

    def wait(self, bell: Doorbell, ready: Callable[[], bool], until_ns: int | None = None) -> bool:
        """Wait until `ready` is true or the time has come.

        Args:
            bell: Rung by whoever may have made `ready` true.
            ready: Looked at before waiting and after every ring; must be quick and take no part in waiting.
            until_ns: Latest moment to return at; None: no such moment.

        Returns:
            Whether `ready` was true.
        """
        ...

    def seat(self, name: str, rank: int = 0) -> AbstractContextManager[None]:
        """Announce a thread that will wait at this clock.

        Called by a thread that has a seat itself (the first one: by the thread it is for), before the new
        thread starts; entered in the new thread.
        """
        ...


class MonotonicClock:
    """The computer's own clock."""

    now_ns = staticmethod(time.perf_counter_ns)
    """Return the time. Not `time.monotonic_ns`: on Windows that one moves in steps of 16 ms. The function itself: every
    packet asks for the time more than once."""

    def wait(self, bell: Doorbell, ready: Callable[[], bool], until_ns: int | None = None) -> bool:
        """See `Clock.wait`."""
        while not ready():
            if until_ns is None:
                bell.listen(None)
                continue
            left_ns = until_ns - self.now_ns()
            if left_ns <= 0:
                return False
            bell.listen(left_ns / 1e9)
        return True

    @contextmanager
    def seat(self, name: str, rank: int = 0) -> Iterator[None]:
        """See `Clock.seat`; real time needs no list of who waits for it."""
        yield


class VirtualClock:
    """A clock that moves only when everybody waits, and then straight to the next moment anybody waits for.

    Threads that take part (`seat`) run one at a time, in a fixed order: by rank, then as announced. A run of
    many threads is so the same each time, to the nanosecond, and takes no real time. Without seats it is a
    plain number that `advance_to` sets.
    """

    def __init__(self, start_ns: int = 0) -> None:
        self._now_ns = start_ns
        self._lock = threading.Lock()
        self._seats: list[_Seat] = []
        self._holder: _Seat | None = None
        self._own = threading.local()
        self._dead = False

    def now_ns(self) -> int:
        """Return the time."""
        return self._now_ns

    def advance_to(self, t_ns: int) -> None:
        """Set the time, where no thread has a seat. It never goes back."""
        self._now_ns = max(self._now_ns, t_ns)

    def wait(self, bell: Doorbell, ready: Callable[[], bool], until_ns: int | None = None) -> bool:
        """See `Clock.wait`. `bell` has no part in it: this clock asks everybody's `ready` itself.

        Raises:
            RuntimeError: This thread has no seat, or all wait for something that cannot come any more.
        """
        if ready():
            return True
        if until_ns is not None and until_ns <= self._now_ns:
            return False
        seat: _Seat | None = getattr(self._own, "seat", None)
        if seat is None:
            raise RuntimeError(f"thread {threading.current_thread().name} has no seat at this clock")
        with self._lock:
            self._require_alive()
            seat.ready, seat.until_ns = ready, until_ns
            self._pass_on()
        self._take_turn(seat)
        return ready()

    def seat(self, name: str, rank: int = 0) -> AbstractContextManager[None]:
        """See `Clock.seat`."""
        seat = _Seat(name, rank)
        with self._lock:
            self._seats.append(seat)
            self._seats.sort(key=lambda other: other.rank)  # stable: equal ranks keep their order
            if self._holder is None:
                self._pass_on()
        return self._sit(seat)

    @contextmanager
    def _sit(self, seat: _Seat) -> Iterator[None]:
        self._own.seat = seat
        self._take_turn(seat)
        try:
            yield
        finally:
            self._own.seat = None
            with self._lock:
                self._seats.remove(seat)
                self._pass_on()

    def _take_turn(self, seat: _Seat) -> None:
        seat.turn.wait()
        seat.turn.clear()
        self._require_alive()

    def _require_alive(self) -> None:
        if self._dead:
            waiting = ", ".join(other.name for other in self._seats)
            raise RuntimeError(f"at {self._now_ns} ns all wait for what cannot come: {waiting}")

    def _pass_on(self) -> None:
        """Let the next one run: who is ready now, else whose moment comes first."""
        self._holder = None
        if self._dead or not self._seats:
            return
        chosen = next((s for s in self._seats if s.ready() or s.due(self._now_ns)), None)
        if chosen is None:
            moments = [s.until_ns for s in self._seats if s.until_ns is not None]
            if not moments:
                self._dead = True
                for seat in self._seats:
                    seat.turn.set()
                return
            self._now_ns = min(moments)
            chosen = next(s for s in self._seats if s.due(self._now_ns))
        self._holder = chosen
        chosen.ready, chosen.until_ns = _at_once, None
        chosen.turn.set()


def _at_once() -> bool:
    return True


@dataclass(eq=False)
class _Seat:
    """A thread at a virtual clock: what it waits for. A new one waits for its first turn."""

    name: str
    rank: int
    ready: Callable[[], bool] = _at_once
    until_ns: int | None = None
    turn: threading.Event = field(default_factory=threading.Event)

    def due(self, now_ns: int) -> bool:
        return self.until_ns is not None and self.until_ns <= now_ns
