from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from vivant.runtime.benchmarks.finding import Chart, Finding
from vivant.runtime.benchmarks.plot import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, svg, ticks

SVG = "{http://www.w3.org/2000/svg}"


def drawn(chart: Chart) -> ElementTree.Element:
    return ElementTree.fromstring(svg(Finding("a < b & c", "", (), chart)))


def test_bars_are_as_high_as_their_values() -> None:
    picture = drawn(Chart("bars", {"ours": [1.0, 4.0], "theirs": [2.0, 3.0]}, "ms", ("small", "large")))
    ground = HEIGHT - BOTTOM
    bars = [r for r in picture.iter(f"{SVG}rect") if float(r.get("y", 0)) + float(r.get("height", 0)) == ground]
    heights = [float(bar.attrib["height"]) for bar in bars]
    assert [height / heights[0] for height in heights] == pytest.approx([1, 4, 2, 3], rel=0.01)
    texts = [text.text for text in picture.iter(f"{SVG}text")]
    assert {"small", "large", "ours", "theirs", "a < b & c: ms"} <= set(texts)


def test_lines_run_through_their_points_within_the_frame() -> None:
    picture = drawn(Chart("lines", {"memory": [(0.0, 100.0), (5.0, 50.0), (10.0, 100.0)]}, "MB", x_unit="s"))
    (line,) = picture.iter(f"{SVG}polyline")
    points = [tuple(float(v) for v in point.split(",")) for point in line.attrib["points"].split()]
    assert points == [(LEFT, TOP), ((LEFT + WIDTH - RIGHT) / 2, (TOP + HEIGHT - BOTTOM) / 2), (WIDTH - RIGHT, TOP)]


def test_a_long_line_is_thinned() -> None:
    picture = drawn(Chart("lines", {"ms": [(float(i), 1.0) for i in range(50_000)]}, "ms"))
    (line,) = picture.iter(f"{SVG}polyline")
    assert 1000 < len(line.attrib["points"].split()) < 4001


@pytest.mark.parametrize(("most", "marks"), [
    (0.0, [0, 1]), (1.0, [0, 0.2, 0.4, 0.6, 0.8, 1]), (6.1, [0, 1, 2, 3, 4, 5, 6, 7]), (99.0, [0, 20, 40, 60, 80, 100]),
    (0.034, [0, 0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.035]),
])  # fmt: skip
def test_ticks_are_round_and_reach_the_greatest(most: float, marks: list[float]) -> None:
    assert ticks(most) == marks
