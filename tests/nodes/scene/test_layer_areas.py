from __future__ import annotations

import numpy as np

from vivant.nodes.scene.layer_areas import layer_areas
from vivant.nodes.scene.sharp_depth import steps


def test_each_layer_goes_on_under_a_nearer_one_where_its_outline_is_nearest() -> None:
    """Wall above, table below, and something before both: behind it the wall goes on above, the table below."""
    labels = np.zeros((60, 60), np.uint8)
    labels[30:] = 1
    labels[:, 25:35] = 2
    torn = steps(labels.astype(np.float32), 0.5)
    wall, table, near = layer_areas(labels, np.ones_like(torn), torn, 4, [20, 20, 20])
    assert wall.reaches[10, 30] and not table.reaches[10, 30]
    assert table.reaches[50, 30]
    assert np.array_equal(near.own, labels == 2) and np.array_equal(near.reaches, near.own)
    assert not (wall.shared.any() or table.shared.any() or near.shared.any())


def test_no_farther_than_a_camera_can_uncover() -> None:
    labels = np.zeros((40, 100), np.uint8)
    labels[:, 50:] = 1
    wall, _ = layer_areas(labels, np.ones((40, 100), bool), steps(labels.astype(np.float32), 0.5), 4, [12, 12])
    assert wall.reaches[20, 58] and not wall.reaches[20, 65]


def test_a_surface_that_was_cut_through_goes_on_on_both_sides() -> None:
    """A floor has no step where it is cut: both halves share a strip. Nothing slips through a slanting step."""
    z = np.repeat(np.linspace(0, 1, 100, dtype=np.float32)[:, None], 80, 1)
    y, x = np.mgrid[:100, :80]
    z[x > 30 + y // 3] = 5
    labels = (z > 0.5).astype(np.uint8)
    far, near = layer_areas(labels, np.ones_like(z, bool), steps(z, 0.5), 6, [8, 8])
    assert far.shared[52, 10] and near.shared[48, 10]
    assert not far.shared[60, 10]
    assert z[far.shared | far.own].max() < 1.01 and not far.deep[z == 5].any()
    assert not near.shared[10:40, 60:].any()
