from __future__ import annotations

import json

import pytest

from vivant.runtime.benchmarks.finding import Chart, Figure, Finding, compared
from vivant.runtime.benchmarks.memory import slope
from vivant.runtime.benchmarks.suite import as_json
from vivant.runtime.commands.bench import line_of


def test_the_ratio_is_the_median_of_ratios_taken_in_turns() -> None:
    """A disturbance that hits measurement and reference of one turn alike must not show."""
    figure = compared("a", "ms", [10.0, 100.0, 12.0], "b", [5.0, 50.0, 6.0], goal="at most 2.5 x", most=2.5)
    assert (figure.value, figure.reference, figure.ratio, figure.met) == (12.0, 6.0, 2.0, True)


@pytest.mark.parametrize(("least", "most", "met"), [(None, None, None), (2.0, None, True), (2.1, None, False),
                                                    (None, 2.0, True), (None, 1.9, False)])  # fmt: skip
def test_goals(least: float | None, most: float | None, met: bool | None) -> None:
    assert compared("a", "x", [2.0], "b", [1.0], least=least, most=most).met is met


def test_a_finding_is_json_and_a_line() -> None:
    figure = compared("hop", "us", [4.0], "bare call", [2.0], goal="at most 1 x", most=1.0)
    finding = Finding("hop", "What a hop costs.", (figure, Figure("plain", "ms", None)), Chart("bars", {}, "us"))
    values = json.loads(json.dumps(as_json([finding], {"cores": 2})))
    assert values["benchmarks"]["hop"]["figures"] == [
        {"name": "hop", "unit": "us", "value": 4.0, "reference_name": "bare call", "reference": 2.0, "ratio": 2.0,
         "goal": "at most 1 x", "met": False},
        {"name": "plain", "unit": "ms"},
    ]  # fmt: skip
    assert line_of(figure) == "hop: 4 us; bare call 2; ratio 2.00; at most 1 x: NO"
    assert line_of(Figure("plain", "ms", None)) == "plain: ? ms"


def test_slope_of_a_line() -> None:
    assert slope([(0.0, 5.0), (1.0, 7.0), (2.0, 9.0)]) == pytest.approx(2.0)
    assert slope([(3.0, 1.0)]) == 0.0
