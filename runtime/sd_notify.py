"""Tells the service manager that frames are shown: systemd's notification protocol, without its library.

Source: systemd, sd_notify(3) and sd_watchdog_enabled(3).
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping
from types import TracebackType
from typing import Self


class ServiceNotifier:
    """Says READY with the first frame and WATCHDOG while frames advance; nothing where nobody asked for it.

    A context manager, which says STOPPING at its end. Call it with the time in nanoseconds after each frame. Since
    nothing else makes it speak, a run that stands still, for whatever reason, is ended by the service manager.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ, process_id: int | None = None) -> None:
        """Read who wants to be told.

        Args:
            environment: ``NOTIFY_SOCKET`` names a datagram socket, abstract if it begins with ``@``;
                ``WATCHDOG_USEC`` is how long it may take from one WATCHDOG to the next, in microseconds;
                ``WATCHDOG_PID``, if there, whom that is meant for.
            process_id: Of this process; None: ask.
        """
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket: socket.socket | None = None
        if self._address[:1] in ("/", "\0") and hasattr(socket, "AF_UNIX"):
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._socket.setblocking(False)
        microseconds = environment.get("WATCHDOG_USEC", "")
        meant = environment.get("WATCHDOG_PID", "") in ("", str(os.getpid() if process_id is None else process_id))
        # a third of the time: one that is lost, or late, does no harm
        wanted = meant and microseconds.isdigit() and int(microseconds) > 0
        self._pause_ns: int | None = int(microseconds) * 1000 // 3 if wanted else None
        self._ready = False
        self._told_ns = 0

    def __enter__(self) -> Self:
        return self

    def __call__(self, now_ns: int) -> None:
        """Take note that a frame was presented."""
        if not self._ready:
            self._ready = True
            self._told_ns = now_ns
            self._send("READY=1\nSTATUS=showing frames" + ("\nWATCHDOG=1" if self._pause_ns is not None else ""))
        elif self._pause_ns is not None and now_ns - self._told_ns >= self._pause_ns:
            self._told_ns = now_ns
            self._send("WATCHDOG=1")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._send("STOPPING=1")
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, text: str) -> None:
        if self._socket is None:
            return
        # whoever listened is gone, or has not read what lies there: no reason to stop the show
        with contextlib.suppress(OSError):
            self._socket.sendto(text.encode(), self._address)
