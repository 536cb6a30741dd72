from __future__ import annotations

import numpy as np

from vivant.nodes.scene.hidden_colour import hidden_colour


def test_what_is_known_stays_and_what_is_not_takes_its_colour() -> None:
    pixels = np.full((60, 90, 3), (200, 60, 20), np.float32)
    known = np.ones((60, 90), bool)
    known[:, 40:60] = False
    pixels[:, 40:60] = (0, 255, 0)  # what hides it must not show
    filled = hidden_colour(pixels, known, 10, 2)
    assert np.array_equal(filled[known], pixels[known])
    np.testing.assert_allclose(filled[~known], np.broadcast_to((200, 60, 20), (60 * 20, 3)), atol=1)


def test_texture_goes_on_beside_the_outline() -> None:
    y, x = np.mgrid[:80, :120]
    pixels = np.repeat((120.0 + 60 * (y // 3 % 2))[..., None], 3, 2).astype(np.float32)
    known = np.asarray(x < 60)
    filled = hidden_colour(pixels, known, 24, 2)
    assert np.abs(filled[20:60, 62:68] - pixels[20:60, 62:68]).mean() < 12
    assert filled[20:60, 62:68, 0].std() > 20
    assert filled[20:60, 100:, 0].std() < 12


def test_nothing_known_or_all_known_changes_nothing() -> None:
    pixels = np.random.default_rng(0).random((20, 20, 3)).astype(np.float32)
    for known in (np.ones((20, 20), bool), np.zeros((20, 20), bool)):
        assert np.array_equal(hidden_colour(pixels, known, 5, 2), pixels)
