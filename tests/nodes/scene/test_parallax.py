from __future__ import annotations

import numpy as np
import pytest

from vivant.nodes.scene.parallax import growth, least_step, overhang, sway, uncovered


def seen(p: float, z: float, e: float, eye_z: float, rest: float = 1.5) -> float:
    """Project by rays: a point on the ray of the camera at rest, seen by another one in the plane z = 0."""
    place = np.array([p * (1 - z / rest), z])
    eye = np.array([e, eye_z])
    along = eye[1] / (eye[1] - place[1])
    return float(eye[0] + (place[0] - eye[0]) * along)


def test_sway_and_growth_are_those_of_rays() -> None:
    for z in (-0.4, 0.0, 0.3):
        assert seen(0.2, z, 0.0, 1.5) == pytest.approx(0.2)
        assert seen(0.2, z, 0.1, 1.2) == pytest.approx(0.2 * growth(z, 1.2, 1.5) - 0.1 * sway(z, 1.2))


def test_no_camera_uncovers_more_than_is_said() -> None:
    near, far, reach, half = 0.25, -0.25, 0.2, 0.7
    said = uncovered(near, far, 1.5, reach, half)
    most = 0.0
    for eye_z in np.linspace(1.3, 1.5, 9):
        for e in (-reach, reach):
            for p in np.linspace(-half, half, 9):
                gap = abs(seen(p, near, e, eye_z) - seen(p, far, e, eye_z)) / growth(far, eye_z, 1.5)
                most = max(most, gap)
    assert most <= said + 1e-9
    assert most == pytest.approx(said, rel=0.02)


def test_no_camera_sees_more_of_the_border_than_is_said() -> None:
    for z in (0.25, -0.25):
        said = overhang(z, 1.5, 0.2, 0.5)
        for eye_z in (1.3, 1.4, 1.5):
            assert seen(0.5 + said, z, 0.2, eye_z) >= 0.5 - 1e-9 or seen(0.5 + said, z, -0.2, eye_z) >= 0.5 - 1e-9
            assert min(seen(0.5 + said, z, e, eye_z) for e in (-0.2, 0.2)) >= 0.5 - 1e-9


def test_a_step_is_what_opens_a_gap() -> None:
    step = least_step(1.5, 0.2, 0.004)
    assert 0.2 * sway(step, 1.5) == pytest.approx(0.004, rel=0.05)
