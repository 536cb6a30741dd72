from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.face.expression_solver import ExpressionSolver, descend

F64 = npt.NDArray[np.float64]


def problem(seed: int, rows: int = 90, columns: int = 20) -> tuple[F64, F64, F64]:
    """A system whose free solution leaves the box in many coordinates: matrix, goal, prior."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(rows, columns))
    goal = matrix @ rng.uniform(-1.0, 2.0, columns) + rng.normal(0, 0.5, rows)
    return matrix, goal, rng.uniform(0, 1, columns)


def solved(matrix: F64, goal: F64, prior: F64, ridge: float, sweeps: int = 400) -> F64:
    weights = prior.copy()
    descend(matrix.T @ matrix, matrix.T @ goal, prior, ridge, sweeps, weights)
    return weights


def projected_gradient(matrix: F64, goal: F64, prior: F64, ridge: float) -> F64:
    """Reference: small steps against the gradient, each brought back into the box."""
    hessian = matrix.T @ matrix + ridge * np.eye(len(prior))
    right = matrix.T @ goal + ridge * prior
    step = 1 / float(np.linalg.eigvalsh(hessian)[-1])
    weights = np.full(len(prior), 0.5)
    for _ in range(4000):
        weights = np.clip(weights - step * (hessian @ weights - right), 0, 1)
    return weights


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("ridge", [0.01, 0.5, 30.0])
def test_descent_finds_what_projected_gradients_find(seed: int, ridge: float) -> None:
    matrix, goal, prior = problem(seed)
    np.testing.assert_allclose(
        solved(matrix, goal, prior, ridge), projected_gradient(matrix, goal, prior, ridge), atol=1e-7
    )


@pytest.mark.parametrize("seed", range(6))
def test_the_result_is_optimal_and_in_the_box(seed: int) -> None:
    matrix, goal, prior = problem(seed)
    weights = solved(matrix, goal, prior, 0.5)
    gradient = matrix.T @ (matrix @ weights - goal) + 0.5 * (weights - prior)
    assert weights.min() >= 0 and weights.max() <= 1
    low, high = weights == 0, weights == 1
    assert low.any() and high.any()  # the box matters here
    assert (gradient[low] >= -1e-8).all()
    assert (gradient[high] <= 1e-8).all()
    np.testing.assert_allclose(gradient[~low & ~high], 0, atol=1e-8)


def test_a_strong_ridge_holds_the_prior_and_none_forgets_it() -> None:
    matrix, goal, prior = problem(3)
    np.testing.assert_allclose(solved(matrix, goal, prior, 1e9), prior, atol=1e-6)
    rng = np.random.default_rng(0)
    truth = rng.uniform(0.1, 0.9, matrix.shape[1])
    np.testing.assert_allclose(solved(matrix, matrix @ truth, prior, 0.0), truth, atol=1e-9)


def test_a_unit_that_moves_nothing_keeps_its_prior() -> None:
    matrix, goal, prior = problem(1)
    matrix[:, 4] = 0
    assert solved(matrix, goal, prior, 0.5)[4] == pytest.approx(prior[4])


def test_a_solver_reads_weights_and_pose_off_moved_points() -> None:
    rng = np.random.default_rng(5)
    neutral = rng.normal(0, 1, (478, 3))
    units = rng.normal(0, 0.05, (52, 478, 3))
    stable = list(range(0, 478, 12))
    units[:, stable] = 0
    truth = np.where(rng.random(52) < 0.5, 0, rng.uniform(0, 1, 52))
    angle = 0.6
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    shift = np.array([0.2, -0.1, 0.4])
    points = 0.3 * (neutral + np.tensordot(truth, units, axes=1)) @ turn.T + shift
    solver = ExpressionSolver(neutral, units, np.ones(478), stable, 1.0)
    weights, scale, rotation, translation = solver.solve(points, truth)
    np.testing.assert_allclose(weights, truth, atol=1e-6)
    assert scale == pytest.approx(0.3)
    np.testing.assert_allclose(rotation, turn, atol=1e-9)
    np.testing.assert_allclose(translation, shift, atol=1e-9)
    # with a prior that is wrong everywhere, the landmarks still say most of it
    weights, *_ = solver.solve(points, 1 - truth)
    assert np.abs(weights - truth).max() < 0.4
    assert weights.min() >= 0 and weights.max() <= 1
