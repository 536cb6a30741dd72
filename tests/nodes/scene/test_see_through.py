from __future__ import annotations

import numpy as np

from vivant.nodes.formats.depth import DepthMap
from vivant.nodes.scene.assembly import assemble
from vivant.nodes.scene.see_through import continued, see_through

F32 = np.float32


def test_what_is_seen_goes_on_into_the_transparent_part() -> None:
    pixels = np.zeros((40, 60, 4), np.uint8)
    pixels[:, :30] = (200, 10, 10, 255)
    pixels[:, 30:] = (0, 255, 0, 0)  # what nobody may see
    z = np.full((40, 60), -0.2, F32)
    z[:, :26] = 0.1  # blurred by whoever estimated it: at the outline it falls off
    colours, deep, opacity = continued(pixels, z, 6)
    assert (colours == (200, 10, 10)).all() and (deep == F32(0.1)).all()
    assert opacity[:, :30].min() == 1 and opacity[:, 30:].max() == 0


def test_a_faint_picture_is_one_too() -> None:
    pixels = np.zeros((20, 20, 4), np.uint8)
    pixels[5:15, 5:15] = (9, 8, 7, 3)
    colours, deep, opacity = continued(pixels, np.full((20, 20), 0.1, F32), 2)
    assert (colours == (9, 8, 7)).all() and (deep == F32(0.1)).all() and 0 < opacity.max() < 0.02


def test_layers_together_are_as_opaque_as_the_picture() -> None:
    random = np.random.default_rng(1)
    alphas = [np.ones((30, 30), F32), *(random.uniform(0, 1, (30, 30)).astype(F32) for _ in range(2))]
    opacity = random.uniform(0, 1, (30, 30)).astype(F32)
    opacity[:10], opacity[10:12] = 1, 0
    beside = [np.ones_like(opacity)] * 3
    left = np.ones_like(opacity)
    for made in see_through(alphas, beside, opacity):
        left *= 1 - made
    np.testing.assert_allclose(1 - left, opacity, atol=1e-4)


def test_what_is_hidden_is_as_clear_as_what_it_goes_on_from() -> None:
    nearer = np.ones((4, 4), F32)
    beside = np.tile(np.array([0, 0, 1, 1], F32), (4, 1))
    farther, front = see_through([np.ones((4, 4), F32), nearer], [beside, nearer], np.ones((4, 4), F32))
    assert np.array_equal(farther, beside) and (front == 1).all()


def test_an_outline_is_no_step_of_depth() -> None:
    """A disc, flat, that an estimate has far behind where nothing is seen."""
    y, x = np.mgrid[:96, :128]
    disc = (x - 64) ** 2 + (y - 48) ** 2 < 30**2
    pixels = np.dstack([np.full((96, 128, 3), 120, np.uint8), np.where(disc, 255, 0).astype(np.uint8)])
    scene = assemble(pixels, DepthMap(disc.astype(F32), 0.2, -0.2), layers=6, reach=0.2)
    (layer,) = scene.layers
    assert scene.see_through and abs((layer.texture[..., 3] > 127).sum() / disc.sum() - 1) < 0.02
