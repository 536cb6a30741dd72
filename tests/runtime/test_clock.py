from __future__ import annotations

import threading
from contextlib import AbstractContextManager

import pytest

from vivant.runtime.clock import Doorbell, MonotonicClock, VirtualClock


def test_virtual_time_runs_threads_in_one_exact_order() -> None:
    clock, bell, seen = VirtualClock(), Doorbell(), list[tuple[int, str]]()

    def every(name: str, period_ns: int) -> threading.Thread:
        seat = clock.seat(name)

        def work() -> None:
            with seat:
                for step in range(1, 4):
                    clock.wait(bell, lambda: False, step * period_ns)
                    seen.append((clock.now_ns(), name))

        return threading.Thread(target=work)

    with clock.seat("main", rank=1):
        threads = [every("b", 10), every("a", 15)]
        for thread in threads:
            thread.start()
        clock.wait(bell, lambda: False, 30)
        seen.append((clock.now_ns(), "main"))
        clock.wait(bell, lambda: False, 1000)
    for thread in threads:
        thread.join()
    # at 30 both are due: b was announced first, and main has the higher rank
    assert seen == [(10, "b"), (15, "a"), (20, "b"), (30, "b"), (30, "a"), (30, "main"), (45, "a")]


def test_virtual_wait_ends_when_ready_and_time_stands_still() -> None:
    clock, bell, told = VirtualClock(5), Doorbell(), list[str]()

    def tell(seat: AbstractContextManager[None]) -> None:
        with seat:
            clock.wait(bell, lambda: False, 25)
            told.append("now")

    with clock.seat("listener"):
        thread = threading.Thread(target=tell, args=(clock.seat("teller"),))
        thread.start()
        assert clock.wait(bell, lambda: bool(told), 1000) is True
        assert clock.now_ns() == 25
        assert clock.wait(bell, lambda: False, 40) is False
        assert clock.now_ns() == 40
    thread.join()


def test_virtual_clock_refuses_to_wait_for_what_cannot_come() -> None:
    clock = VirtualClock()
    with clock.seat("lonely"), pytest.raises(RuntimeError, match="cannot come: lonely"):
        clock.wait(Doorbell(), lambda: False)


def test_virtual_clock_needs_a_seat_to_wait() -> None:
    with pytest.raises(RuntimeError, match="no seat"):
        VirtualClock().wait(Doorbell(), lambda: False, 10)


def test_virtual_time_never_goes_back() -> None:
    clock = VirtualClock(100)
    clock.advance_to(50)
    assert clock.now_ns() == 100


def test_monotonic_wait_is_woken_by_the_bell() -> None:
    clock, bell, told = MonotonicClock(), Doorbell(), list[str]()

    def tell() -> None:
        told.append("now")
        bell.ring()

    thread = threading.Thread(target=tell)
    with clock.seat("listener"):
        thread.start()
        assert clock.wait(bell, lambda: bool(told)) is True
    thread.join()


def test_monotonic_wait_returns_when_its_time_has_come() -> None:
    clock = MonotonicClock()
    until_ns = clock.now_ns() + 1_000_000
    assert clock.wait(Doorbell(), lambda: False, until_ns) is False
    assert clock.now_ns() >= until_ns
