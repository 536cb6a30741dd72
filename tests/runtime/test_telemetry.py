from __future__ import annotations

import sys
from importlib import metadata

import pytest

from vivant.runtime.telemetry import loud_libraries, telemetry


@pytest.mark.parametrize(
    ("version", "silent"), [("0.10.30", False), ("0.10.31", True), ("0.10.33", True), ("1.2.2", False)]
)
def test_versions_of_mediapipe_that_send_are_told(monkeypatch: pytest.MonkeyPatch, version: str, silent: bool) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: version)
    mediapipe = telemetry()[0]
    assert mediapipe.silent is silent
    assert ("MAY REPORT USAGE" in mediapipe.told) is not silent


def test_only_what_is_loaded_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY", raising=False)
    monkeypatch.setattr(metadata, "version", lambda name: "0.10.33")
    monkeypatch.delitem(sys.modules, "onnxruntime", raising=False)
    assert loud_libraries() == []
    monkeypatch.setitem(sys.modules, "onnxruntime", sys)
    (told,) = loud_libraries()
    assert told.startswith("ONNX Runtime: MAY REPORT USAGE")
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "1")
    assert loud_libraries() == []
