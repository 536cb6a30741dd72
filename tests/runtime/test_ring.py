from __future__ import annotations

import pytest

from vivant.runtime.ring import KEPT, Ring


@pytest.mark.parametrize("count", [0, 1, KEPT - 1, KEPT, KEPT + 1, 3 * KEPT + 5])
def test_the_last_numbers_are_kept_in_their_order(count: int) -> None:
    ring = Ring("q")
    for number in range(count):
        ring.append(number)
    assert list(ring) == list(range(count))[-KEPT:]
    assert len(ring) == min(count, KEPT)


def test_fractions_are_kept_as_they_are() -> None:
    ring = Ring()
    ring.append(0.1)
    assert list(ring) == [0.1]


def test_what_is_appended_meanwhile_does_not_disturb_a_reader() -> None:
    ring = Ring()
    for number in range(KEPT):
        ring.append(number)
    reader = iter(ring)
    first = next(reader)
    ring.append(-1)
    assert [first, *reader] == list(range(KEPT))
