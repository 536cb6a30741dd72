from __future__ import annotations

from vivant.runtime.upkeep import State, Upkeep

S = 1_000_000_000


def test_pauses_double_from_half_a_second_to_eight() -> None:
    upkeep, now_ns, pauses = Upkeep(), 0, []
    for _ in range(7):
        upkeep.failed(OSError("gone"), now_ns)
        pauses.append((upkeep.retry_at_ns - now_ns) / S)
        assert not upkeep.may_run(upkeep.retry_at_ns - 1)
        assert upkeep.may_run(upkeep.retry_at_ns)
        now_ns = upkeep.retry_at_ns
    assert pauses == [0.5, 1, 2, 4, 8, 8, 8]


def test_success_starts_over() -> None:
    upkeep = Upkeep()
    upkeep.failed(OSError(), 0)
    upkeep.failed(OSError(), S)
    upkeep.succeeded()
    assert upkeep.state is State.RUNNING
    upkeep.failed(OSError(), 10 * S)
    assert upkeep.retry_at_ns == 10 * S + S // 2


def test_each_fault_is_new_once() -> None:
    upkeep = Upkeep()
    assert [upkeep.failed(OSError(text), 0) for text in ("a", "a", "b", "a")] == [True, False, True, False]
    assert upkeep.repeated() == (("OSError: a", 3),)


def test_failed_for_good_never_runs_again() -> None:
    upkeep = Upkeep()
    upkeep.failed(OSError(), 0, for_good=True)
    assert (upkeep.state, upkeep.may_run(100 * S)) == (State.FAILED, False)
