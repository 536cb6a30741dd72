from __future__ import annotations

import signal

import pytest

from vivant.runtime.interrupt import stop_on_interrupt


def test_the_first_ctrl_c_asks_and_the_second_unwinds() -> None:
    said: list[str] = []
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), stop_on_interrupt(said.append) as stop:
        assert not stop.is_set()
        signal.raise_signal(signal.SIGINT)
        assert stop.is_set()
        assert len(said) == 1
        signal.raise_signal(signal.SIGINT)
        pytest.fail("the second Ctrl-C must not come back")
    assert len(said) == 1
    assert signal.getsignal(signal.SIGINT) is before


def test_a_terminated_process_finishes_its_files_too() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with stop_on_interrupt(lambda text: None) as stop:
        signal.raise_signal(signal.SIGTERM)
        assert stop.is_set()
    assert signal.getsignal(signal.SIGTERM) is before
