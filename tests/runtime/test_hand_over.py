from __future__ import annotations

import threading

from vivant.runtime.hand_over import HandOver


def test_everything_arrives_in_order_through_one_place() -> None:
    between = HandOver[int](1)

    def give() -> None:
        assert all(between.put(number) for number in range(200))
        between.finish()

    giver = threading.Thread(target=give)
    giver.start()
    assert list(between) == list(range(200))
    giver.join()


def test_a_closed_taker_refuses_and_frees_a_giver_that_waits() -> None:
    between = HandOver[int](1)
    assert between.put(1) is True
    answers = list[bool]()
    giver = threading.Thread(target=lambda: answers.append(between.put(2)))
    giver.start()
    between.close()
    giver.join()
    assert answers == [False]
    assert list(between) == []


def test_what_was_given_before_the_end_is_still_taken() -> None:
    between = HandOver[int](2)
    between.put(1)
    between.put(2)
    between.finish()
    assert list(between) == [1, 2]
