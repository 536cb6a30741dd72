from __future__ import annotations

import numpy as np

from vivant.nodes.face.brow_shape import brows_kept
from vivant.nodes.face.details import BROW_ROWS, COUNT

UPPER, LOWER = BROW_ROWS[:5], BROW_ROWS[5:10]


def test_a_brow_that_is_shifted_and_tilted_goes_as_asked() -> None:
    moved = np.zeros((COUNT, 2))
    moved[UPPER, 1] = moved[LOWER, 1] = -0.05 + 0.02 * np.linspace(-1, 1, 5)
    moved[UPPER, 0] = moved[LOWER, 0] = 0.03
    np.testing.assert_allclose(brows_kept(moved), moved, atol=1e-12)


def test_a_brow_keeps_its_thickness_and_most_of_its_arch() -> None:
    lot = np.random.default_rng(2)
    moved = lot.standard_normal((3, COUNT, 2))
    kept = brows_kept(moved)
    for side in BROW_ROWS.reshape(2, 2, 5):
        np.testing.assert_allclose(kept[:, side[0]], kept[:, side[1]], atol=1e-12)
        both = moved[:, side].mean(axis=1)
        np.testing.assert_allclose(kept[:, side[0]].mean(axis=1), both.mean(axis=1), atol=1e-12)
    arch = np.zeros((COUNT, 2))
    arch[UPPER, 1] = arch[LOWER, 1] = (-0.04, -0.05, -0.06, -0.05, -0.04)  # lowered most where it is highest

    def bend(y: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
        return float(abs(y[2] - 0.5 * (y[0] + y[4])))

    assert bend(brows_kept(arch)[UPPER, 1]) < 0.35 * bend(arch[UPPER, 1])


def test_what_is_no_brow_stays() -> None:
    moved = np.random.default_rng(3).standard_normal((COUNT, 2))
    others = np.setdiff1d(np.arange(COUNT), BROW_ROWS)
    np.testing.assert_array_equal(brows_kept(moved)[others], moved[others])
