"""One-slot mailboxes: the newest packet wins, every loss is counted."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

from vivant.graph.packet import Packet
from vivant.runtime.clock import Doorbell


class Mailbox:
    """A link between two threads. It holds one packet; a newer one overwrites it if it was not taken.

    Attributes:
        dropped: How many packets were overwritten unread.
    """

    def __init__(self, bell: Doorbell) -> None:
        """Make an empty mailbox.

        Args:
            bell: The reader's: rung whenever there is something new, or nothing more.
        """
        self.dropped = 0
        self._bell = bell
        self._lock = threading.Lock()
        self._packet: Packet[Any] | None = None
        self._finished = False
        self._closed = False

    def put(self, packet: Packet[Any]) -> None:
        """Leave a packet for the reader. In a closed mailbox it is lost: nobody reads it any more."""
        with self._lock:
            if self._closed:
                return
            if self._packet is not None:
                self.dropped += 1
                packet = replace(packet, gap=True)
            self._packet = packet
        self._bell.ring()

    def take(self) -> Packet[Any] | None:
        """Take the packet out; None when there is no new one."""
        with self._lock:
            packet, self._packet = self._packet, None
            return packet

    @property
    def full(self) -> bool:
        """Whether a packet waits to be taken."""
        return self._packet is not None

    @property
    def over(self) -> bool:
        """Whether the writer has finished and its last packet was taken, or the mailbox was closed."""
        with self._lock:
            return self._closed or (self._finished and self._packet is None)

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
        with self._lock:
            self._closed, self._packet = True, None
        self._bell.ring()
