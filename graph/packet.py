"""Packets: a value and the moment it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

T_co = TypeVar("T_co", covariant=True)


class Packet(NamedTuple, Generic[T_co]):
    """A value on its way along a link. A tuple, as one is made for every value: it takes half as long as a dataclass.

    Attributes:
        value: What is carried. Values are never changed after they were sent.
        t_ns: Capture time in nanoseconds of the graph's clock. A derived packet keeps the time of the
            packet it was derived from, so that age can be told at the screen.
        seq: Running number of the packet at its source; derived packets keep it.
        gap: True when at least one packet before this one was dropped on this link.
    """

    value: T_co
    t_ns: int
    seq: int
    gap: bool = False


@dataclass(frozen=True, slots=True)
class Tick:
    """One step of the render lane.

    Attributes:
        now_ns: The clock's time of this step.
        dt_ns: Time since the step before, 0 at the first.
    """

    now_ns: int
    dt_ns: int
