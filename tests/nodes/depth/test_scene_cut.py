from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vivant.nodes.depth.scene_cut import SceneCut

U8 = npt.NDArray[np.uint8]


def room(seed: int) -> U8:
    """Rectangles of chance, with noise."""
    random = np.random.default_rng(seed)
    light = np.full((120, 160, 3), 90.0)
    for _ in range(12):
        y, x = random.integers(0, 100), random.integers(0, 130)
        light[y : y + 40, x : x + 50] = random.uniform(20, 235)
    return np.clip(light + random.normal(0, 5, light.shape), 0, 255).astype(np.uint8)


def told(*pictures: U8) -> list[bool]:
    cut = SceneCut()
    return [cut.begins(picture) for picture in pictures]


def test_another_scene_is_a_cut_and_the_first_picture_is_none() -> None:
    assert told(room(1), room(1), room(2), room(2)) == [False, False, True, False]


def test_light_noise_and_motion_are_no_cut() -> None:
    darker = (room(1) * 0.4 + 5).astype(np.uint8)
    shaken = np.roll(room(1), 6, axis=1)
    hand = room(1)
    hand[30:110, 40:110] = 200
    assert told(room(1), darker, room(1), shaken, room(1), hand) == [False] * 6


def test_to_black_and_back_is_a_cut_and_dim_light_is_none() -> None:
    black = np.zeros_like(room(1))
    assert told(room(1), black, black, room(1)) == [False, True, False, True]
    assert told(black, black + 12) == [False, False]
