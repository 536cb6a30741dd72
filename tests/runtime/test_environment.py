"""What stands in the environment before large libraries are imported."""

from __future__ import annotations

import os

import pytest

from vivant.runtime import environment


@pytest.mark.parametrize(("cores", "expected"), [(1, "0"), (2, "0"), (3, None), (16, None)])
def test_software_opengl_has_no_threads_of_its_own_on_few_cores(
    cores: int, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LP_NUM_THREADS", "")
    monkeypatch.delenv("LP_NUM_THREADS")
    monkeypatch.setattr(environment, "cores", lambda: cores)
    environment.prepare_environment()
    assert os.environ.get("LP_NUM_THREADS") == expected


def test_what_the_user_says_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LP_NUM_THREADS", "2")
    monkeypatch.setattr(environment, "cores", lambda: 1)
    environment.prepare_environment()
    assert os.environ["LP_NUM_THREADS"] == "2"
