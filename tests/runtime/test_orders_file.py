from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from vivant.graph.errors import VivantError
from vivant.runtime.orders_file import OrdersFile


def append(file: Path, text: str) -> None:
    with file.open("a", encoding="utf-8") as opened:
        opened.write(text)


def test_lines_that_are_added_are_told_once_and_what_was_there_is_old(tmp_path: Path) -> None:
    file = tmp_path / "orders"
    file.write_text("calibration.forget\n")
    with OrdersFile(file) as orders:
        assert orders.new() == ()
        append(file, "calibration.neutral\n\n  calibration.closed \r\ncalibr")
        assert orders.new() == ("calibration.neutral", "calibration.closed")
        assert orders.new() == ()
        append(file, "ation.forget\n")
        assert orders.new() == ("calibration.forget",)


def test_a_file_that_is_not_there_is_made(tmp_path: Path) -> None:
    with OrdersFile(tmp_path / "orders") as orders:
        append(tmp_path / "orders", "a.b\n")
        assert orders.new() == ("a.b",)


def test_a_file_that_is_written_anew_is_read_from_its_beginning(tmp_path: Path) -> None:
    file = tmp_path / "orders"
    file.write_text("a.first\n" * 10)
    with OrdersFile(file) as orders:
        file.write_text("a.second\n")
        assert orders.new() == ("a.second",)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_pipe_never_makes_it_wait_and_outlives_who_writes(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with OrdersFile(pipe) as orders:
        assert orders.new() == ()
        for word in ("a.first", "a.second"):
            with pipe.open("w") as writer:
                assert orders.new() == ()
                writer.write(word + "\n")
                writer.flush()
                assert orders.new() == (word,)
        assert orders.new() == ()


def test_bytes_that_are_no_text_and_lines_without_end_do_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "orders"
    with OrdersFile(file) as orders:
        file.write_bytes(b"\xff\xfe\n" + b"x" * 300_000)
        assert len(orders.new()) == 1
        for _ in range(10):
            orders.new()
        assert len(orders._begun) <= 1 << 16


@pytest.mark.parametrize("name", ["folder", "none/orders"])
def test_what_cannot_be_read_is_said_at_once(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(VivantError, match="no orders can be read") as caught:
        OrdersFile(tmp_path / name)
    assert caught.value.exit_status == 2
