from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivant.nodes.puppet.presence import DriverPresence, Presence

MS = 1_000_000
TIMES = (1000 * MS, 1500 * MS, 400 * MS)


class Follower:
    """Steps at 60 Hz; a face is captured every 40 ms and seen 60 ms later."""

    def __init__(self) -> None:
        self.driver = DriverPresence()
        self.log: list[tuple[int, Presence]] = []

    def run(self, from_ms: int, to_ms: int, faces: bool, newest_ms: int | None = None) -> int | None:
        """Run to a moment; `faces`: some are captured; else the newest one stays what it was."""
        for now_ms in range(from_ms, to_ms, 20):
            captured_ms = (now_ms - 60) // 40 * 40
            if faces and captured_ms >= from_ms:
                newest_ms = captured_ms
            seen_ns = None if newest_ms is None else newest_ms * MS
            self.driver.step(now_ms * MS, seen_ns, *TIMES)
            if not self.log or self.log[-1][1] is not self.driver.presence:
                self.log.append((now_ms, self.driver.presence))
        return newest_ms


def test_a_lost_camera_is_left_by_the_age_of_its_last_frame_and_found_again() -> None:
    follower = Follower()
    newest = follower.run(0, 2000, True)
    follower.run(2000, 6000, False, newest)
    follower.run(6000, 8000, True, newest)
    assert follower.log == [
        (0, Presence.RESTING),
        (140, Presence.RETURNING),  # it has rested for a while: what it shows is faded from
        (400, Presence.FOLLOWING),
        (2940, Presence.SETTLING),  # the last face was captured at 1920
        (6140, Presence.RETURNING),  # it was seen three times, from 6000 to 6080
        (6400, Presence.FOLLOWING),  # 400 ms after the capture of the first
    ]


def test_frames_without_a_face_are_the_same() -> None:
    follower = Follower()
    follower.run(0, 2000, True)
    follower.run(2000, 2800, False, None)
    follower.run(2800, 3400, True)
    follower.run(3400, 5400, False, None)
    assert [state for _, state in follower.log] == [
        Presence.RESTING,
        Presence.RETURNING,
        Presence.FOLLOWING,
        Presence.HOLDING,
        Presence.RETURNING,
        Presence.FOLLOWING,
        Presence.HOLDING,
        Presence.SETTLING,
    ]


def test_progress_runs_from_0_to_1_with_each_change() -> None:
    driver = DriverPresence()
    driver.step(0, 0, *TIMES)
    assert (driver.presence, driver.progress) == (Presence.FOLLOWING, 1)
    assert driver.step(1001 * MS, 0, *TIMES)
    assert driver.progress == 0
    assert not driver.step(1751 * MS, None, *TIMES)
    assert driver.progress == 0.5
    driver.step(9000 * MS, None, *TIMES)
    assert (driver.presence, driver.progress) == (Presence.SETTLING, 1)
    assert not driver.step(9040 * MS, 8940 * MS, *TIMES)
    assert driver.step(9100 * MS, 9000 * MS, *TIMES)
    assert (driver.presence, driver.progress) == (Presence.RETURNING, 0)
    driver.step(9220 * MS, 9000 * MS, *TIMES)  # it lasts until 400 ms after 8940
    assert driver.progress == 0.5
    driver.step(9400 * MS, 9000 * MS, *TIMES)
    assert (driver.presence, driver.progress) == (Presence.FOLLOWING, 1)


def test_settling_anew_begins_where_nobody_is_and_nowhere_else() -> None:
    driver = DriverPresence()
    driver.step(0, None, *TIMES)
    driver.again(100 * MS, 1000 * MS)
    assert (driver.presence, driver.progress) == (Presence.SETTLING, 0)
    driver.step(600 * MS, None, *TIMES)
    assert driver.progress == 0.5
    driver.step(640 * MS, 590 * MS, *TIMES)
    assert driver.step(700 * MS, 650 * MS, *TIMES)
    driver.again(710 * MS, 1000 * MS)
    assert driver.presence is Presence.RETURNING


