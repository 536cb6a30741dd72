"""Progress of long work on standard error: a bar on a terminal, a few plain lines elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text


class FrameProgress:
    """Counts frames. A context manager; call it with what is done and, where known, what there is to do."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._said = 0
        if sys.stderr.isatty():
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                _FrameRateColumn(),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
            self._task = self._bar.add_task(self._label, total=None)
        return self

    def __call__(self, done: int, total: int | None) -> None:
        """Take note of `done` frames of `total`; a total that turns out too small is corrected."""
        if total is not None:
            total = max(total, done)
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, total=total)
            return
        step = total / 4 if total else 500
        quarter = int(done / step) if step else 0
        if quarter > self._said:
            self._said = quarter
            of = f" of {total}" if total else ""
            sys.stderr.write(f"{self._label}: {done}{of} frames\n")
            sys.stderr.flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


class FetchProgress:
    """Shows model files being fetched. A context manager; call it as `ModelStore` does, from any thread."""

    def __init__(self) -> None:
        self._bar: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        if sys.stderr.isatty():
            self._bar = Progress(
                TextColumn("fetching {task.description}"),
                BarColumn(),
                DownloadColumn(),
                TransferSpeedColumn(),
                console=Console(stderr=True),
                transient=True,
            )

    def __enter__(self) -> Self:
        return self

    def __call__(self, name: str, done: int, total: int | None) -> None:
        """Take note of `done` bytes of `total` of the file `name`. The bar appears with the first."""
        if name not in self._tasks:
            if self._bar is None:
                sys.stderr.write(f"fetching {name}\n")
                sys.stderr.flush()
                self._tasks[name] = TaskID(len(self._tasks))
            else:
                self._bar.start()
                self._tasks[name] = self._bar.add_task(name, total=total)
        if self._bar is not None:
            self._bar.update(self._tasks[name], completed=done, total=total)
            if self._bar.finished:
                self._bar.stop()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


class _FrameRateColumn(ProgressColumn):
    """Frames per second, smoothed by rich over the last moments."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f} fps" if task.speed else "- fps")
