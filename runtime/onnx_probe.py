"""What ONNX Runtime really computes with: asked by computing something."""

from __future__ import annotations

from typing import Any

_FLOAT = 1


def providers_in_use(onnxruntime: Any) -> list[tuple[str, bool]]:
    """Open the smallest of networks with each provider that ONNX Runtime offers.

    ONNX Runtime falls back to the CPU in silence; only a session tells what runs.

    Args:
        onnxruntime: The module.

    Returns:
        Names of providers, and whether a session really uses them.
    """
    found = []
    for name in onnxruntime.get_available_providers():
        if name == "AzureExecutionProvider":
            continue  # it would send pictures to a server; it is in the wheel, and nothing here ever asks for it
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.enable_mem_pattern = False  # DirectML refuses it
        try:
            session = onnxruntime.InferenceSession(identity_model(), sess_options=options, providers=[name])
            used = session.get_providers()[:1] == [name]
        except Exception:  # ONNX Runtime's exceptions have no common base but this
            used = False
        found.append((name, used))
    return found


def identity_model() -> bytes:
    """Return a network in ONNX form that gives back its one number: protobuf by hand, see onnx.proto."""
    node = _text(1, "x") + _text(2, "y") + _text(4, "Identity")
    graph = _part(1, node) + _text(2, "g") + _part(11, _value("x")) + _part(12, _value("y"))
    return _number(1, 8) + _part(7, graph) + _part(8, _number(2, 13))


def _value(name: str) -> bytes:
    shape = _part(2, _part(1, _number(1, 1)))
    return _text(1, name) + _part(2, _part(1, _number(1, _FLOAT) + shape))


def _number(field: int, value: int) -> bytes:
    return bytes([field << 3, value])


def _text(field: int, value: str) -> bytes:
    return _part(field, value.encode())


def _part(field: int, content: bytes) -> bytes:
    assert len(content) < 128  # longer ones would need a longer count
    return bytes([field << 3 | 2, len(content)]) + content
