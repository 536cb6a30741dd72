"""What stands in the environment before large libraries are imported."""

from __future__ import annotations

import os

import pytest

from vivant.runtime import environment


@pytest.mark.parametrize(
    ("cores", "expected"), [(1, ("0", "1")), (2, ("0", "1")), (3, (None, None)), (16, (None, None))]
)
def test_libraries_have_no_threads_of_their_own_on_few_cores(
    cores: int, expected: tuple[str | None, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("LP_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")
    for name in names:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setattr(environment, "cores", lambda: cores)
    environment.prepare_environment()
    assert tuple(os.environ.get(name) for name in names) == expected


def test_what_the_user_says_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LP_NUM_THREADS", "2")
    monkeypatch.setattr(environment, "cores", lambda: 1)
    environment.prepare_environment()
    assert os.environ["LP_NUM_THREADS"] == "2"
