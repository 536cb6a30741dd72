from __future__ import annotations

from pathlib import Path

import pytest

from vivant.runtime.command_options import from_here


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("driver.path=talk.mp4", 'driver.path="/work/talk.mp4"'),
        ('driver.path="talk.mp4"', 'driver.path="/work/talk.mp4"'),
        ("driver.path=../talk.mp4", 'driver.path="/work/../talk.mp4"'),
        ("driver.path=/abs/talk.mp4", 'driver.path="/abs/talk.mp4"'),
        ("x.texture_path=a.png", 'x.texture_path="/work/a.png"'),
        ("portrait.path=12", "portrait.path=12"),
        ("portrait.path=", "portrait.path="),
        ("portrait.path=sample:astronaut", "portrait.path=sample:astronaut"),
        ("draw.gain=a/b", "draw.gain=a/b"),
        ("nonsense", "nonsense"),
    ],
)
def test_paths_start_where_the_user_is(given: str, wanted: str) -> None:
    assert from_here([given], Path("/work")) == [wanted]


def test_no_overrides_are_no_overrides() -> None:
    assert from_here(None, Path("/work")) == []
