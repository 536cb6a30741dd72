from __future__ import annotations

import itertools

from vivant.runtime.frame_pacer import GRACE_NS, SOONEST_NS, STEP_NS, FramePacer

MS = 1_000_000


def paced(arrivals: list[int], until_ns: int, draws_ns: int = 0) -> list[tuple[int, bool]]:
    """Draw as the render lane does; return when each frame began, and whether something had come for it."""
    pacer, waiting, frames, now = FramePacer(0), list(arrivals), list[tuple[int, bool]](), 0
    arrived: int | None = None
    while now < until_ns:
        frames.append((now, arrived is not None))
        while waiting and waiting[0] <= now:
            waiting.pop(0)
        end = now + draws_ns
        pacer.drawn(now, end, arrived)
        arrived = max(end, waiting[0]) if waiting and waiting[0] <= pacer.due_ns else None
        now = max(pacer.soonest_ns, arrived) if arrived is not None else pacer.due_ns
    return frames


def test_without_arrivals_frames_keep_a_grid() -> None:
    frames = paced([], 10 * STEP_NS)
    assert frames == [(n * STEP_NS, False) for n in range(10)]


def test_slow_drawing_moves_the_grid_instead_of_being_caught_up() -> None:
    frames = paced([], 200 * MS, draws_ns=30 * MS)
    assert [t for t, _ in frames] == [n * 30 * MS for n in range(7)]


def test_what_is_awaited_is_left_most_of_the_time_until_its_rhythm_is_known() -> None:
    pacer = FramePacer(0)
    pacer.drawn(0, 11 * MS, None, awaits=True)
    assert pacer.due_ns == 33 * MS
    pacer.drawn(33 * MS, 34 * MS, None, awaits=True)
    assert pacer.due_ns == 33 * MS + STEP_NS  # quick drawing takes nothing from anybody


def test_slow_drawing_waits_for_what_is_late_instead_of_making_it_later() -> None:
    pacer = FramePacer(0)
    for n in range(6):
        at = n * 33 * MS
        pacer.drawn(at, at + 11 * MS, at, awaits=True)
    assert pacer.due_ns == 6 * 33 * MS + 22 * MS


def test_arrivals_at_30_hz_are_drawn_at_once_and_once_more_in_between() -> None:
    arrivals = [5 * MS + n * 33_333_333 + (n % 3) * MS for n in range(40)]
    frames = paced(arrivals, 1300 * MS, draws_ns=5 * MS)
    new = [t for t, is_new in frames if is_new]
    late = [next(t for t in new if t >= at) - at for at in arrivals[:38]]
    assert max(late) <= SOONEST_NS
    assert late[5:] == [0] * 33
    assert 70 <= len(frames) <= 82  # about 60 a second


def test_slow_drawing_leaves_out_what_would_not_be_done_before_the_next_arrival() -> None:
    arrivals = [5 * MS + n * 33_333_333 for n in range(40)]
    frames = paced(arrivals, 1300 * MS, draws_ns=13 * MS)
    settled = frames[15:]
    assert all(is_new for _, is_new in settled)
    assert [t for t, _ in settled[:-1]] == [t for t in arrivals if t >= settled[0][0]][: len(settled) - 1]


def test_what_is_expected_and_does_not_come_holds_no_frame_for_longer_than_its_grace() -> None:
    arrivals = [n * 33_333_333 for n in range(10)]
    frames = paced(arrivals, 1000 * MS)
    gaps = [b - a for (a, _), (b, _) in itertools.pairwise(frames)]
    assert max(gaps) <= STEP_NS + SOONEST_NS + GRACE_NS


def test_arrivals_faster_than_the_display_do_not_drive_it() -> None:
    arrivals = [n * 2 * MS for n in range(500)]
    frames = paced(arrivals, 1000 * MS)
    gaps = [b - a for (a, _), (b, _) in itertools.pairwise(frames)]
    assert min(gaps) >= SOONEST_NS


def test_a_display_that_waits_sets_the_pace() -> None:
    pacer = FramePacer(0)
    pacer.shown(14 * MS)
    assert (pacer.soonest_ns, pacer.due_ns) == (14 * MS, 14 * MS)
