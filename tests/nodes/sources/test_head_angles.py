from __future__ import annotations

from math import radians

import numpy as np
import pytest

from vivant.nodes.sources.head_angles import head_rotation

FACE = np.array([0, 0, 1.0])
CROWN = np.array([0, 1.0, 0])


def test_no_angle_is_the_identity() -> None:
    np.testing.assert_array_equal(head_rotation(0, 0, 0), np.eye(3, dtype=np.float32))


def test_signs_as_the_viewer_sees_them() -> None:
    yaw, pitch, roll = (head_rotation(*np.radians(a)) for a in ((30, 0, 0), (0, 30, 0), (0, 0, 30)))
    assert (yaw @ FACE)[0] == pytest.approx(0.5)  # toward the right of the image
    assert (pitch @ FACE)[1] == pytest.approx(0.5)  # up
    assert (roll @ CROWN)[0] == pytest.approx(-0.5)  # the crown goes left: counter-clockwise
    for rotation in (yaw, pitch):
        assert (rotation @ FACE)[2] > 0  # still facing the viewer


def test_together_they_are_a_rotation_that_turns_last() -> None:
    rotation = head_rotation(radians(40), radians(20), radians(-15))
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-6)
    assert np.linalg.det(rotation) == pytest.approx(1)
    # Where the face looks: turned by 40 degrees about the upright, 20 degrees above the horizon, tilt apart.
    x, y, z = rotation @ FACE
    assert np.degrees(np.arctan2(x, z)) == pytest.approx(40)
    assert np.degrees(np.arcsin(y)) == pytest.approx(20)
