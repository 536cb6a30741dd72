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
