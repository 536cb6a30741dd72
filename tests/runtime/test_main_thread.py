from __future__ import annotations

import threading

import pytest

from vivant.runtime.clock import Doorbell, MonotonicClock
from vivant.runtime.main_thread import GivenUp, MainThread


class OneListener(Doorbell):
    """A bell that says who listened at it: of two, one would miss what the other hears."""

    def __init__(self) -> None:
        super().__init__()
        self.listeners = set[int]()

    def listen(self, timeout_s: float | None) -> None:
        self.listeners.add(threading.get_ident())
        super().listen(timeout_s)


def test_a_call_is_made_on_the_main_thread_and_waited_for_at_a_bell_of_its_own() -> None:
    clock, bell = MonotonicClock(), OneListener()
    main = MainThread(clock, bell)
    made: list[int] = []
    errors: list[BaseException] = []

    def fail() -> None:
        raise ValueError("no")

    def caller() -> None:
        for _ in range(200):
            main.call(lambda: made.append(threading.get_ident()))
        try:
            main.call(fail)
        except ValueError as error:
            errors.append(error)

    thread = threading.Thread(target=caller)
    thread.start()
    for _ in range(201):
        assert clock.wait(bell, lambda: main.called, clock.now_ns() + 10_000_000_000)
        main.serve()
    thread.join(10)
    assert not thread.is_alive()
    assert made == [threading.get_ident()] * 200
    assert [str(error) for error in errors] == ["no"]
    assert bell.listeners <= {threading.get_ident()}


def test_who_waits_is_sent_away_when_no_calls_are_made_any_more() -> None:
    clock, bell = MonotonicClock(), Doorbell()
    main = MainThread(clock, bell)
    given_up: list[bool] = []

    def caller() -> None:
        with pytest.raises(GivenUp):
            main.call(lambda: None)
        given_up.append(True)

    thread = threading.Thread(target=caller)
    thread.start()
    clock.wait(bell, lambda: main.called)
    main.close()
    thread.join(10)
    assert given_up == [True]
