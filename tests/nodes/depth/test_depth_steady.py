from __future__ import annotations

import numpy as np
import pytest

from vivant.nodes.depth.depth_steady import DepthSteady, scale_and_shift

RNG = np.random.default_rng(0)
ROOM = np.outer(np.linspace(0.5, 1, 120), np.linspace(1, 4, 160)).astype(np.float32)


@pytest.mark.parametrize(("scale", "shift"), [(1, 0), (2.5, -3), (0.4, 10)])
def test_a_map_is_laid_onto_another_though_a_third_has_moved(scale: float, shift: float) -> None:
    other = ((ROOM - shift) / scale).astype(np.float32)
    other[20:100, 30:95] += np.float32(3 / scale)
    fit = scale_and_shift(other + RNG.normal(0, 0.02 / scale, ROOM.shape).astype(np.float32), ROOM)
    assert fit == pytest.approx((scale, shift), rel=0.01, abs=0.02)


def test_maps_without_anything_in_common_do_not_fit() -> None:
    assert scale_and_shift(ROOM[::-1, ::-1].copy(), ROOM) is None  # near and far exchanged
    assert scale_and_shift(ROOM * 10, ROOM) is None
    assert scale_and_shift(np.full_like(ROOM, 7), ROOM) == pytest.approx((1, np.median(ROOM) - 7), abs=0.02)


def test_noise_is_averaged_and_motion_is_not() -> None:
    steady = DepthSteady()
    steady.take(ROOM, 0.75)
    moved = ROOM + RNG.normal(0, 0.01, ROOM.shape).astype(np.float32)
    moved[40:80, 60:100] += 1
    shown, begins = steady.take(moved, 0.75)
    assert not begins
    np.testing.assert_allclose(shown[45:75, 65:95], moved[45:75, 65:95], atol=0.02)
    still = np.s_[:30, :]
    assert np.std((shown - ROOM)[still]) < 0.45 * np.std((moved - ROOM)[still])


def test_a_slow_change_is_followed() -> None:
    """What comes nearer by less than the noise at each map is not left behind."""
    steady, worst = DepthSteady(), 0.0
    for step in range(60):
        now = ROOM + RNG.normal(0, 0.02, ROOM.shape).astype(np.float32)
        now[40:80, 60:100] += 0.01 * step
        shown, _ = steady.take(now, 0.75)
        worst = max(worst, float((now - shown)[45:75, 65:95].mean()))
    assert worst < 0.05


def test_thousands_of_maps_neither_drift_nor_fade() -> None:
    steady = DepthSteady()
    small = ROOM[::4, ::4].copy()
    shown, begins = steady.take(small, 0.75)
    for _ in range(2000):
        shown, begins = steady.take(small + RNG.normal(0, 0.3, small.shape).astype(np.float32), 0.75)
    assert not begins
    assert np.ptp(shown) == pytest.approx(np.ptp(small), rel=0.25)


def test_another_size_and_forgetting_begin_anew() -> None:
    steady = DepthSteady()
    assert steady.take(ROOM, 0.5)[1]
    assert steady.take(ROOM[::2], 0.5)[1]
    steady.forget()
    assert steady.take(ROOM[::2], 0.5)[1]
