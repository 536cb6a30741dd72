"""What a benchmark found: figures beside their reference, and goals."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One measurement beside its reference.

    Attributes:
        name: What was measured.
        unit: In what.
        value: The median.
        reference_name: What it is compared with; empty: with nothing.
        reference: The reference's median, in the same unit.
        ratio: Value through reference: the median of the ratios of measurements that were taken in turns.
        goal: What is asked of it, in words; empty: nothing.
        met: Whether that is so; None without a goal.
        note: What must be known to read it.
    """

    name: str
    unit: str
    value: float | None
    reference_name: str = ""
    reference: float | None = None
    ratio: float | None = None
    goal: str = ""
    met: bool | None = None
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values, without what is empty."""
        values: dict[str, Any] = {
            "name": self.name,
            "unit": self.unit,
            "value": _rounded(self.value),
            "reference_name": self.reference_name,
            "reference": _rounded(self.reference),
            "ratio": _rounded(self.ratio),
            "goal": self.goal,
            "met": self.met,
            "note": self.note,
        }
        return {key: value for key, value in values.items() if value not in ("", None)}


@dataclass(frozen=True)
class Chart:
    """What is drawn of a benchmark.

    Attributes:
        kind: ``bars`` or ``lines``.
        labels: Bars: under each group. Lines: unused.
        series: Bars: one value per label. Lines: pairs of x and y.
        unit: Of the values.
        x_unit: Lines: of the x axis.
    """

    kind: str
    series: Mapping[str, Sequence[Any]]
    unit: str
    labels: Sequence[str] = ()
    x_unit: str = ""


@dataclass(frozen=True)
class Finding:
    """The outcome of one benchmark.

    Attributes:
        name: Its name.
        about: What it measures, in a sentence.
        figures: What it found.
        chart: What is drawn of it.
    """

    name: str
    about: str
    figures: tuple[Figure, ...]
    chart: Chart

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"about": self.about, "figures": [figure.as_json() for figure in self.figures]}


@dataclass(frozen=True)
class Setting:
    """What benchmarks work with.

    Attributes:
        portrait: The picture, or the name of a sample.
        driver: Gives the video of a face; it may be made on the spot, so it is asked for when needed.
        folder: A folder for files that nobody keeps.
        rounds: How often measurement and reference take turns.
        duration_s: How long live runs last; None: as long as the benchmark thinks right.
        say: Tells the user one line.
    """

    portrait: str
    driver: Callable[[], Path]
    folder: Path
    rounds: int
    duration_s: float | None
    say: Callable[[str], None]


def compared(
    name: str,
    unit: str,
    values: Sequence[float],
    reference_name: str,
    references: Sequence[float],
    *,
    goal: str = "",
    least: float | None = None,
    most: float | None = None,
    note: str = "",
) -> Figure:
    """Make a figure of measurements that were taken in turns with those of a reference.

    Args:
        name: What was measured.
        unit: In what.
        values: Measurements.
        reference_name: What the reference is.
        references: Its measurements, in the same order.
        goal: What is asked, in words.
        least: Least ratio that meets the goal.
        most: Greatest ratio that meets it.
        note: What must be known to read it.
    """
    ratio = statistics.median(a / b for a, b in zip(values, references, strict=True))
    met = None if least is None and most is None else (least is None or ratio >= least) and (
        most is None or ratio <= most
    )  # fmt: skip
    return Figure(
        name, unit, statistics.median(values), reference_name, statistics.median(references), ratio, goal, met, note
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")
