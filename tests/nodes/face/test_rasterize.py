from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.face.rasterize import rasterize

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]


def brute_force(
    points: F32, triangles: I32, size: tuple[int, int]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    """Ask every triangle at every pixel: depth ``(T, h, w)``, inside, and how far inside (least barycentric)."""
    width, height = size
    y, x = np.mgrid[:height, :width] + 0.5
    depths, insides, margins = [], [], []
    for t in triangles:
        a, b, c = points[t].astype(np.float64)
        matrix = np.array([[a[0], b[0], c[0]], [a[1], b[1], c[1]], [1, 1, 1]])
        share = np.einsum("ij,jhw->ihw", np.linalg.inv(matrix), np.stack([x, y, np.ones_like(x)]))
        depths.append(np.einsum("ihw,i->hw", share, np.array([a[2], b[2], c[2]])))
        margins.append(share.min(axis=0))
        insides.append(margins[-1] >= 0)
    return np.array(depths), np.array(insides), np.array(margins)


@pytest.mark.parametrize("seed", range(5))
def test_against_asking_every_triangle_at_every_pixel(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = (57, 43)
    places = np.stack([rng.uniform(-20, 77, 60), rng.uniform(-15, 58, 60), rng.uniform(-3, 3, 60)], axis=1)
    points = places.astype(np.float32)
    triangles = np.array([rng.choice(60, 3, replace=False) for _ in range(9)], np.int32)
    shown, bary, depth = rasterize(points, triangles, size)
    depths, inside, margins = brute_force(points, triangles, size)
    best = np.where(inside, depths, -np.inf).max(axis=0)
    sure = (np.abs(margins) > 1e-4).all(axis=0)  # no edge runs through the pixel's centre
    assert sure.mean() > 0.9
    covered = np.asarray(inside.any(axis=0))
    assert 0.2 < covered.mean() < 1
    np.testing.assert_array_equal((shown >= 0)[sure], covered[sure])
    both = sure & covered
    np.testing.assert_allclose(depth[both], best[both], atol=2e-3)
    assert np.isneginf(depth[shown < 0]).all()
    # the triangle that is named is one that has this depth there, and bary gives the pixel's own place
    rows, columns = np.nonzero(both)
    named = shown[rows, columns]
    np.testing.assert_allclose(depths[named, rows, columns], best[rows, columns], atol=2e-3)
    place = np.einsum("nk,nkx->nx", bary[rows, columns], points[triangles[named]])
    np.testing.assert_allclose(place[:, 0], columns + 0.5, atol=2e-2)
    np.testing.assert_allclose(place[:, 1], rows + 0.5, atol=2e-2)
    np.testing.assert_allclose(place[:, 2], depth[rows, columns], atol=2e-3)


def test_the_nearer_wins_whatever_the_order() -> None:
    points = np.array([[0, 0, 1], [8, 0, 1], [0, 8, 1], [0, 0, 2], [8, 0, 2], [0, 8, 2]], np.float32)
    for order in ([[0, 1, 2], [3, 4, 5]], [[3, 4, 5], [0, 1, 2]]):
        shown, _, depth = rasterize(points, np.array(order, np.int32), (8, 8))
        near = order.index([3, 4, 5])
        assert shown[1, 1] == near
        assert depth[1, 1] == pytest.approx(2)


def test_both_windings_are_drawn_and_slivers_are_not() -> None:
    points = np.array([[0, 0, 0], [9, 0, 0], [0, 9, 0]], np.float32)
    forward, _, _ = rasterize(points, np.array([[0, 1, 2]], np.int32), (9, 9))
    backward, _, _ = rasterize(points, np.array([[0, 2, 1]], np.int32), (9, 9))
    np.testing.assert_array_equal(forward, backward)
    line, _, _ = rasterize(points, np.array([[0, 1, 1]], np.int32), (9, 9))
    assert (line == -1).all()


def test_triangles_beyond_the_buffer_draw_nothing() -> None:
    points = np.array([[-50, -50, 0], [-10, -50, 0], [-10, -9, 0]], np.float32)
    shown, _, depth = rasterize(points, np.array([[0, 1, 2]], np.int32), (16, 12))
    assert shown.shape == (12, 16)
    assert (shown == -1).all() and np.isneginf(depth).all()
