from __future__ import annotations

import numpy as np

from vivant.nodes.face.one_euro import OneEuro


def test_trembling_is_calmed_and_a_step_is_followed() -> None:
    rng = np.random.default_rng(2)
    calm = OneEuro(1.0, 10.0)
    noise = rng.normal(scale=0.01, size=100)
    out = np.array([calm(np.array([value]), 0.04)[0] for value in noise])
    assert np.abs(np.diff(out[20:])).mean() < 0.5 * np.abs(np.diff(noise[20:])).mean()
    after = [calm(np.array([1.0]), 0.04)[0] for _ in range(3)]
    assert after[-1] > 0.9


def test_the_first_value_and_one_after_a_reset_pass() -> None:
    steady = OneEuro(0.1, 0.0)
    assert steady(np.array([3.0]), 0.0) == 3.0
    assert steady(np.array([5.0]), 0.04) < 4
    steady.reset()
    assert steady(np.array([5.0]), 0.04) == 5.0


def test_without_time_nothing_is_taken_in() -> None:
    steady = OneEuro(1.0, 0.0)
    steady(np.array([0.0]), 0.04)
    assert steady(np.array([9.0]), 0.0) == 0.0
