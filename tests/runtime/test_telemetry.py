from __future__ import annotations

import sys

import pytest

from vivant.runtime.telemetry import loud_libraries


def test_only_what_is_loaded_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY", raising=False)
    monkeypatch.delitem(sys.modules, "onnxruntime", raising=False)
    assert loud_libraries() == []
    monkeypatch.setitem(sys.modules, "onnxruntime", sys)
    (told,) = loud_libraries()
    assert told.startswith("ONNX Runtime: MAY REPORT USAGE")
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "1")
    assert loud_libraries() == []