def test_a_face_seen_later_than_the_fade_is_followed_at_once() -> None:
    driver = DriverPresence()
    driver.step(0, 0, *TIMES)
    driver.step(5000 * MS, 0, *TIMES)
    driver.step(5990 * MS, 5440 * MS, *TIMES)
    driver.step(6000 * MS, 5500 * MS, *TIMES)
    assert (driver.presence, driver.progress) == (Presence.RETURNING, 1)
    driver.step(6001 * MS, 5500 * MS, *TIMES)
    assert driver.presence is Presence.FOLLOWING


@pytest.mark.parametrize("away_ms", [500, 4000], ids=["held", "settled"])
def test_a_face_seen_for_a_frame_or_two_is_no_face(away_ms: int) -> None:
    driver = DriverPresence()
    for now_ms in range(0, 1000 + away_ms + 400, 33):
        ghost = 1000 + away_ms <= now_ms < 1000 + away_ms + 66
        driver.step(now_ms * MS, now_ms * MS if now_ms < 1000 or ghost else None, *TIMES)
        if now_ms > 1040:
            assert driver.presence in (Presence.HOLDING, Presence.SETTLING)


def test_a_short_loss_is_faded_over_as_long_as_it_lasted() -> None:
    driver = DriverPresence()
    log = {}
    for now_ms in range(0, 2000, 20):
        driver.step(now_ms * MS, None if 1000 <= now_ms < 1100 or 1300 <= now_ms < 1500 else now_ms * MS, *TIMES)
        log[now_ms] = driver.presence
    assert log[1080] is Presence.HOLDING and log[1100] is Presence.FOLLOWING  # it cannot be far
    assert [log[ms] for ms in (1540, 1560, 1700, 1720)] == [
        Presence.HOLDING,
        Presence.RETURNING,
        Presence.RETURNING,
        Presence.FOLLOWING,
    ]


def test_after_a_pause_of_the_camera_it_is_faded_too() -> None:
    driver = DriverPresence()
    driver.step(0, 0, *TIMES)
    assert not driver.step(200 * MS, 200 * MS, *TIMES)  # slow is no pause
    assert not driver.step(800 * MS, 200 * MS, *TIMES)
    assert driver.step(820 * MS, 820 * MS, *TIMES)
    assert (driver.presence, driver.progress) == (Presence.RETURNING, 0)


def test_lost_again_while_it_returns() -> None:
    driver = DriverPresence()
    driver.step(0, 0, *TIMES)
    driver.step(5000 * MS, 0, *TIMES)
    states = []
    driver.step(5940 * MS, 5940 * MS, *TIMES)
    for now_ms, seen_ns in ((6000, 6000 * MS), (6200, None), (6500, None)):
        driver.step(now_ms * MS, seen_ns, *TIMES)
        states.append(driver.presence)
    assert states == [Presence.RETURNING, Presence.RETURNING, Presence.HOLDING]
    assert driver.step(7100 * MS, None, *TIMES)


@given(st.lists(st.tuples(st.integers(1, 3000), st.integers(-1, 500)), max_size=40))
def test_progress_is_a_share_whatever_happens(steps: list[tuple[int, int]]) -> None:
    driver, now_ms = DriverPresence(), 0
    for wait_ms, age_ms in steps:
        now_ms += wait_ms
        driver.step(now_ms * MS, None if age_ms < 0 else (now_ms - age_ms) * MS, *TIMES)
        assert 0 <= driver.progress <= 1
        assert driver.progress == pytest.approx(1) or driver.presence in (Presence.SETTLING, Presence.RETURNING)


def test_a_fade_goes_all_the_way_and_is_nowhere_fast() -> None:
    driver = DriverPresence()
    driver.step(0, 0, *TIMES)
    progress: list[float] = []
    now_ms = 0
    while now_ms < 4000:
        now_ms += 10
        begins = driver.step(now_ms * MS, None, *TIMES)
        if begins or progress:
            progress.append(driver.progress)
    steps = [after - before for before, after in pairwise(progress)]
    fade = TIMES[1] // (10 * MS)  # steps of a fade
    assert progress[0] == 0 and progress[fade] == progress[-1] == 1
    assert progress[fade // 2] == pytest.approx(0.5)
    assert min(steps) >= 0 and max(steps) <= 4 / 3 / fade + 1e-9  # a cubic is half as fast again as a straight line
    assert max(abs(b - a) for a, b in pairwise(steps)) < 6 / fade**2  # where a cubic starts
