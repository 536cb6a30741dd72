"""Plots as SVG, without a plotting library: grouped bars, and lines over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from xml.sax.saxutils import escape

from vivant.runtime.benchmarks.finding import Chart, Finding

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 60, 60
COLOURS = ("#2f6db5", "#d98032", "#6b9a45", "#8d5fa8")
MOST_POINTS = 2000
"""Per line: more are not to be told apart on the screen."""


def svg(finding: Finding) -> str:
    """Draw what a benchmark found."""
    chart = finding.chart
    body = _bars(chart) if chart.kind == "bars" else _lines(chart)
    legend = "".join(
        f'<rect x="{LEFT + 190 * i}" y="36" width="12" height="12" fill="{COLOURS[i % len(COLOURS)]}"/>'
        f'<text x="{LEFT + 190 * i + 18}" y="46">{escape(name)}</text>'
        for i, name in enumerate(chart.series)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12" fill="#222">\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>\n'
        f'<text x="{LEFT}" y="22" font-size="15">{escape(finding.name)}: {escape(chart.unit)}</text>\n'
        f"{legend}\n{body}\n</svg>\n"
    )


def ticks(most: float) -> list[float]:
    """Return round numbers from 0 up to the first that is not below `most`: four to eight steps."""
    if most <= 0:
        return [0.0, 1.0]
    magnitude = 10.0 ** math.floor(math.log10(most))
    step = next(s * magnitude for s in (0.2, 0.5, 1.0, 2.0) if most / (s * magnitude) <= 7)
    return [round(step * i, 10) for i in range(math.ceil(round(most / step, 9)) + 1)]


def _bars(chart: Chart) -> str:
    groups = max((len(values) for values in chart.series.values()), default=0)
    axis, place = _y_axis([float(v) for values in chart.series.values() for v in values])
    room = (WIDTH - LEFT - RIGHT) / max(1, groups)
    width = 0.8 * room / max(1, len(chart.series))
    parts = [axis]
    for s, values in enumerate(chart.series.values()):
        for g, value in enumerate(values):
            x, y = LEFT + room * (g + 0.1) + width * s, place(value)
            parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{place(0) - y:.1f}" '
                f'fill="{COLOURS[s % len(COLOURS)]}"/>'
                f'<text x="{x + width / 2:.1f}" y="{y - 4:.1f}" text-anchor="middle" font-size="10">{value:.3g}</text>'
            )
    for g, label in enumerate(chart.labels):
        parts.append(
            f'<text x="{LEFT + room * (g + 0.5):.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">'
            f"{escape(label)}</text>"
        )
    return "\n".join(parts)


def _lines(chart: Chart) -> str:
    points = [point for series in chart.series.values() for point in series]
    axis, place = _y_axis([float(y) for _, y in points])
    along = ticks(max((float(x) for x, _ in points), default=1.0))
    span = WIDTH - LEFT - RIGHT
    parts = [axis]
    for value in along:
        x = LEFT + span * value / along[-1]
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{value:g}</text>')
    parts.append(f'<text x="{LEFT + span / 2}" y="{HEIGHT - 16}" text-anchor="middle">{escape(chart.x_unit)}</text>')
    for s, series in enumerate(chart.series.values()):
        every = max(1, len(series) // MOST_POINTS)
        path = " ".join(f"{LEFT + span * x / along[-1]:.1f},{place(y):.1f}" for x, y in series[::every])
        colour = COLOURS[s % len(COLOURS)]
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
    return "\n".join(parts)


class _Scale:
    """From a value to its place on the y axis."""

    def __init__(self, most: float) -> None:
        self._most = most

    def __call__(self, value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / self._most


def _y_axis(values: Sequence[float]) -> tuple[str, _Scale]:
    marks = ticks(max(values, default=1.0))
    place = _Scale(marks[-1])
    return "\n".join(
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{place(mark):.1f}" y2="{place(mark):.1f}" stroke="#ddd"/>'
        f'<text x="{LEFT - 8}" y="{place(mark) + 4:.1f}" text-anchor="end">{mark:g}</text>'
        for mark in marks
    ), place
