"""The command as it is installed, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ENTRY = (sys.executable, "-m", "vivant.runtime.entry")


@pytest.mark.skipif(sys.platform == "win32", reason="closes descriptors with a POSIX shell")
@pytest.mark.parametrize("closed", ["2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_changes_no_status(tmp_path: Path, closed: str) -> None:
    for command, status in (("check demo", 0), ("check nonsense", 2)):
        shell = f'exec "$@" {command} {closed}'
        done = subprocess.run(["sh", "-c", shell, "sh", *ENTRY], cwd=tmp_path, capture_output=True, timeout=60)
        assert (command, done.returncode) == (command, status)


BEGIN = "import sys; from vivant.runtime import entry; sys.argv = ['vivant', 'check', 'demo']\n"
PRESSED_WHILE_LOADING = """
class Pressed:
    def find_spec(self, name, path, target=None):
        if name == "vivant.runtime.cli":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Pressed())
"""
PRESSED_LATE = """
import atexit, vivant.runtime.cli
def cut_off(arguments):
    atexit.register(print, "a library that was left in the middle of something")
    raise KeyboardInterrupt
vivant.runtime.cli.run_command = cut_off
"""
HANGING = """
import threading, vivant.runtime.cli
def leave_behind(arguments):
    threading.Thread(target=threading.Event().wait).start()
    print("done")
    return 0
vivant.runtime.cli.run_command = leave_behind
"""


@pytest.mark.parametrize(
    ("before", "status", "out"), [(PRESSED_WHILE_LOADING, 1, ""), (PRESSED_LATE, 1, ""), (HANGING, 0, "done\n")]
)
def test_what_was_cut_off_or_hangs_is_left_without_a_word(before: str, status: int, out: str) -> None:
    code = BEGIN + before + "sys.exit(entry.main())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (status, out, "")
