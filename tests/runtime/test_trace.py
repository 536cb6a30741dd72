from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from vivant.graph.errors import VivantError
from vivant.runtime.trace import Trace


def on(thread: str, *calls: Any) -> None:
    """Make calls on a thread of this name."""
    worker = threading.Thread(target=lambda: [call() for call in calls], name=f"vivant {thread}")
    worker.start()
    worker.join()


@pytest.fixture
def trace() -> Trace:
    """Two frames through camera, face and render; the second is drawn twice."""
    made = Trace()
    for seq, start in ((0, 1_000_000), (1, 21_000_000)):

        def call(node: str, begin: int, end: int, seq: int = seq, start: int = start) -> Any:
            return lambda: made.call(node, "camera", start + begin, start + end, seq)

        on("camera", call("camera", 0, 2_000_000))
        on("face", call("face", 3_000_000, 9_000_000))
        call("render", 10_000_000, 15_000_000)()
        if seq == 1:
            call("render", 16_000_000, 18_000_000)()
        made.presented("camera", seq, start, start + 15_000_000)
    made.call("render", "camera", 50_000_000, 51_000_000, -1, "ValueError: no")
    return made


def test_every_thread_has_a_track_with_its_name(trace: Trace) -> None:
    events = trace.events()
    names = {e["tid"]: e["args"]["name"] for e in events if e["name"] == "thread_name"}
    assert sorted(names.values()) == ["camera", "face", "render lane"]
    for event in events:
        if event["ph"] == "X":
            assert names[event["tid"]] == {"render": "render lane"}.get(event["name"], event["name"])


def test_calls_are_slices_in_microseconds_from_the_first(trace: Trace) -> None:
    slices = [e for e in trace.events() if e["ph"] == "X"]
    assert [(e["name"], e["ts"], e["dur"]) for e in slices[:3]] == [
        ("camera", 0.0, 2000.0),
        ("face", 3000.0, 6000.0),
        ("render", 10000.0, 5000.0),
    ]
    assert slices[-1]["cat"] == "fault"
    assert slices[-1]["args"] == {"fault": "ValueError: no"}


def test_arrows_follow_each_frame_through_all_threads(trace: Trace) -> None:
    """A flow begins with s, goes on with t and ends with f; each lies within the slice it belongs to."""
    events = trace.events()
    slices = [e for e in events if e["ph"] == "X"]
    for identity, seq in (("camera 0", 0), ("camera 1", 1)):
        flow = [e for e in events if e.get("cat") == "frame" and e["id"] == identity]
        assert [e["ph"] for e in flow] == ["s", "t", "f"]
        assert flow[-1]["bp"] == "e"
        assert [e["ts"] for e in flow] == sorted(e["ts"] for e in flow)
        hit = [
            next(s for s in slices if s["tid"] == e["tid"] and s["ts"] <= e["ts"] <= s["ts"] + s["dur"]) for e in flow
        ]
        assert [s["name"] for s in hit] == ["camera", "face", "render"]
        assert {s["args"]["frame"] for s in hit} == {seq}


def test_capture_to_presented_is_a_span(trace: Trace) -> None:
    spans = [e for e in trace.events() if e.get("cat") == "presented"]
    assert [(e["ph"], e["ts"]) for e in spans[:2]] == [("b", 0.0), ("e", 15000.0)]


def test_numbers_of_two_sources_are_not_one_frame() -> None:
    trace = Trace()
    for flow in ("camera", "phone"):
        trace.call(flow, flow, 0, 1, 0)
        trace.call("face" if flow == "camera" else "pose", flow, 2, 3, 0)
    assert {e["id"] for e in trace.events() if e.get("cat") == "frame"} == {"camera 0", "phone 0"}


def test_a_long_run_keeps_the_newest(tmp_path: Path) -> None:
    trace = Trace(kept=10)
    for seq in range(50):
        trace.call("camera", "camera", seq * 1000, seq * 1000 + 500, seq)
    assert [e["args"]["frame"] for e in trace.events() if e["ph"] == "X"] == list(range(40, 50))


def test_the_file_is_json_and_whole(trace: Trace, tmp_path: Path) -> None:
    trace.write(tmp_path / "t.json")
    document = json.loads((tmp_path / "t.json").read_text())
    assert document["traceEvents"] == trace.events()
    assert [p.name for p in tmp_path.iterdir()] == ["t.json"]
    with pytest.raises(VivantError, match="the trace cannot be written"):
        trace.write(tmp_path / "missing" / "t.json")


def test_an_empty_trace_is_valid(tmp_path: Path) -> None:
    Trace().write(tmp_path / "t.json")
    assert [e["ph"] for e in json.loads((tmp_path / "t.json").read_text())["traceEvents"]] == ["M"]
