from __future__ import annotations

import numpy as np

from vivant.nodes.scene.layer_mesh import layer_mesh, no_steeper


def test_nothing_is_steeper_than_allowed_and_what_is_known_stays() -> None:
    z, known = np.zeros((12, 30), np.float32), np.zeros((12, 30), bool)
    z[:, 3], z[:, 26] = -0.2, 0.2
    known[:, 3] = known[:, 26] = True
    made = no_steeper(z, known, 0.05)
    np.testing.assert_allclose(made[:, 3], -0.2, atol=1e-6)
    np.testing.assert_allclose(made[:, 26], 0.2, atol=1e-6)
    assert np.abs(np.diff(made, axis=1)).max() <= 0.05 + 1e-6
    assert made.min() >= -0.2 - 1e-6 and made.max() <= 0.2 + 1e-6


def test_a_step_that_is_too_high_is_met_half_way() -> None:
    z = np.zeros((8, 40), np.float32)
    z[:, 20:] = 1
    made = no_steeper(z, np.ones_like(z, bool), 0.1)
    assert np.abs(np.diff(made, axis=1)).max() <= 0.1 + 1e-6
    assert made[4, 19:21].mean() == np.float32(0.5)


def test_a_thin_thing_is_not_bent_by_what_lies_beside_it() -> None:
    z = np.full((120, 160), -0.2, np.float32)
    z[:, 70:90] = 0.1
    thing = np.zeros(z.shape, bool)
    thing[:, 70:90] = True
    mesh = layer_mesh(z, thing, thing, 4, 120)
    np.testing.assert_allclose(mesh.z, 0.1, atol=1e-6)


def test_the_mesh_lies_over_what_is_covered_and_faces_the_viewer() -> None:
    covered = np.zeros((60, 80), bool)
    covered[13:27, 33:48] = True
    mesh = layer_mesh(np.zeros((60, 80), np.float32), np.ones((60, 80), bool), covered, 5, 60)
    assert mesh.places[:, 0].min() == 30 and mesh.places[:, 0].max() == 50
    assert mesh.places[:, 1].min() == 10 and mesh.places[:, 1].max() == 30
    a, b, c = (mesh.places[mesh.triangles[:, i]] for i in range(3))
    up = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    assert (up < 0).all()  # rows run down
    assert np.abs(up).sum() / 2 == 20 * 20
