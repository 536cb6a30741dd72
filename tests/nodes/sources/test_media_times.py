from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from vivant.nodes.sources.media_times import MediaTimes

MS = 1_000_000


def times(*stamps: int | None, start: int | None = None) -> list[int]:
    """Read stamps in milliseconds, 40 apart by the file's word; return milliseconds."""
    media = MediaTimes(start, Fraction(1, 1000), 40 * MS)
    return [media.next_ns(stamp) // MS for stamp in stamps]


def test_sound_stamps_are_taken_as_they_are_and_start_at_0() -> None:
    assert times(1000, 1040, 1055, 1200) == [0, 40, 55, 200]


def test_start_says_where_0_is() -> None:
    assert times(1500, 1540, start=1000) == [500, 540]


def test_missing_stamps_follow_at_the_nominal_distance() -> None:
    assert times(None, None, None) == [0, 40, 80]
    assert times(0, None, 80, None, 160) == [0, 40, 80, 120, 160]


def test_a_first_stamp_after_frames_without_one_does_not_jump() -> None:
    assert times(None, None, 7080, 7120) == [0, 40, 80, 120]


def test_one_wrong_stamp_does_not_shift_those_after_it() -> None:
    assert times(0, 40, 20, 120, 160) == [0, 40, 80, 120, 160]


def test_joined_streams_go_on() -> None:
    assert times(0, 40, 80, 0, 40, 80) == [0, 40, 80, 120, 160, 200]


def test_stamps_of_a_third_of_a_second_do_not_drift() -> None:
    media = MediaTimes(0, Fraction(1, 3), 10)
    assert [media.next_ns(i) for i in (0, 1, 2, 3, 3000)] == [
        0,
        333_333_333,
        666_666_667,
        1_000_000_000,
        1_000_000_000_000,
    ]


@given(st.lists(st.none() | st.integers(-(10**6), 10**6), min_size=2, max_size=50))
def test_times_always_increase(stamps: list[int | None]) -> None:
    media = MediaTimes(None, Fraction(1, 90_000), 40 * MS)
    read = [media.next_ns(stamp) for stamp in stamps]
    assert all(a < b for a, b in pairwise(read))
