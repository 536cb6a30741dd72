from __future__ import annotations

import numpy as np
import pytest

from vivant.nodes.scene.depth_cuts import depth_cuts


def blocks(*depths: float, width: int = 20) -> np.ndarray:
    return np.repeat(np.array(depths, np.float32), width)[None].repeat(30, 0)


def test_two_surfaces_are_cut_between() -> None:
    (cut,) = depth_cuts(blocks(-0.2, 0.2), 0.05, 5)
    assert -0.19 < cut < 0.19


def test_one_cut_separates_all_steps_that_it_can() -> None:
    (cut,) = depth_cuts(blocks(-0.2, 0.2, -0.2, 0.1, -0.2), 0.05, 5)
    assert -0.19 < cut < 0.09


def test_a_staircase_needs_a_cut_for_each_step() -> None:
    cuts = depth_cuts(blocks(-0.2, -0.1, 0.0, 0.1), 0.05, 9)
    assert np.digitize([-0.2, -0.1, 0.0, 0.1], cuts).tolist() == [0, 1, 2, 3]
    assert len(depth_cuts(blocks(-0.2, -0.1, 0.0, 0.1), 0.05, 2)) == 2


@pytest.mark.parametrize("z", [blocks(0.1), np.linspace(-0.2, 0.2, 400, dtype=np.float32)[None].repeat(20, 0)])
def test_what_has_no_steps_is_not_cut(z: np.ndarray) -> None:
    assert depth_cuts(z, 0.05, 5) == []
