from __future__ import annotations

import pytest

from vivant.runtime import presented as module
from vivant.runtime.presented import Presented

MS = 1_000_000


def test_a_repeated_frame_is_a_frame_but_no_new_one() -> None:
    presented = Presented()
    fresh = [presented.frame(t * MS, captured * MS, seq, ages=True) for t, captured, seq in
             ((100, 80, 0), (116, 80, 0), (133, 113, 1), (150, 113, 1))]  # fmt: skip
    assert fresh == [True, False, True, False]
    assert (presented.frames, presented.fresh) == (4, 2)
    assert presented.latency.milliseconds() == [20.0, 20.0]
    assert (presented.first_ns, presented.last_ns) == (100 * MS, 150 * MS)


def test_what_has_no_capture_time_has_no_latency() -> None:
    presented = Presented()
    assert not presented.frame(5, 0, 3, ages=False)
    assert not presented.frame(6, 0, -1, ages=True)
    assert (presented.frames, presented.fresh) == (2, 0)


def test_the_log_has_every_new_frame_in_columns() -> None:
    presented = Presented()
    presented.frame(1000 * MS, 970 * MS, 7, ages=True)
    presented.frame(1033 * MS, 1000 * MS, 8, ages=True)
    values = presented.as_json()
    assert (values["at_s"], values["seq"], values["latency_ms"]) == ([0.0, 0.033], [7, 8], [30.0, 33.0])


def test_memory_is_looked_at_once_per_second(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = iter(range(100, 200))
    monkeypatch.setattr(module, "current_rss_mb", lambda: float(next(sizes)))
    presented = Presented()
    for step in range(121):
        presented.frame(step * 1_000_000_000 // 60, 0, step, ages=False)
    assert presented.as_json()["memory_mb"] == [100.0, 101.0, 102.0]


def test_recent_rate_forgets_what_is_long_ago() -> None:
    presented = Presented()
    presented.frame(0, 0, 0, ages=False)
    for step in range(61):
        presented.frame(60_000 * MS + step * 20 * MS, 0, 0, ages=False)
    assert presented.recent_fps(61_200 * MS) == pytest.approx(50.0)
    assert presented.recent_fps(90_000 * MS) == 0.0
