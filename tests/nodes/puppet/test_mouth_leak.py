"""What of a mouth is read amiss."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.puppet.mouth_leak import followed, mouth_leak

F64 = npt.NDArray[np.float64]
JAW, FUNNEL, SMILE, BROW = (INDEX[name] for name in ("jawOpen", "mouthFunnel", "mouthSmileLeft", "browInnerUp"))


def driver(count: int = 200) -> F64:
    scores = np.zeros((count, 52))
    for seed, score in enumerate((JAW, FUNNEL, SMILE, BROW)):
        scores[:, score] = np.random.default_rng(seed).uniform(0.1, 0.9, count)
    return scores


def test_what_looks_like_an_open_jaw_is_taken_off_it() -> None:
    wanted = driver()
    read = wanted.copy()
    read[:, JAW] = 0.1 + 0.9 * wanted[:, JAW] + 0.3 * wanted[:, FUNNEL]
    leak = mouth_leak(wanted, read)
    assert leak[FUNNEL, JAW] == pytest.approx(-0.7 * 0.3, abs=0.02)
    assert leak[JAW, JAW] == pytest.approx(0.7 * 0.1, abs=0.02)
    assert np.abs(np.delete(leak, JAW, axis=1)).max() < 1e-9
    left = read + (wanted - wanted.mean(axis=0)) @ leak  # were a score its weight
    assert np.std(left[:, JAW] - wanted[:, JAW]) < 0.4 * np.std(read[:, JAW] - wanted[:, JAW])


def test_eyes_and_brows_are_left_to_others() -> None:
    wanted = driver()
    read = wanted.copy()
    read[:, BROW] += 0.3 * wanted[:, JAW]
    read[:, JAW] += 0.3 * wanted[:, BROW]
    leak = mouth_leak(wanted, read)
    assert not leak[BROW].any() and not leak[:, BROW].any()


@pytest.mark.parametrize("count", [1, 11])
def test_of_few_moments_nothing_is_said(count: int) -> None:
    wanted = driver(count)
    assert not mouth_leak(wanted, 0.5 * wanted).any()


def test_of_a_mouth_that_rests_nothing_is_said() -> None:
    wanted = np.full((100, 52), 0.3)
    assert not mouth_leak(wanted, wanted + 0.1).any()
    assert followed(wanted, wanted) == 0


def test_how_well_a_driver_is_followed() -> None:
    wanted = driver()
    lot = np.random.default_rng(9)
    assert followed(wanted, 0.2 + 0.5 * wanted) == pytest.approx(1)
    assert followed(wanted, -wanted) == pytest.approx(-1)
    assert followed(wanted, np.zeros_like(wanted)) == 0
    near, far = (followed(wanted, wanted + lot.normal(0, noise, wanted.shape)) for noise in (0.1, 0.5))
    assert 0.8 < near < 1 and far < near
