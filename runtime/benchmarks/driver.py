"""A driver made on the spot: the sample portrait plays the recorded performance, as a video."""

from __future__ import annotations

from pathlib import Path

from vivant.runtime.benchmarks.finding import Setting
from vivant.runtime.benchmarks.runs import animate_graphs, run_offline_quietly
from vivant.runtime.shipped_presets import find_preset


def make_driver(setting: Setting) -> Path:
    """Write the video into the setting's folder, unless it is there, and return it."""
    path = setting.folder / "driver.mp4"
    if not path.exists():
        setting.say("making a driver: the sample portrait plays the recorded performance")
        performance = find_preset("demo").parent / "performances" / "hello.json"
        run_offline_quietly(animate_graphs("sample:astronaut", performance, path), setting)
    return path
