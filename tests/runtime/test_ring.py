from __future__ import annotations

import tracemalloc

from vivant.runtime.ring import Ring


def test_the_last_are_kept_in_their_order() -> None:
    ring: Ring[int] = Ring("q", 4)
    assert list(ring) == []
    for number in range(3):
        ring.add(number)
    assert (list(ring), ring.last(2), ring.last(9)) == ([0, 1, 2], [1, 2], [0, 1, 2])
    for number in range(3, 11):
        ring.add(number)
    assert (len(ring), list(ring), ring.last(2), ring.last(0)) == (4, [7, 8, 9, 10], [9, 10], [])


def test_floats_keep_their_precision() -> None:
    ring: Ring[float] = Ring("d", 2)
    ring.add(0.1)
    assert list(ring) == [0.1]


def test_the_room_is_taken_at_once() -> None:
    """Else a run grows until its rings are full, and nobody can tell that from a leak."""
    tracemalloc.start()
    try:
        ring: Ring[int] = Ring("q", 4096)
        begun = tracemalloc.get_traced_memory()[0]
        for number in range(5000):
            ring.add(1_000_000_000_000 + number)
        assert tracemalloc.get_traced_memory()[0] - begun < 1024
    finally:
        tracemalloc.stop()
