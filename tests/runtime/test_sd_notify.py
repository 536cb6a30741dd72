from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

import pytest

from vivant.graph.graph import Graph
from vivant.graph.node import Lane, Node, Pace, Source
from vivant.graph.packet import Packet
from vivant.graph.params import NodeParams
from vivant.graph.port import NoInputs, NoOutputs, output, trigger
from vivant.runtime.clock import Doorbell, VirtualClock
from vivant.runtime.live import LiveEngine
from vivant.runtime.sd_notify import ServiceNotifier
from vivant.runtime.services import Services

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux's")

BuildGraph = Callable[..., Graph]
S = 1_000_000_000
FIRST = "READY=1\nSTATUS=showing frames\nWATCHDOG=1"


class Manager:
    """A service manager that listens."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self.environment = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "3000000"}

    def heard(self) -> list[str]:
        said = []
        while True:
            try:
                said.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return said


@pytest.fixture(params=["file", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    made = Manager(str(tmp_path / "notify") if request.param == "file" else f"@vivant-test-{os.getpid()}")
    yield made
    made.socket.close()


def test_ready_once_then_alive_at_a_third_of_the_limit(manager: Manager) -> None:
    with ServiceNotifier(manager.environment) as notify:
        assert manager.heard() == []  # opening is not yet showing
        for tenth in range(31):
            notify(tenth * S // 10)
        assert manager.heard() == [FIRST, "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"]
    assert manager.heard() == ["STOPPING=1"]


@pytest.mark.parametrize(
    "changes",
    [{"WATCHDOG_USEC": ""}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "soon"}, {"WATCHDOG_PID": "77"}],
)
def test_without_a_watchdog_it_is_only_ready(manager: Manager, changes: dict[str, str]) -> None:
    with ServiceNotifier(manager.environment | changes, process_id=78) as notify:
        for second in range(9):
            notify(second * S)
    assert manager.heard() == ["READY=1\nSTATUS=showing frames", "STOPPING=1"]


def test_a_watchdog_for_this_process(manager: Manager) -> None:
    notify = ServiceNotifier(manager.environment | {"WATCHDOG_PID": "78"}, process_id=78)
    notify(0)
    notify(5 * S)
    assert manager.heard() == [FIRST, "WATCHDOG=1"]


@pytest.mark.parametrize("address", ["", "relative", "/nowhere/at/all", "@nobody-listens-here"])
def test_nobody_listens(address: str) -> None:
    with ServiceNotifier({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "1"}) as notify:
        notify(0)
        notify(S)


@dataclass(frozen=True)
class Number:
    number: int = output("A number.")


@dataclass(frozen=True)
class NumberInputs:
    number: Packet[int] = trigger("A number.")


class Show(Node[NodeParams, NumberInputs, NoOutputs], type="notify.show", lane=Lane.RENDER):
    """Shows it."""

    def process(self, inputs: NumberInputs) -> None:
        pass


def test_a_run_that_shows_nothing_new_says_nothing(build_graph: BuildGraph, services: Services, tmp_path: Path) -> None:
    manager, clock = Manager(str(tmp_path / "run")), VirtualClock()

    class Device(Source[NodeParams, Number], type="notify.device", pace=Pace.CAPTURE):
        """Gives a number every 100 ms for 4 s, and then none for 20 s."""

        count = 0

        def process(self, inputs: NoInputs) -> Number:
            self.count += 1
            pause = S // 10 if self.count < 40 else 20 * S
            clock.wait(Doorbell(), lambda: False, clock.now_ns() + pause)
            return Number(self.count)

    graph = build_graph(device=(Device, {}, {}), show=(Show, {}, {"number": "device.number"}))
    with ServiceNotifier(manager.environment) as notify:
        LiveEngine(graph, replace(services, presented=notify), clock=clock, duration_s=15).run(Event())
    assert manager.heard() == [FIRST, "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"]
    manager.socket.close()
