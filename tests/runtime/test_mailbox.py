from __future__ import annotations

import threading

from vivant.graph.packet import Packet
from vivant.runtime.clock import Doorbell, MonotonicClock
from vivant.runtime.mailbox import Mailbox


def packet(number: int) -> Packet[int]:
    return Packet(number, t_ns=10 * number, seq=number)


def test_the_newest_wins_and_the_loss_is_counted_and_marked() -> None:
    box = Mailbox(Doorbell())
    for number in range(4):
        box.put(packet(number))
    assert box.take() == Packet(3, 30, 3, gap=True)
    assert box.take() is None
    assert box.dropped == 3


def test_after_a_packet_was_taken_there_is_no_gap() -> None:
    box = Mailbox(Doorbell())
    box.put(packet(0))
    box.take()
    box.put(packet(1))
    assert box.take() == packet(1)
    assert box.dropped == 0


def test_the_last_packet_can_be_taken_after_the_writer_finished() -> None:
    box = Mailbox(Doorbell())
    box.put(packet(7))
    box.finish()
    assert (box.full, box.over) == (True, False)
    assert box.take() == packet(7)
    assert (box.full, box.over) == (False, True)


def test_closing_discards_and_takes_nothing_more() -> None:
    box = Mailbox(Doorbell())
    box.put(packet(0))
    box.close()
    box.put(packet(1))
    assert (box.take(), box.over, box.dropped) == (None, True, 0)


def test_closing_wakes_the_reader() -> None:
    clock, bell = MonotonicClock(), Doorbell()
    box = Mailbox(bell)
    closer = threading.Thread(target=box.close)
    closer.start()
    assert clock.wait(bell, lambda: box.over) is True
    closer.join()


def test_no_packet_is_lost_or_counted_twice_between_two_threads() -> None:
    clock, bell = MonotonicClock(), Doorbell()
    box = Mailbox(bell)
    sent = 20_000
    taken: list[Packet[int]] = []

    def write() -> None:
        for number in range(sent):
            box.put(packet(number))
        box.finish()

    writer = threading.Thread(target=write)
    writer.start()
    while clock.wait(bell, lambda: box.full or box.over) and not box.over:
        one = box.take()
        if one is not None:
            taken.append(one)
    writer.join()
    numbers = [one.value for one in taken]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == sent - 1
    assert len(numbers) + box.dropped == sent
    for before, one in zip([-1, *numbers], taken, strict=False):
        assert one.gap == (one.value != before + 1)


def test_what_waits_unread_is_not_lost_yet() -> None:
    box = Mailbox(Doorbell())
    box.put(packet(0))
    box.put(packet(1))
    assert box.dropped == 1
    box.take()
    assert box.dropped == 1
