"""A trace of a run in Chrome's format: what every thread did when, and arrows that follow one frame across threads.

https://ui.perfetto.dev and chrome://tracing open it. The format is Google's "Trace Event Format" document.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vivant.graph.graph import Graph, NodeSpec
from vivant.runtime.report_file import write_json

KEPT = 300_000
"""Calls kept, the newest: about twenty minutes of a live run, and no more memory however long it lasts."""


@dataclass(frozen=True, slots=True)
class _Call:
    node: str
    flow: str
    thread: str
    begin_ns: int
    end_ns: int
    seq: int
    fault: str


class Trace:
    """Collects calls of nodes from all threads of a run."""

    def __init__(self, kept: int = KEPT) -> None:
        """Begin a trace that holds the last `kept` calls."""
        self._calls: deque[_Call] = deque(maxlen=kept)
        self._shown: deque[tuple[str, int, int, int]] = deque(maxlen=kept)

    def call(self, node: str, flow: str, begin_ns: int, end_ns: int, seq: int, fault: str = "") -> None:
        """Note one call of a node. From the thread that made it.

        Args:
            node: The node's name.
            flow: The source that numbered the frame (`origin`): numbers of two sources are not the same frame.
            begin_ns: When it was called.
            end_ns: When it returned.
            seq: The frame's number; below zero it belongs to no frame.
            fault: What it raised, or an empty string.
        """
        # by name: the system gives the number of a thread that has ended to the next one
        thread = threading.current_thread().name
        self._calls.append(_Call(node, flow, thread, begin_ns, end_ns, seq, fault))  # atomic in CPython

    def presented(self, flow: str, seq: int, captured_ns: int, now_ns: int) -> None:
        """Note that a new frame was presented: its span from capture to here gets a track of its own."""
        self._shown.append((flow, seq, captured_ns, now_ns))

    def events(self) -> list[dict[str, Any]]:
        """Return the trace events; times in microseconds from the first."""
        calls, shown, process = list(self._calls), list(self._shown), os.getpid()
        zero_ns = min([c.begin_ns for c in calls] + [captured for _, _, captured, _ in shown], default=0)

        def microseconds(t_ns: int) -> float:
            return (t_ns - zero_ns) / 1000

        events: list[dict[str, Any]] = [
            {"ph": "M", "name": "process_name", "pid": process, "tid": 0, "args": {"name": "vivant"}}
        ]
        numbers = {thread: order for order, thread in enumerate(dict.fromkeys(call.thread for call in calls), 1)}
        for thread, number in numbers.items():
            track = {"pid": process, "tid": number}
            events.append({"ph": "M", "name": "thread_name", **track, "args": {"name": _track_name(thread)}})
            events.append({"ph": "M", "name": "thread_sort_index", **track, "args": {"sort_index": number}})
        for call in calls:
            arguments: dict[str, Any] = {"frame": call.seq} if call.seq >= 0 else {}
            if call.fault:
                arguments["fault"] = call.fault
            events.append(
                {
                    "ph": "X",
                    "name": call.node,
                    "cat": "fault" if call.fault else "node",
                    "pid": process,
                    "tid": numbers[call.thread],
                    "ts": microseconds(call.begin_ns),
                    "dur": (call.end_ns - call.begin_ns) / 1000,
                    "args": arguments,
                }
            )
        for identity, path in _paths(calls).items():
            for index, call in enumerate(path):
                phase = "s" if index == 0 else "f" if index == len(path) - 1 else "t"
                # an arrow leaves a call where it ends and meets the next where it begins
                moment = (call.begin_ns + call.end_ns) // 2 if index == 0 else call.begin_ns
                event = {
                    "ph": phase,
                    "id": identity,
                    "name": "frame",
                    "cat": "frame",
                    "pid": process,
                    "tid": numbers[call.thread],
                    "ts": microseconds(moment),
                }
                events.append(event | ({"bp": "e"} if phase == "f" else {}))
        for flow, seq, captured_ns, now_ns in shown:
            name = {"name": "capture to presented", "cat": "presented", "id": f"{flow} {seq}", "pid": process, "tid": 0}
            events.append({"ph": "b", **name, "ts": microseconds(captured_ns), "args": {"frame": seq}})
            events.append({"ph": "e", **name, "ts": microseconds(now_ns)})
        return events

    def write(self, path: Path) -> None:
        """Write the trace as a JSON file, whole or not at all.

        Raises:
            VivantError: The file cannot be written.
        """
        document = {"traceEvents": self.events(), "displayTimeUnit": "ms"}
        write_json(document, path, "trace", indent=None)


def origin(graph: Graph, spec: NodeSpec) -> str:
    """Return the source whose numbers a node's packets bear: up along what wakes each node.

    A node that a tick wakes bears the number of its first sampled input that moves.
    """
    while spec.pace is None:
        if spec.ticks:
            moving = [name for name in spec.latest if spec.links[name].node not in graph.unmoved]
            if not moving:
                return spec.id
            link = spec.links[moving[0]]
        else:
            link = spec.links[spec.waker or ""]
        spec = graph[link.node]
    return spec.id


def _paths(calls: list[_Call]) -> dict[str, list[_Call]]:
    """Return for each frame the calls that worked on it first, in order of time; frames seen once have no path."""
    paths: dict[str, dict[str, _Call]] = {}
    for call in sorted(calls, key=lambda call: call.begin_ns):
        if call.seq >= 0 and not call.fault:
            # a frame that is drawn several times is followed to its first drawing
            paths.setdefault(f"{call.flow} {call.seq}", {}).setdefault(call.node, call)
    return {identity: list(path.values()) for identity, path in paths.items() if len(path) > 1}


def _track_name(thread: str) -> str:
    return "render lane" if thread == "MainThread" else thread.removeprefix("vivant ")
