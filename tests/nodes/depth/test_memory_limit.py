from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from vivant.nodes.depth import memory_limit
from vivant.nodes.depth.memory_limit import available_bytes


@pytest.mark.parametrize(
    ("memory", "most", "current", "available"),
    [
        ("MemTotal: 900 kB\nMemAvailable: 300 kB\nSwapFree: 100 kB\n", None, None, 400 * 1024),
        ("MemAvailable: 300 kB\n", "max\n", "5\n", 300 * 1024),
        ("MemAvailable: 300 kB\n", "100000\n", "60000\n", 40_000),
        ("MemAvailable: 300 kB\n", "100000\n", "160000\n", 0),
        ("MemTotal: 900 kB\n", None, None, None),
        ("rubbish", None, None, None),
        (None, None, None, None),
    ],
)
def test_what_is_available_is_what_the_system_says(
    memory: str | None,
    most: str | None,
    current: str | None,
    available: int | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, text in {"meminfo": memory, "memory.max": most, "memory.current": current}.items():
        if text is not None:
            (tmp_path / name).write_text(text)
    monkeypatch.setattr(memory_limit, "_MEMORY", tmp_path / "meminfo")
    monkeypatch.setattr(memory_limit, "_GROUP", tmp_path)
    assert available_bytes() == available


CODE = """
import sys
from vivant.nodes.depth import memory_limit
memory_limit.available_bytes = lambda: 400_000_000
from vivant.runtime.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no more memory is promised than there is")
def test_a_network_that_takes_it_bit_by_bit_fails_in_words(tmp_path: Path) -> None:
    """Each bit by itself would be granted, until the system ends the program."""
    numbers = range(8)
    nodes = [helper.make_node("ReduceMean", ["x"], ["m"], keepdims=1)]
    for i in numbers:
        nodes += [
            helper.make_node("Add", ["m", f"k{i}"], [f"a{i}"]),
            helper.make_node("Expand", [f"a{i}", "s"], [f"e{i}"]),
        ]
    nodes += [
        helper.make_node("Sum", [f"e{i}" for i in numbers], ["sum"]),
        helper.make_node("ReduceMean", ["sum"], ["depth"], axes=[1], keepdims=1),
    ]
    graph = helper.make_graph(
        nodes,
        "hog",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, "h", "w"])],
        [helper.make_tensor_value_info("depth", TensorProto.FLOAT, None)],
        [
            numpy_helper.from_array(np.array([1, 64, 512, 512], np.int64), "s"),
            *(numpy_helper.from_array(np.array(i, np.float32), f"k{i}") for i in numbers),
        ],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(made, tmp_path / "hog.onnx")
    Image.new("RGB", (64, 64), (90, 120, 30)).save(tmp_path / "grey.png")
    order = [sys.executable, "-c", CODE, "depth", "grey.png", "-o", "d.png", "--model", "hog.onnx"]
    done = subprocess.run(
        order, cwd=tmp_path, capture_output=True, text=True, timeout=240, env=os.environ | {"VIVANT_NO_CACHE": "1"}
    )
    assert done.returncode == 1
    assert "more memory than there is" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "d.png").exists()
