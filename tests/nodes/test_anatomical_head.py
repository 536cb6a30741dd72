from __future__ import annotations

import numpy as np
import pytest

from vivant.nodes.face.anatomical_head import AnatomicalHead, load_head
from vivant.nodes.formats.arkit import INDEX


@pytest.fixture(scope="module")
def head() -> AnatomicalHead:
    return load_head()


def test_arrays_have_the_promised_sizes_and_cannot_be_changed(head: AnatomicalHead) -> None:
    assert head.vertices.shape == (5526, 3)
    assert head.triangles.shape == (10720, 3)
    assert head.face_units.shape == (52, 5526, 3)
    assert head.shapes.shape == (314, 5526, 3) == (len(head.shape_names), *head.vertices.shape)
    for array in (head.vertices, head.face_units, head.shapes, head.landmark_barycentric):
        assert array.dtype == np.float32
        assert np.isfinite(array).all()
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_parts_divide_the_vertices(head: AnatomicalHead) -> None:
    parts = [head.body, head.left_eye, head.right_eye, head.teeth, head.tongue, head.lashes]
    assert (np.sum(parts, axis=0) == 1).all()
    assert (head.vertices[head.left_eye, 0] > 0).all()
    assert (head.vertices[head.right_eye, 0] < 0).all()
    with pytest.raises(ValueError, match="helper-tongue"):
        head.part("hair")


def test_closed_parts_face_outward(head: AnatomicalHead) -> None:
    # the signed volume of a closed surface with counter-clockwise triangles is positive
    inside_eye = head.left_eye[head.triangles].all(axis=1)
    a, b, c = np.moveaxis(head.vertices[head.triangles[inside_eye]].astype(float), 1, 0)
    assert np.einsum("ni,ni->n", a, np.cross(b, c)).sum() / 6 > 0


def test_landmarks_lie_where_they_should(head: AnatomicalHead) -> None:
    points = head.landmark_positions(head.vertices)
    assert points.shape == (478, 3)
    forehead, nose_tip, chin = points[10], points[1], points[152]
    assert forehead[1] > nose_tip[1] > chin[1]
    assert nose_tip[2] > points[:468, 2].max() - 0.05  # nothing is farther forward
    assert points[33, 0] < 0 < points[263, 0]  # outer corner of the right eye, of the left eye
    mirrored = points * np.array([-1, 1, 1], np.float32)
    nearest = np.linalg.norm(points[:, None] - mirrored[None], axis=2).min(axis=1)
    assert nearest.max() < 0.1  # a face is symmetric: no landmark has gone astray


def test_irises_sit_on_their_own_eyeballs(head: AnatomicalHead) -> None:
    assert head.right_eye[head.triangles[head.landmark_triangle[468:473]]].all()
    assert head.left_eye[head.triangles[head.landmark_triangle[473:478]]].all()
    assert head.body[head.triangles[head.landmark_triangle[:468]]].all()


def test_opening_the_jaw_parts_the_inner_lips(head: AnatomicalHead) -> None:
    motion = head.landmark_positions(head.face_units[INDEX["jawOpen"]])[:, 1]
    upper, lower = [82, 13, 312], [87, 14, 317]
    assert (motion[upper] > -0.06).all()
    assert (motion[lower] < -0.2).all()


def test_a_blink_moves_the_upper_lid_of_its_own_side(head: AnatomicalHead) -> None:
    left = head.landmark_positions(head.face_units[INDEX["eyeBlinkLeft"]])[:, 1]
    assert left[386] < -0.05  # middle of the left upper lid
    assert abs(left[159]) < 1e-3  # of the right one


def test_landmarks_are_linear_in_the_vertices(head: AnatomicalHead) -> None:
    whole = head.landmark_positions(head.vertices + 0.5 * head.shapes[3])
    parts = head.landmark_positions(head.vertices) + 0.5 * head.landmark_positions(head.shapes[3])
    np.testing.assert_allclose(whole, parts, atol=1e-5)
    assert head.landmark_positions(head.face_units[:4]).shape == (4, 478, 3)


def test_lips_are_marked_around_the_mouth(head: AnatomicalHead) -> None:
    mouth = head.landmark_positions(head.vertices)[[13, 14]].mean(axis=0)
    distance = np.linalg.norm(head.vertices[head.lips > 0.5] - mouth, axis=1)
    assert len(distance) > 30
    assert distance.max() < 0.6
