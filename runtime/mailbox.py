"""One-slot mailboxes: the newest packet wins, every loss is counted."""

from __future__ import annotations

from collections import deque
from typing import Any

from vivant.graph.packet import Packet
from vivant.runtime.clock import Doorbell


class Mailbox:
    """A link between two threads, one that writes and one that reads.

    It holds one packet; a newer one overwrites it if it was not taken. There is no lock: each packet bears the
    number of its put, the slot is a deque of one, whose single operations no thread can divide, and by the numbers
    the reader finds what it has missed.
    """

    def __init__(self, bell: Doorbell) -> None:
        """Make an empty mailbox.

        Args:
            bell: The reader's: rung whenever there is something new, or nothing more.
        """
        self._bell = bell
        self._slot: deque[tuple[int, Packet[Any]]] = deque(maxlen=1)
        self._put = 0
        self._taken = 0
        self._dropped = 0
        self._finished = False
        self._closed = False

    def put(self, packet: Packet[Any]) -> None:
        """Leave a packet for the reader. In a closed mailbox it is lost: nobody reads it any more."""
        if self._closed:
            return
        self._put = number = self._put + 1
        self._slot.append((number, packet))
        self._bell.ring()

    def take(self) -> Packet[Any] | None:
        """Take the packet out; None when there is no new one. It bears a gap where others were lost before it."""
        try:
            number, packet = self._slot.popleft()
        except IndexError:
            return None
        if self._closed:
            return None
        missed = number - self._taken - 1
        self._taken = number
        if missed:
            self._dropped += missed
            return packet._replace(gap=True)
        return packet

    @property
    def dropped(self) -> int:
        """How many packets were overwritten unread. For the reader, or when nobody writes."""
        waiting = self._slot
        try:
            return self._dropped + waiting[0][0] - self._taken - 1
        except IndexError:
            return self._dropped

    @property
    def full(self) -> bool:
        """Whether a packet waits to be taken."""
        return bool(self._slot) and not self._closed

    @property
    def over(self) -> bool:
        """Whether the writer has finished and its last packet was taken, or the mailbox was closed."""
        # in this order: a writer finishes after its last packet, so that none is overlooked
        return self._closed or (self._finished and not self._slot)

    @property
    def finished(self) -> bool:
        """Whether no further packet will come."""
        return self._finished or self._closed

    def finish(self) -> None:
        """Say, as the writer, that nothing more will come. What lies in the mailbox can still be taken."""
        self._finished = True
        self._bell.ring()

    def close(self) -> None:
        """End the link at once, from either side; wakes the reader."""
        self._closed = True
        self._slot.clear()
        self._bell.ring()
