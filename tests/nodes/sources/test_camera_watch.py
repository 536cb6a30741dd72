from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivant.nodes.sources.camera_watch import LIMIT_NS, CameraWatch, Sight

U8 = npt.NDArray[np.uint8]
MS = 1_000_000


def noisy(seed: int, level: int = 100) -> U8:
    return np.random.default_rng(seed).integers(level - 3, level + 4, (48, 64, 3), np.uint8)


def follow(
    watch: CameraWatch, frames: list[U8 | None], interval_ms: int = 40, from_ms: int = 0
) -> list[tuple[int, Sight]]:
    """Return the moment and the state of each change."""
    changes: list[tuple[int, Sight]] = []
    for index, frame in enumerate(frames):
        watch.see(frame, (from_ms + index * interval_ms) * MS)
        if not changes or changes[-1][1] is not watch.sight:
            changes.append((from_ms + index * interval_ms, watch.sight))
    return changes


def test_two_frames_that_differ_prove_that_it_sees() -> None:
    watch = CameraWatch(0, 25)
    assert not watch.see(noisy(0), 0)
    assert watch.sight is Sight.PROVING
    assert watch.see(noisy(1), 40 * MS)
    assert (watch.sight, watch.lasting) == (Sight.LIVE, False)


def test_states_follow_the_frames() -> None:
    watch, still = CameraWatch(0, 25), noisy(77)
    black = [np.full((48, 64, 3), level, np.uint8) for level in (0, 1, 12)]
    frames = [noisy(0), noisy(1), still, still, still, noisy(2), *black, None, None, noisy(3)]
    assert follow(watch, frames) == [
        (0, Sight.PROVING),
        (40, Sight.LIVE),
        (120, Sight.FROZEN),
        (200, Sight.LIVE),
        (240, Sight.BLACK),
        (360, Sight.GARBLED),
        (440, Sight.LIVE),
    ]


@pytest.mark.parametrize("bad", [noisy(7), np.zeros((48, 64, 3), np.uint8), None], ids=["frozen", "black", "garbled"])
def test_what_lasts_is_a_fault_within_the_limit(bad: U8 | None) -> None:
    watch = CameraWatch(0, 25)
    for index in range(10):
        watch.see(noisy(index), index * 40 * MS)
    watch.see(bad, 400 * MS)
    good_ns = (400 if bad is not None and bad.max() > 50 else 360) * MS
    lasting = [t for t in range(440, 2400, 40) if watch.see(bad, t * MS) or watch.lasting]
    assert lasting[0] * MS - good_ns == LIMIT_NS + 20 * MS  # the first frame after it
    assert watch.see(noisy(99), 2400 * MS)
    assert not watch.lasting


def test_one_pixel_of_noise_is_life() -> None:
    watch, frame = CameraWatch(0, 25), noisy(0)
    watch.see(frame, 0)
    other = frame.copy()
    other[3, 5, 1] ^= 1  # not among those that are looked at first
    assert watch.see(other, 40 * MS)


def test_a_dark_room_a_deep_blue_one_and_hot_pixels() -> None:
    blue = noisy(0, 20)
    blue[..., :2] = 0
    for frame, sight in ((noisy(1, 20), Sight.PROVING), (blue, Sight.PROVING)):
        watch = CameraWatch(0, 25)
        watch.see(frame, 0)
        assert watch.sight is sight
    hot = np.zeros((480, 640, 3), np.uint8)
    hot[::160, ::160] = 255
    watch = CameraWatch(0, 25)
    watch.see(hot, 0)
    assert watch.sight is Sight.BLACK


def test_slow_is_told_within_two_seconds_and_not_at_every_hiccup() -> None:
    watch = CameraWatch(0, 25)
    follow(watch, [noisy(i) for i in range(50)])
    assert watch.rate_hz == pytest.approx(25)
    changes = follow(watch, [noisy(100 + i) for i in range(20)], interval_ms=200, from_ms=2000)
    assert [sight for _, sight in changes] == [Sight.LIVE, Sight.SLOW]
    assert changes[1][0] <= 4000
    # at 15 Hz, which is more than half, it stays slow; at 25 it is well again
    changes = follow(watch, [noisy(200 + i) for i in range(40)], interval_ms=66, from_ms=6000)
    assert [sight for _, sight in changes] == [Sight.SLOW]
    changes = follow(watch, [noisy(300 + i) for i in range(60)], from_ms=8700)
    assert [sight for _, sight in changes] == [Sight.SLOW, Sight.LIVE]


def test_a_new_size_is_a_new_picture() -> None:
    watch = CameraWatch(0, 25)
    watch.see(np.full((48, 64, 3), 90, np.uint8), 0)
    assert watch.see(np.full((24, 32, 3), 90, np.uint8), 40 * MS)


def test_without_a_look_at_the_content_a_still_is_fine() -> None:
    watch, still = CameraWatch(0, 25, content=False), np.zeros((48, 64, 3), np.uint8)
    assert all(watch.see(still, index * 40 * MS) for index in range(100))
    assert watch.sight is Sight.LIVE
    assert not watch.see(None, 4000 * MS)


@given(st.lists(st.sampled_from(["new", "same", "black", "garbled"]), max_size=60))
def test_only_new_pictures_are_passed_on(kinds: list[str]) -> None:
    watch, last = CameraWatch(0, 25), noisy(0)
    for index, kind in enumerate(kinds):
        frame: U8 | None = None
        if kind == "new":
            frame = last = noisy(index + 1)
        elif kind == "same":
            frame = last
        elif kind == "black":
            frame = np.zeros((48, 64, 3), np.uint8)
        if watch.see(frame, index * 40 * MS):
            assert kind in ("new", "same")
            assert watch.sight in (Sight.LIVE, Sight.SLOW)
        else:
            assert kind != "new" or watch.sight is Sight.PROVING
