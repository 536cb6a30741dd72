from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from vivant.runtime.onnx_probe import identity_model, providers_in_use


def test_the_smallest_network_computes() -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(identity_model(), providers=["CPUExecutionProvider"])
    (value,) = session.run(None, {"x": np.array([3.5], np.float32)})
    assert value.tolist() == [3.5]
    assert ("CPUExecutionProvider", True) in providers_in_use(onnxruntime)


def test_a_silent_fall_back_is_found() -> None:
    """A session that was asked for a graphics card and computes on the processor."""

    class Session:
        def __init__(self, model: bytes, sess_options: object, providers: list[str]) -> None:
            if providers == ["TensorrtExecutionProvider"]:
                raise RuntimeError("no such library")

        def get_providers(self) -> list[str]:
            return ["CPUExecutionProvider"]

    offered = ["TensorrtExecutionProvider", "CUDAExecutionProvider", "AzureExecutionProvider", "CPUExecutionProvider"]
    fake = SimpleNamespace(
        get_available_providers=lambda: offered, SessionOptions=SimpleNamespace, InferenceSession=Session
    )
    assert providers_in_use(fake) == [
        ("TensorrtExecutionProvider", False),
        ("CUDAExecutionProvider", False),
        ("CPUExecutionProvider", True),
    ]
