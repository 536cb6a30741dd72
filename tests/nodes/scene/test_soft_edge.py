from __future__ import annotations

import numpy as np

from vivant.nodes.scene.soft_edge import composing, soft_edge, told_by_colour

F32 = np.float32


def test_the_edge_follows_the_pictures() -> None:
    """Depth says column 40, the picture changes at 43."""
    pixels = np.full((60, 80, 3), 220, np.uint8)
    pixels[:, 43:] = 30
    inside = np.zeros((60, 80), bool)
    inside[:, 40:] = True
    torn = np.zeros((60, 80), bool)
    torn[:, 39:41] = True
    picture = pixels.astype(F32)
    alpha = soft_edge(pixels, inside, torn, 5)
    assert alpha[:, :34].max() < 1e-3 and alpha[:, 48:].min() > 0.999
    front, behind = np.full_like(picture, 30), np.full_like(picture, 220)
    told = told_by_colour(picture, alpha, front, behind, np.ones_like(alpha))
    assert told[:, 41].max() < 0.1 and told[:, 44].min() > 0.95


def test_colours_that_are_alike_tell_nothing() -> None:
    picture = np.full((4, 4, 3), 100, F32)
    alpha = np.full((4, 4), 0.3, F32)
    assert np.array_equal(told_by_colour(picture, alpha, picture, picture, np.ones_like(alpha)), alpha)


def test_layers_over_each_other_are_the_picture() -> None:
    random = np.random.default_rng(3)
    picture, back, front = (random.uniform(60, 190, (20, 20, 3)).astype(F32) for _ in range(3))
    alpha = np.tile(np.linspace(0, 1, 20, dtype=F32), (20, 1))
    b, f = composing(picture, [back, front], [np.ones_like(alpha), alpha])
    shown = b + alpha[..., None] * (f - b)
    assert np.abs(shown - picture).mean() < 1
    assert np.array_equal(b[:, -1], back[:, -1]), "what is hidden is left alone"
    np.testing.assert_allclose(b[:, 0], picture[:, 0], atol=1e-3)
    np.testing.assert_allclose(f[:, -1], picture[:, -1], atol=1e-3)
