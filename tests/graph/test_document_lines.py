from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivant.graph.document_lines import document_lines, with_lines
from vivant.graph.problem import PresetError, Problem, json_path

TEXT = """{
  "version": 1, "name": "a, {b}: \\"c\\"",
  "nodes": {
    "a b": {"type": "x",
      "params": {"size": [640,
        480], "empty": [], "none": {}}
    },
    "last": null
  }
}
"""


def test_every_place_has_the_line_of_its_key() -> None:
    assert document_lines(TEXT) == {
        "": 1,
        "version": 2,
        "name": 2,
        "nodes": 3,
        'nodes["a b"]': 4,
        'nodes["a b"].type': 4,
        'nodes["a b"].params': 5,
        'nodes["a b"].params.size': 5,
        'nodes["a b"].params.size[0]': 5,
        'nodes["a b"].params.size[1]': 6,
        'nodes["a b"].params.empty': 6,
        'nodes["a b"].params.none': 6,
        "nodes.last": 8,
    }


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ('nodes["a b"].params.size[1]', 6),
        ('nodes["a b"].params.missing', 5),
        ('nodes["a b"].inputs.frame', 4),
        ('nodes["no such"].type', 3),
        ("", None),
        ("--set 'x=1'", None),
    ],
)
def test_a_problem_gets_the_line_of_what_is_nearest(path: str, line: int | None) -> None:
    error = with_lines(PresetError([Problem(path, "wrong")], where="a.json", remedy="mend it"), TEXT)
    assert [problem.line for problem in error.problems] == [line]
    assert (error.where, error.remedy) == ("a.json", "mend it")
    assert (f"line {line}: {path}: wrong" if line else "wrong") in str(error)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
)


def places(value: Any, *steps: str | int) -> set[str]:
    found = {json_path(*steps)}
    if isinstance(value, dict):
        found.update(*(places(inner, *steps, key) for key, inner in value.items()))
    elif isinstance(value, list):
        found.update(*(places(inner, *steps, index) for index, inner in enumerate(value)))
    return found


@given(JSON, st.sampled_from([None, 2]))
def test_any_document_has_all_its_places(document: Any, indent: int | None) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=False)
    lines = document_lines(text)
    assert lines.keys() == places(document)
    assert max(lines.values()) <= text.count("\n") + 1
