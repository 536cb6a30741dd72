from __future__ import annotations

import numpy as np

from vivant.nodes.scene.sharp_depth import sharpened, steps


def test_a_narrow_ramp_becomes_a_step_and_a_slope_stays() -> None:
    row = np.concatenate([np.full(20, -0.2), np.linspace(-0.2, 0.2, 6)[1:-1], np.full(20, 0.2)]).astype(np.float32)
    z = sharpened(np.repeat(row[None], 20, 0), 0.1, 4)
    assert set(np.unique(np.round(z, 3))) == {np.float32(-0.2), np.float32(0.2)}
    slope = np.repeat(np.linspace(-0.2, 0.2, 80, dtype=np.float32)[None], 20, 0)
    assert np.array_equal(sharpened(slope, 0.1, 4), slope)


def test_steps_are_on_both_sides_and_at_corners() -> None:
    z = np.zeros((9, 9), np.float32)
    z[4:, 4:] = 1
    torn = steps(z, 0.5)
    assert torn[3, 3] and torn[4, 4] and torn[8, 3] and torn[3, 8]
    assert not torn[2, 2] and not torn[6, 6] and not torn[8, 1]
