from __future__ import annotations

import threading

from vivant.runtime.clock import VirtualClock
from vivant.runtime.hand_over import HandOver
from vivant.runtime.patience import Patience

MS = 1_000_000


def test_it_lasts_while_the_run_goes_on_and_while_something_moves() -> None:
    clock, stop = VirtualClock(), threading.Event()
    patience = Patience(stop, clock.now_ns, 1000 * MS)
    assert not patience.over()
    clock.advance_to(5000 * MS)
    assert not patience.over()
    stop.set()
    assert not patience.over()  # counts from here
    clock.advance_to(5900 * MS)
    assert not patience.over()
    patience.moved()
    clock.advance_to(6500 * MS)
    assert not patience.over()
    clock.advance_to(7499 * MS)
    assert not patience.over()
    clock.advance_to(7500 * MS)
    assert patience.over()


def test_a_hand_over_is_closed_when_patience_is_over() -> None:
    stop = threading.Event()
    stop.set()
    now_ns = iter(range(0, 100_000 * MS, 600 * MS))
    between = HandOver[int](1, Patience(stop, lambda: next(now_ns), 1000 * MS))
    assert between.put(1)
    assert not between.put(2)  # nobody takes it
    assert list(between) == [1]
    assert not between.put(3)
