from __future__ import annotations

import pytest

from vivant.graph.migration import Document, migrate
from vivant.graph.problem import PresetError


def rename(document: Document) -> Document:
    return {"version": 2, "title": document["name"]}


def number(document: Document) -> Document:
    return {"version": 3, "title": f"{document['title']} 3"}


def test_steps_are_taken_one_after_the_other() -> None:
    old = {"version": 1, "name": "a"}
    assert migrate(old, steps={1: rename, 2: number}, current=3) == {"version": 3, "title": "a 3"}
    assert old == {"version": 1, "name": "a"}


def test_newer_than_the_program_is_refused_with_what_to_do() -> None:
    with pytest.raises(PresetError) as raised:
        migrate({"version": 4}, current=3)
    assert "version 4, this Vivant reads up to 3" in str(raised.value)
    assert "update Vivant" in raised.value.remedy


@pytest.mark.parametrize("version", [None, True, "1", 1.0, [1]])
def test_what_is_no_version_is_left_to_validation(version: object) -> None:
    assert migrate({"version": version}) == {"version": version}
