from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.face.steady_reading import SteadyReading
from vivant.nodes.formats.face import FaceReading
from vivant.nodes.formats.rotation import rotation_matrix, rotation_vector

FRAME_NS = 33_333_333
F64 = npt.NDArray[np.float64]


def reading(
    shift: F64 | None = None, score: float = 0.0, turn: tuple[float, float, float] = (0, 0, 0), identity: int = 0
) -> FaceReading:
    points = 100 * np.random.default_rng(1).random((478, 3)) + (0 if shift is None else shift)
    points[234], points[454] = (100, 50, 0), (0, 50, 0)
    transform = np.eye(4, dtype=np.float32)
    transform[:3, :3] = 1.2 * rotation_matrix(np.array(turn, np.float64))
    plain = FaceReading(points.astype(np.float32), (200, 200), np.full(52, score, np.float32), transform)
    return dataclasses.replace(plain, identity=identity)


def test_noise_is_averaged() -> None:
    lot, steady = np.random.default_rng(0), SteadyReading()
    noisy = [
        reading(0.3 * lot.standard_normal((478, 3)), turn=tuple(0.003 * lot.standard_normal(3))) for _ in range(60)
    ]
    calm = [steady.step(r, i * FRAME_NS) for i, r in enumerate(noisy)]

    def jitter(readings: list[FaceReading]) -> float:
        return float(np.diff([r.points for r in readings], n=2, axis=0)[5:].std())

    def sway(readings: list[FaceReading]) -> float:
        turns = [rotation_vector(r.transform[:3, :3].astype(np.float64) / 1.2) for r in readings]
        return float(np.diff(turns, n=2, axis=0)[5:].std())

    assert jitter(calm) < 0.6 * jitter(noisy) and sway(calm) < 0.6 * sway(noisy)


def test_what_changes_much_is_taken_at_once() -> None:
    steady = SteadyReading()
    steady.step(reading(), 0)
    moved = reading(score=0.6, turn=(0, 0.1, 0))
    moved.points[13, 1] += 5
    there = steady.step(moved, FRAME_NS)
    lip = there.points[13] - there.points.mean(axis=0)
    assert lip == pytest.approx(moved.points[13] - moved.points.mean(axis=0), abs=0.05)
    np.testing.assert_allclose(there.scores, 0.6, atol=1e-6)
    np.testing.assert_allclose(there.transform, moved.transform, atol=1e-5)


def test_the_place_of_the_head_is_not_delayed() -> None:
    steady = SteadyReading()
    steady.step(reading(), 0)
    away = steady.step(reading(np.array([7.0, -3, 0]) * np.ones((478, 1))), FRAME_NS)
    moved = away.points.mean(axis=0) - reading().points.mean(axis=0)
    assert np.abs(moved[:2]).max() > 2.9


@pytest.mark.parametrize(("t_ns", "identity"), [(FRAME_NS, 2), (10**9, 0), (0, 0), (-FRAME_NS, 0)])
def test_another_person_a_gap_or_a_step_back_begin_anew(t_ns: int, identity: int) -> None:
    steady = SteadyReading()
    steady.step(reading(), 0)
    other = reading(np.full((478, 3), 0.2), score=0.1, identity=identity)
    assert steady.step(other, t_ns) is other
