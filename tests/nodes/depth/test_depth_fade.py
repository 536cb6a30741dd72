from __future__ import annotations

import numpy as np
import pytest

from vivant.nodes.depth.depth_fade import DepthFade
from vivant.nodes.formats.depth import DepthMap

S = 10**9


def flat(value: float, *, begins: bool = False, side: int = 4) -> DepthMap:
    return DepthMap(np.full((side, side), value, np.float32), 0.2 + value, -0.2, begins)


def shown(fade: DepthFade, t_s: float) -> float:
    found = fade.at(round(t_s * S))
    assert found is not None
    return float(found.values[0, 0])


def test_each_map_is_faded_in_within_the_time_since_the_one_before() -> None:
    fade = DepthFade()
    assert fade.at(0) is None and fade.age_s(5) == 0
    fade.take(flat(0), 0, round(0.1 * S))
    assert shown(fade, 0.1) == 0
    fade.take(flat(1), round(0.2 * S), round(0.3 * S))
    assert [shown(fade, t) for t in (0.3, 0.35, 0.4, 0.5, 9)] == pytest.approx([0, 0.25, 0.5, 1, 1])
    assert fade.age_s(round(0.45 * S)) == pytest.approx(0.25)


def test_near_and_far_are_faded_too() -> None:
    fade = DepthFade()
    fade.take(flat(0), 0, 0)
    fade.take(flat(1), S // 5, S // 4)
    found = fade.at(S // 4 + S // 10)
    assert found is not None and found.near == pytest.approx(0.7)


def test_a_map_that_comes_early_goes_on_from_what_is_shown() -> None:
    fade = DepthFade()
    fade.take(flat(0), 0, 0)
    fade.take(flat(1), S, round(1.1 * S))
    fade.take(flat(0), round(1.5 * S), round(1.6 * S))
    assert shown(fade, 1.6) == pytest.approx(0.5)  # no jump


def test_a_picture_without_a_map_rises_into_its_first() -> None:
    fade = DepthFade()
    fade.take(flat(1), 5 * S, round(5.2 * S))
    risen = [fade.at(round(t * S)) for t in (5.2, 5.45, 5.7, 6)]
    assert [(m.near, m.far) for m in risen if m] == [pytest.approx(e) for e in [(0, 0), (0.6, -0.1), (1.2, -0.2)]] + [
        pytest.approx((1.2, -0.2))
    ]
    assert all(m is not None and m.values.min() == 1 for m in risen)


@pytest.mark.parametrize("last", [flat(1, begins=True), flat(1, side=5)])
def test_another_scene_and_another_size_are_not_faded(last: DepthMap) -> None:
    fade = DepthFade()
    fade.take(flat(0), 0, 0)
    fade.take(last, S // 5, S // 4)
    assert shown(fade, 0.25) == 1


def test_a_map_of_the_very_frame_is_shown_as_it_is() -> None:
    fade = DepthFade()
    fade.take(flat(0), 0, 0)
    fade.take(flat(1), S // 5, S // 5)
    assert shown(fade, 0.2) == 1


def test_a_long_pause_is_no_long_fade() -> None:
    fade = DepthFade()
    fade.take(flat(0), 0, 0)
    fade.take(flat(1), 60 * S, 60 * S + 1)
    assert shown(fade, 61.1) == 1


def test_after_forgetting_nothing_is_shown() -> None:
    fade = DepthFade()
    fade.take(flat(0), 0, 0)
    fade.forget()
    assert fade.at(1) is None
