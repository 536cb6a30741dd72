from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.puppet.facing import (
    always,
    coming_into_view,
    seen_in_space,
    soft_edges,
    towards_camera,
    vertex_normals,
)

F32 = npt.NDArray[np.float32]
EYE_Z = 3.0


def ring(degrees: npt.NDArray[np.floating]) -> tuple[F32, F32]:
    """Places and normals on an upright cylinder, 0 degrees toward the camera."""
    angles = np.radians(degrees)
    normals = np.stack([np.sin(angles), np.zeros_like(angles), np.cos(angles)], axis=1).astype(np.float32)
    return 0.1 * normals, normals


def shown(rows: F32, places: F32, yaw_deg: float) -> F32:
    """What the skinning kernel and the shader make of it after a turn of the whole cylinder."""
    c, s = np.cos(np.radians(yaw_deg)), np.sin(np.radians(yaw_deg))
    turn = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    plane = places * [1, 1, 0] @ turn.T
    value = ((rows[:, :3] @ turn.T) * (np.array([0, 0, EYE_Z]) - plane)).sum(axis=1) / EYE_Z + rows[:, 3]
    return np.asarray(np.clip(value, 0, 1), np.float32)


def test_normals_of_a_square_point_out_of_it() -> None:
    square = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], np.float32)
    normals = vertex_normals(square, np.array([[0, 1, 2], [0, 2, 3]], np.int32))
    np.testing.assert_allclose(normals, [[0, 0, 1]] * 4, atol=1e-6)


def test_a_vertex_without_triangles_has_no_normal_and_no_nan() -> None:
    assert (vertex_normals(np.zeros((2, 3), np.float32), np.zeros((0, 3), np.int32)) == 0).all()


def test_places_in_space_are_seen_where_the_picture_has_them() -> None:
    points = np.array([[0.3, -0.2, 0.5], [0.3, -0.2, -0.5]], np.float32)
    placed = seen_in_space(points, EYE_Z)
    np.testing.assert_allclose(placed[:, :2] / (1 - placed[:, 2:] / EYE_Z), points[:, :2], atol=1e-6)


@pytest.mark.parametrize("yaw", [-60.0, 0.0, 60.0])
def test_what_always_shows_does(yaw: float) -> None:
    places, _ = ring(np.arange(-180.0, 180, 20))
    assert (shown(always(len(places)), places, yaw) == 1).all()


def test_soft_edges_are_whole_at_rest_and_gone_where_the_surface_turns_away() -> None:
    places, normals = ring(np.array([-60.0, 0.0, 60.0]))
    rows = soft_edges(normals, places, EYE_Z)
    assert (shown(rows, places, 0) == 1).all()
    turned = shown(rows, places, 35)
    assert turned[2] == 0  # it faces away now
    assert (turned[:2] == 1).all()
    assert 0 < shown(rows, places, 26)[2] < 1


def test_a_fold_is_left_alone() -> None:
    places, normals = ring(np.array([120.0]))
    assert shown(soft_edges(normals, places, EYE_Z), places, 0)[0] == 1
    assert shown(soft_edges(normals, places, EYE_Z, everywhere=True), places, 0)[0] == 0


def test_hidden_skin_is_not_there_at_rest_and_comes_with_the_turn() -> None:
    places, normals = ring(np.array([-100.0, -75.0, 75.0, 100.0]))
    rows = coming_into_view(normals, places, EYE_Z)
    assert (shown(rows, places, 0) == 0).all()
    seen = [shown(rows, places, yaw) for yaw in (5, 15, 25, 35)]
    assert (np.diff(np.array(seen)[:, :2], axis=0) >= 0).all()
    np.testing.assert_allclose(seen[-1], [1, 1, 0, 0], atol=1e-6)
    assert (towards_camera(normals, places, EYE_Z)[[0, 3]] < 0).all()
