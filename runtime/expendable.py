"""A thread for calls that may never come back: it can be left behind."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from vivant.graph.errors import VivantError
from vivant.runtime.calls import Blocked, Call
from vivant.runtime.clock import Clock, Doorbell

T = TypeVar("T")

MOST_LEFT = 4
"""So many calls into one device may hang: each costs a thread for ever."""
GRACE_NS = 400_000_000
"""How long a call is still waited for when the run is to end: a camera at 5 Hz comes back in half of it."""


class Expendable:
    """Makes one call after the other on a thread of its own, and goes on without it when a call blocks.

    Calls into devices cannot be cut off: a thread that waits in a driver stays there. So it is left behind, and
    the next call gets a new thread. These are Vivant's only daemon threads; a process that has left one behind
    must not be wound up as usual, see `leaving`. Should the call come back later, its thread makes up for what
    was left undone and ends.

    One thread at a time may call it; `hurry` may come from any.

    Attributes:
        left: How many calls are still out that nobody waits for.
    """

    def __init__(self, name: str, clock: Clock, limits_ns: Mapping[Call, int | None]) -> None:
        """Prepare; a thread is started by the first call.

        Args:
            name: Of the node that is called.
            clock: All waiting goes through it.
            limits_ns: How long each method may take; None or absent: until `hurry`.
        """
        self._name = name
        self._clock = clock
        self._limits_ns = limits_ns
        self._bell = Doorbell()
        self._lock = threading.Lock()
        self._desk: _Desk | None = None
        self._hurried = False
        self._left = 0

    @property
    def left(self) -> int:
        """How many calls are still out that nobody waits for."""
        return self._left

    def __call__(self, call: Call, work: Callable[[], T], if_late: Callable[[BaseException | None], None]) -> T:
        """See `Caller`.

        Raises:
            VivantError: Too many calls hang already.
        """
        if self._left >= MOST_LEFT:
            raise VivantError(
                f"{self._left} calls into the device hang: it is left alone until one of them comes back",
                where=f"node {self._name}",
                remedy="plug the device in again; if that does not help, start the program, or the computer, anew",
            )
        if self._desk is None:
            self._desk = _Desk(self._clock)
            seat = self._clock.seat(f"{self._name} (device)")
            self._desk.thread = threading.Thread(
                target=self._main, args=(self._desk, seat), name=f"vivant {self._name} device", daemon=True
            )
            self._desk.thread.start()
        job = _Job(call, work, if_late)
        self._desk.give(job)
        begin_ns = self._clock.now_ns()
        limit_ns = self._limits_ns.get(call)
        until_ns = None if limit_ns is None else begin_ns + limit_ns
        done = self._clock.wait(self._bell, lambda: job.done or self._hurried, until_ns)
        if done and not job.done:
            grace_ns = self._clock.now_ns() + GRACE_NS
            until_ns = grace_ns if until_ns is None else min(until_ns, grace_ns)
            self._clock.wait(self._bell, lambda: job.done, until_ns)
        with self._lock:
            if not job.done:
                job.late = True
                self._left += 1
                self._desk.dismiss()
                self._desk = None
                raise Blocked(call, self._clock.now_ns() - begin_ns)
        if call is Call.CLOSE:
            self.dismiss()  # the node is not called any more; another one may never be
        if job.error is not None:
            raise job.error
        return cast("T", job.result)

    def hurry(self) -> None:
        """Say that the run is to end: a call that is out, and every later one, has `GRACE_NS` to come back."""
        self._hurried = True
        self._bell.ring()

    def dismiss(self) -> None:
        """End the thread that waits for work, if there is one. Called when no call is out any more."""
        desk, self._desk = self._desk, None
        if desk is not None and desk.thread is not None:
            desk.dismiss()
            if self._clock.wait(self._bell, lambda: desk.ended, self._clock.now_ns() + GRACE_NS):
                desk.thread.join()

    def _main(self, desk: _Desk, seat: Any) -> None:
        with seat:
            while (job := desk.take()) is not None:
                try:
                    job.result = job.work()
                except BaseException as error:
                    job.error = error
                with self._lock:
                    job.done = True
                    late = job.late
                self._bell.ring()
                if late:
                    self._make_up_for(job)
            desk.ended = True
            self._bell.ring()

    def _make_up_for(self, job: _Job) -> None:
        try:
            job.if_late(job.error)
        except BaseException as error:
            logging.getLogger("vivant").warning("%s failed in what it did too late: %s", self._name, error)
        with self._lock:
            self._left -= 1


class _Desk:
    """Where one thread gets its calls."""

    def __init__(self, clock: Clock) -> None:
        self.thread: threading.Thread | None = None
        self.ended = False
        self._clock = clock
        self._bell = Doorbell()
        self._job: _Job | None = None
        self._dismissed = False

    def give(self, job: _Job) -> None:
        self._job = job
        self._bell.ring()

    def dismiss(self) -> None:
        self._dismissed = True
        self._bell.ring()

    def take(self) -> _Job | None:
        self._clock.wait(self._bell, lambda: self._job is not None or self._dismissed)
        job, self._job = self._job, None
        return job


@dataclass
class _Job:
    call: Call
    work: Callable[[], Any]
    if_late: Callable[[BaseException | None], None]
    done: bool = False
    late: bool = False
    result: Any = None
    error: BaseException | None = None
