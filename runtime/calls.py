"""How the methods of a node are called: directly, or by someone who does not wait for ever."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol, TypeVar

T = TypeVar("T")


class Call(StrEnum):
    """Which method is called."""

    OPEN = "open"
    PROCESS = "process"
    CLOSE = "close"


class Blocked(Exception):  # noqa: N818 - a finding; who knows the node says it in words
    """A call did not come back in time. Its node is not to be touched any more.

    Attributes:
        call: Which one.
        waited_ns: For how long it was waited for.
    """

    def __init__(self, call: Call, waited_ns: int) -> None:
        super().__init__(f"{call} did not come back in {waited_ns} ns")
        self.call = call
        self.waited_ns = waited_ns


class Caller(Protocol):
    """Calls a method of a node."""

    def __call__(self, call: Call, work: Callable[[], T], if_late: Callable[[BaseException | None], None]) -> T:
        """Do `work` and return what it returns.

        Args:
            call: Which method it calls.
            work: The call.
            if_late: Done after `work`, on the same thread, when nobody waited for it any more; it is given what
                `work` raised.

        Raises:
            Blocked: It is not waited for any longer.
            Exception: Whatever `work` raises.
        """
        ...


def call_directly(call: Call, work: Callable[[], T], if_late: Callable[[BaseException | None], None]) -> T:
    """Call on the caller's own thread, however long it takes; see `Caller`."""
    return work()
