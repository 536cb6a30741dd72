from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.puppet.idle_life import BLINK_S, IdleLife

F64 = npt.NDArray[np.float64]


def lived(seconds: float, rate_hz: float, seed: int = 0) -> tuple[F64, F64, F64, F64]:
    """Return closure ``(n,)``, gaze ``(n, 2)``, turn ``(n, 3)`` and rise ``(n,)``."""
    life = IdleLife(seed)
    moments = [life.at(frame / rate_hz) for frame in range(int(seconds * rate_hz))]
    return (
        np.array([m.closure for m in moments]),
        np.array([m.gaze for m in moments]),
        np.array([m.turn for m in moments]),
        np.array([m.rise for m in moments]),
    )


def blinks(closure: F64) -> F64:
    """Return first and last frame of each blink."""
    shut = np.concatenate([[0], closure > 0, [0]])
    return np.stack([np.flatnonzero(np.diff(shut) == 1), np.flatnonzero(np.diff(shut) == -1)], axis=1)


def test_blinks_come_17_times_a_minute_and_last_150_ms() -> None:
    found = blinks(lived(1800, 200)[0])
    assert 15 < len(found) / 30 < 19
    lengths = (found[:, 1] - found[:, 0]) / 200
    assert np.abs(lengths - BLINK_S).max() < 0.012 and pytest.approx(0.15) == BLINK_S
    pauses = np.diff(found[:, 0]) / 200
    assert pauses.min() > 0.7 and pauses.std() > 1.0  # no metronome


def test_a_display_of_30_hz_sees_every_blink_nearly_shut() -> None:
    closure = lived(300, 30)[0]
    heights = [closure[a:b].max() for a, b in blinks(closure)]
    assert min(heights) > 0.75


def test_glances_are_quick_small_and_often_at_the_viewer() -> None:
    gaze = np.degrees(lived(300, 100)[1])
    assert np.abs(gaze[:, 0]).max() <= 5 and np.abs(gaze[:, 1]).max() <= 2.5
    still = (np.diff(gaze, axis=0) == 0).all(axis=1)
    assert still.mean() > 0.9  # between two saccades the eyes rest
    jumps = np.flatnonzero(np.diff(np.concatenate([[1], still])) == -1)
    assert 300 / 3.2 / 2 < len(jumps) < 300 / 0.7
    assert (gaze == 0).all(axis=1).mean() > 0.25


def test_head_and_breath_move_slowly_and_all_the_time() -> None:
    _, _, turn, rise = lived(120, 60)
    assert 0.5 < np.degrees(np.ptp(turn[:, 1])) < 3
    assert np.degrees(np.abs(np.diff(turn, axis=0))).max() * 60 < 2  # degrees per second
    assert (np.abs(np.diff(turn, axis=0)).sum(axis=1) > 0).all()
    assert rise.min() >= 0 and 0.003 < rise.max() < 0.01
    assert 26 <= (np.diff(np.sign(np.diff(rise))) < 0).sum() <= 31  # 14 to 15 breaths a minute


def test_the_same_seed_lives_the_same_life_at_every_rate() -> None:
    for a, b in zip(lived(60, 60), lived(60, 60), strict=True):
        np.testing.assert_array_equal(a, b)
    for fast, slow in zip(lived(60, 60), lived(60, 30), strict=True):
        np.testing.assert_allclose(fast[::2], slow, atol=1e-12)
    assert (lived(60, 60)[0] != lived(60, 60, seed=1)[0]).any()


def test_asleep_it_breathes_slower_and_deeper_and_the_head_lies_still() -> None:
    life = IdleLife(0)
    moments = [life.at(frame / 60, 1.0) for frame in range(120 * 60)]
    rise, yaw = np.array([m.rise for m in moments]), np.array([m.turn[1] for m in moments])
    assert 21 <= (np.diff(np.sign(np.diff(rise))) < 0).sum() <= 23  # 11 breaths a minute
    assert rise.max() > 1.5 * lived(120, 60)[3].max()
    assert np.ptp(yaw) < 0.3 * np.ptp(lived(120, 60)[2][:, 1])


def test_after_a_long_time_nothing_is_caught_up() -> None:
    life = IdleLife(0)
    life.at(0)
    assert 0 <= life.at(36_000.0).closure <= 1
