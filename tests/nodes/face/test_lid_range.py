from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivant.nodes.face.lid_range import LEAST_CLOSED, MOST_OPEN, USUAL_CLOSED, Lid, LidRange

DT = 1 / 30


def watched(open_: float, closed: float, seconds: float = 60, frames: int = 5, looks_down: float = 0.0) -> Lid:
    """Return what is learned of a lid that blinks every 3 s; as trackers do, closing is read as a look down, too."""
    lids = LidRange()
    rng = np.random.default_rng(0)
    for frame in range(int(seconds / DT)):
        within = frame % 90
        share = np.sin(np.pi * (within + 1) / (frames + 1)) if within < frames else 0.0
        read = open_ + (closed - open_) * share + rng.normal(0, 0.01)
        lids.learn(float(np.clip(read, 0, 1)), 0.8 if within < frames else looks_down, DT)
    return lids.lid


@pytest.mark.parametrize(("open_", "closed"), [(0.05, 0.6), (0.15, 0.8), (0.02, 0.97)])
def test_it_finds_how_far_a_lid_goes(open_: float, closed: float) -> None:
    lid = watched(open_, closed)
    assert lid(open_) < 0.08
    assert lid(closed) > 0.93


def test_eyes_that_look_down_or_stay_shut_teach_nothing_about_closing() -> None:
    assert watched(0.05, 0.9, looks_down=0.8).closed == USUAL_CLOSED
    assert watched(0.05, 0.9, frames=40).closed == USUAL_CLOSED


def test_one_who_is_not_known_can_close_the_eyes_from_the_start_and_soon_open_them() -> None:
    lids = LidRange()
    assert lids.lid(0.6) > 0.9
    for _ in range(30):
        lids.learn(0.17, 0.0, DT)  # narrow eyes, wide open
    assert lids.lid(0.17) < 0.1
    lids.learn(0.6, 0.5, DT)
    assert lids.lid(0.6) > 0.85


def test_eyes_half_shut_for_a_moment_still_look_half_shut() -> None:
    lids = LidRange(Lid(0.05, 0.7))
    for _ in range(60):
        lids.learn(0.4, 0.0, DT)
    assert lids.lid(0.4) > 0.4


def test_a_lid_is_0_when_open_and_1_when_closed() -> None:
    lid = Lid(0.1, 0.6)
    assert [lid(read) for read in (0.0, 0.1, 0.35, 0.6, 0.9)] == [0, 0, pytest.approx(0.5), 1, 1]


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 2)), max_size=80))
def test_whatever_comes_the_range_stays_within_its_bounds(frames: list[tuple[float, float, float]]) -> None:
    lids = LidRange()
    for read, down, dt_s in frames:
        lids.learn(read, down, dt_s)
        assert 0 <= lids.lid.open <= MOST_OPEN < LEAST_CLOSED <= lids.lid.closed <= 1
        assert 0 <= lids.lid(read) <= 1
