"""Leaving out of a mesh what a picture cannot show."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.formats.depth import DepthMap
from vivant.nodes.formats.head import HeadFit
from vivant.nodes.formats.puppet import Puppet, PuppetPose
from vivant.nodes.puppet import assembly
from vivant.nodes.puppet.mesh_part import grid_triangles
from vivant.nodes.puppet.thinning import edge_of, thinned

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]

SIDE = 13


def grid(seed: int = 0) -> tuple[F32, I32]:
    """A grid of 12 by 12 pixels whose inner vertices do not lie in line, y up."""
    rows, columns = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    places = np.stack([columns.ravel(), -rows.ravel()], axis=1)
    triangles = grid_triangles(SIDE, SIDE)
    inner = ~edge_of(triangles, len(places))
    places[inner] += np.random.default_rng(seed).uniform(-0.2, 0.2, (int(inner.sum()), 2)).astype(np.float32)
    return places, triangles


def thin(places: F32, fields: F32, triangles: I32, tolerance: float) -> I32:
    return thinned(places, fields, triangles, edge_of(triangles, len(places)), tolerance)


def areas(places: F32, triangles: I32) -> npt.NDArray[np.float64]:
    a, b, c = (places[triangles[:, i]].astype(np.float64) for i in range(3))
    return np.asarray(0.5 * ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]))


def interpolated(places: F32, fields: F32, triangles: I32) -> F32:
    """The fields at all places, as the triangles say."""
    out = np.empty_like(fields)
    for index, place in enumerate(places.astype(np.float64)):
        a, b, c = (places[triangles[:, i]] - place for i in range(3))
        shares = np.stack([b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0], c[:, 0] * a[:, 1] - c[:, 1] * a[:, 0]], axis=1)
        shares /= 2 * areas(places, triangles)[:, None]
        shares = np.concatenate([shares, 1 - shares.sum(axis=1, keepdims=True)], axis=1)
        inside = int(shares.min(axis=1).argmax())
        out[index] = np.tensordot(shares[inside], fields[triangles[inside]], axes=1)
    return out


def test_what_moves_evenly_needs_few_triangles() -> None:
    places, triangles = grid()
    even = np.stack([places @ (0.3, -0.2) + 5, places @ (1.5, 0.4), places @ (0.0, 0.7)], axis=1)[:, None].astype(
        np.float32
    )
    left = thin(places, even, triangles, 0.01)
    assert len(left) < 0.3 * len(triangles)
    assert areas(places, left).min() > 0
    assert np.isclose(areas(places, left).sum(), 144)


def test_no_field_is_off_by_more_than_the_tolerance() -> None:
    places, triangles = grid(1)
    x, y = places.T
    bump = 4 * np.exp(-((x - 7) ** 2 + (y + 5) ** 2) / 6)
    wave = np.sin(0.7 * x)
    nought = np.zeros_like(x)
    fields = np.stack([np.stack([bump, nought, nought], axis=1), np.stack([nought, wave, wave], axis=1)], axis=1)
    fields = fields.astype(np.float32)
    counts = []
    for tolerance in (0.05, 0.2, 0.6):
        left = thin(places, fields, triangles, tolerance)
        off = np.linalg.norm(interpolated(places, fields, left) - fields, axis=2)
        assert off.max() <= 1.1 * tolerance  # at a border between two triangles either may be asked
        assert np.isclose(areas(places, left).sum(), 144, atol=1e-3)
        counts.append(len(left))
    assert len(triangles) > counts[0] > counts[1] > counts[2]


def test_vertices_that_are_held_stay() -> None:
    places, triangles = grid()
    held = edge_of(triangles, len(places))
    held[[30, 84, 100]] = True
    left = thinned(places, np.zeros((len(places), 1, 3), np.float32), triangles, held, 1.0)
    assert set(np.flatnonzero(held)) <= set(left.ravel().tolist())
    assert len(left) < len(triangles)


def test_skin_that_is_folded_over_stays_as_it_is() -> None:
    places, triangles = grid()
    places[84] += (2.5, 0)  # over its neighbours
    folded = areas(places, triangles) < 0
    assert folded.any()
    left = thin(places, np.zeros((len(places), 1, 3), np.float32), triangles, 1.0)
    rows = {tuple(row) for row in left.tolist()}
    assert all(tuple(row) in rows for row in triangles[folded].tolist())


def test_the_edge_is_where_one_triangle_ends() -> None:
    triangles = grid_triangles(3, 3)
    assert edge_of(triangles, 10).tolist() == [True, True, True, True, False, True, True, True, True, True]


def test_what_comes_in_is_not_changed() -> None:
    places, triangles = grid()
    before = triangles.copy()
    thin(places, np.zeros((len(places), 1, 3), np.float32), triangles, 1.0)
    np.testing.assert_array_equal(triangles, before)


def test_a_thinned_puppet_looks_the_same(
    head: AnatomicalHead,
    portrait_pixels: npt.NDArray[np.uint8],
    portrait_fit: HeadFit,
    portrait_matte: F32,
    portrait_depth: DepthMap,
    portrait_puppet: Puppet,
    posed: Callable[..., PuppetPose],
    draw: Callable[[Puppet, PuppetPose], npt.NDArray[np.uint8]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(assembly, "thin_part", lambda part, *others: part)
    whole = assembly.assemble(head, portrait_pixels, portrait_fit, portrait_matte, portrait_depth)
    assert len(portrait_puppet.triangles) < 0.9 * len(whole.triangles)
    assert np.array_equal(np.unique(portrait_puppet.triangles), np.arange(len(portrait_puppet.plane)))
    for weights, turn in (
        ({}, (0.0, 0.0, 0.0)),
        ({"jawOpen": 0.8, "mouthFunnel": 0.5, "browInnerUp": 0.9}, (0.0, 0.0, 0.0)),
        ({"mouthSmileLeft": 0.9, "mouthSmileRight": 0.9, "eyeBlinkLeft": 1.0}, (0.2, 0.4, 0.0)),
    ):
        drawn = [draw(puppet, posed(puppet, weights, turn=turn)).astype(int) for puppet in (portrait_puppet, whole)]
        off = np.abs(drawn[0] - drawn[1]).max(axis=2)
        assert off.mean() < 0.5 and (off > 24).mean() < 0.002
