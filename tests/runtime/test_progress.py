from __future__ import annotations

import pytest

from vivant.runtime.notices import Notices
from vivant.runtime.progress import FetchProgress, FrameProgress


def test_without_a_terminal_a_few_lines_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    with FrameProgress("out.mp4") as progress:
        for done in range(1, 1001):
            progress(done, 1000)
    assert capsys.readouterr().err.splitlines() == [f"out.mp4: {done} of 1000 frames" for done in (250, 500, 750, 1000)]


def test_an_unknown_total_is_no_trouble(capsys: pytest.CaptureFixture[str]) -> None:
    with FrameProgress("out.mp4") as progress:
        for done in range(1, 1101):
            progress(done, None)
    assert capsys.readouterr().err.splitlines() == ["out.mp4: 500 frames", "out.mp4: 1000 frames"]


def test_an_estimate_that_was_too_small_is_corrected(capsys: pytest.CaptureFixture[str]) -> None:
    with FrameProgress("out.mp4") as progress:
        for done in range(1, 7):
            progress(done, 4)
    assert "6 of 4" not in capsys.readouterr().err


def test_each_fetched_file_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    with FetchProgress() as fetching:
        for done in range(0, 100, 10):
            fetching("face", done, 100)
        fetching("matte", 5, None)
    assert capsys.readouterr().err.splitlines() == ["fetching face", "fetching matte"]


def test_a_repeated_notice_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    with Notices() as notice:
        for _ in range(3):
            notice("no face")
        notice("smaller")
        assert capsys.readouterr().err == "note: no face\nnote: smaller\n"
    assert capsys.readouterr().err == "note: 3 times: no face\n"
