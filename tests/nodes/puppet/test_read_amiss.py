"""What is read amiss of a puppet."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.puppet.read_amiss import eyes_missed, followed, mouth_leak
from vivant.nodes.puppet.response_fit import READ, log_odds

F64 = npt.NDArray[np.float64]
NUMBERS = np.array([INDEX[name] for name in READ], np.int32)
SQUINT = INDEX["eyeSquintLeft"]
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


def test_what_eyes_and_brows_still_miss_is_put_down_to_what_moved_with_it() -> None:
    wanted = driver()
    wanted[:, SQUINT] = 0.3
    odds = log_odds(wanted[:, NUMBERS])
    at = list(NUMBERS).index(SQUINT)
    odds[:, at] += 2 * wanted[:, BROW] - 1 * wanted[:, SMILE]  # a brow that rises looks squinted
    odds[:, list(NUMBERS).index(JAW)] += 3 * wanted[:, BROW]
    read = wanted.copy()
    read[:, NUMBERS] = 1 / (1 + np.exp(-odds))
    found = eyes_missed(wanted, read, NUMBERS)
    assert found.shape == (52, len(NUMBERS))
    assert found[BROW, at] == pytest.approx(-0.7 * 2, abs=0.1)
    assert found[SMILE, at] == pytest.approx(0.7 * 1, abs=0.1)
    assert np.abs(np.delete(found, at, axis=1)).max() < 0.05  # the jaw's too


@pytest.mark.parametrize("count", [1, 11])
def test_of_few_moments_nothing_is_said(count: int) -> None:
    wanted = driver(count)
    assert not mouth_leak(wanted, 0.5 * wanted).any() and not eyes_missed(wanted, 0.5 * wanted, NUMBERS).any()


def test_of_a_face_that_rests_nothing_is_said() -> None:
    wanted = np.full((100, 52), 0.3)
    assert not mouth_leak(wanted, wanted + 0.1).any() and not eyes_missed(wanted, wanted + 0.1, NUMBERS).any()
    assert followed(wanted, wanted) == 0


def test_how_well_a_driver_is_followed() -> None:
    wanted = driver()
    lot = np.random.default_rng(9)
    assert followed(wanted, 0.2 + 0.5 * wanted) == pytest.approx(1)
    assert followed(wanted, -wanted) == pytest.approx(-1)
    assert followed(wanted, np.zeros_like(wanted)) == 0
    near, far = (followed(wanted, wanted + lot.normal(0, noise, wanted.shape)) for noise in (0.1, 0.5))
    assert 0.8 < near < 1 and far < near
