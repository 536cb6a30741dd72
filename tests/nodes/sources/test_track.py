from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivant.nodes.sources.track import Track

KEYS = st.lists(
    st.tuples(st.integers(0, 1000), st.floats(0, 1, allow_nan=False)),
    min_size=1,
    max_size=12,
    unique_by=lambda key: key[0],
)


def test_keys_are_met_and_held_outside() -> None:
    track = Track([1, 2, 4], [0.2, 0.9, 0.1])
    assert [track(t) for t in (-5, 0.5, 1, 2, 4, 9)] == [0.2, 0.2, 0.2, 0.9, 0.1, 0.1]


def test_one_key_is_a_constant() -> None:
    assert [Track([3], [0.4])(t) for t in (0, 3, 5)] == [0.4, 0.4, 0.4]


def test_ends_are_at_rest_and_the_middle_moves() -> None:
    track = Track([0, 1], [0, 1])
    assert track(0.5) == pytest.approx(0.5)
    assert track(0.01) < 0.001
    assert 1 - track(0.99) < 0.001


def test_a_rising_run_keeps_moving_through_its_keys() -> None:
    """It would stop at every key if slopes were all 0."""
    track = Track([0, 1, 2, 3], [0, 1, 2, 3])
    assert (track(1.51) - track(1.49)) / 0.02 == pytest.approx(1, abs=0.02)
    assert (track(2.01) - track(1.99)) / 0.02 > 0.9


def test_slope_is_continuous_at_a_key_between_unlike_spans() -> None:
    track = Track([0, 0.1, 2.0, 2.2], [0, 0.2, 0.9, 1.0])
    for key in (0.1, 2.0):
        before = (track(key) - track(key - 1e-6)) / 1e-6
        after = (track(key + 1e-6) - track(key)) / 1e-6
        assert before == pytest.approx(after, abs=1e-3)
        assert before > 0


@given(KEYS)
def test_never_leaves_the_range_of_its_two_keys(keys: list[tuple[int, float]]) -> None:
    keys.sort()
    times = [time / 100 for time, _ in keys]
    values = [value for _, value in keys]
    track = Track(times, values)
    for i in range(len(keys) - 1):
        seen = [track(t) for t in np.linspace(times[i], times[i + 1], 21)]
        low, high = sorted((values[i], values[i + 1]))
        assert all(low <= value <= high for value in seen)
        steps = np.diff(seen)
        assert (steps >= -1e-12).all() or (steps <= 1e-12).all()


@pytest.mark.parametrize(("times", "values"), [([], []), ([0, 0], [1, 1]), ([1, 0], [0, 1]), ([0, 1], [0])])
def test_bad_keys_are_refused(times: list[float], values: list[float]) -> None:
    with pytest.raises(ValueError):
        Track(times, values)
