"""Keeps networks from taking more memory than there is.

Linux promises memory that it does not have, and ends the program, without a word, that then uses it. So ONNX Runtime's
own store of memory is given a limit: at that it fails in words.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

_SHARE = 0.9
"""Of what is available; the rest is for what the program itself and others need meanwhile."""
_MEMORY, _GROUP = Path("/proc/meminfo"), Path("/sys/fs/cgroup")


@cache
def limit_networks() -> bool:
    """Limit what all networks of this process take on the CPU, from now on, to what is available now.

    Returns:
        Whether there is a limit: sessions then have to be told to use the store that has it.
    """
    most = available_bytes()
    if most is None:
        return False
    import onnxruntime

    store = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    onnxruntime.create_and_register_allocator(store, onnxruntime.OrtArenaCfg({"max_mem": int(_SHARE * most)}))
    return True


def available_bytes() -> int | None:
    """Return how much memory a program may still take, swap included; None where the system does not promise more."""
    try:
        lines = (line.split() for line in _MEMORY.read_text().splitlines())
        sizes = {words[0].rstrip(":"): int(words[1]) * 1024 for words in lines if len(words) >= 2}
        available = sizes["MemAvailable"] + sizes.get("SwapFree", 0)
    except (OSError, KeyError, ValueError):
        return None
    try:  # a container may have less
        left = int((_GROUP / "memory.max").read_text()) - int((_GROUP / "memory.current").read_text())
    except (OSError, ValueError):  # it has no limit: "max"
        return available
    return max(0, min(available, left))
