from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.face.centred_reading import AFTER, CentredReading, Read, shares
from vivant.nodes.formats.face import FaceReading
from vivant.nodes.formats.rotation import rotation_matrix, rotation_vector

FRAME_NS = 40_000_000
F64 = npt.NDArray[np.float64]


def face(
    shift: F64 | float = 0.0, score: float = 0.0, turn: Sequence[float] | F64 = (0, 0, 0), identity: int = 0
) -> FaceReading:
    points = (100 * np.random.default_rng(1).random((478, 3)) + shift).astype(np.float32)
    transform = np.eye(4, dtype=np.float32)
    transform[:3, :3] = 1.2 * rotation_matrix(np.array(turn, np.float64))
    return FaceReading(points, (200, 200), np.full(52, score, np.float32), transform, identity)


def steadied(faces: Sequence[FaceReading | None], times: Sequence[int] | None = None) -> list[FaceReading | None]:
    """What comes of a recording: every frame answered once, in order, under its own time and number."""
    centred = CentredReading()
    times = times or [FRAME_NS * n for n in range(len(faces))]
    asked = [Read(t_ns, seq, one) for seq, (t_ns, one) in enumerate(zip(times, faces, strict=True))]
    answered = [read for read in map(centred.step, asked) if read is not None]
    assert len(answered) == max(0, len(faces) - AFTER)
    answered += centred.rest()
    assert [(read.t_ns, read.seq) for read in answered] == [(read.t_ns, read.seq) for read in asked]
    return [read.face for read in answered]


def known(faces: Sequence[FaceReading | None]) -> list[FaceReading]:
    found = [one for one in faces if one is not None]
    assert len(found) == len(faces)
    return found


def turn_of(one: FaceReading) -> F64:
    return rotation_vector(one.transform[:3, :3].astype(np.float64) / 1.2)


@pytest.mark.parametrize("count", [0, 1, AFTER, AFTER + 1, 40])
def test_every_frame_is_answered_however_few_there_are(count: int) -> None:
    assert len(known(steadied([face(score=0.3)] * count))) == count


def test_what_moves_evenly_passes_as_it_is() -> None:
    """Nothing lags, neither within nor at both ends."""
    moving = [face(0.8 * n, 0.02 * n, (0, 0.015 * n, 0)) for n in range(30)]
    for before, after in zip(moving, known(steadied(moving)), strict=True):
        np.testing.assert_allclose(after.points, before.points, atol=1e-3)
        np.testing.assert_allclose(after.scores, before.scores, atol=1e-4)
        np.testing.assert_allclose(after.transform, before.transform, atol=1e-4)


def test_noise_is_averaged() -> None:
    lot = np.random.default_rng(0)
    noisy = [
        face(0.3 * lot.standard_normal((478, 3)), 0.3 + 0.02 * lot.standard_normal(), 0.003 * lot.standard_normal(3))
        for _ in range(60)
    ]
    calm = known(steadied(noisy))

    def unrest(faces: list[FaceReading]) -> F64:
        rows = (
            [one.points for one in faces],
            [one.scores for one in faces],
            [turn_of(one) for one in faces],
        )
        return np.array([np.diff(np.array(part, np.float64), n=2, axis=0).std() for part in rows])

    left = unrest(calm) / unrest(noisy)
    assert left[0] < 0.6 and left[1] < 0.6 and left[2] < 0.25


def test_a_blink_stays_as_high_and_where_it_was() -> None:
    closing = np.zeros(40)
    closing[18:23] = (0.25, 0.8, 1.0, 0.7, 0.2)
    after = np.array([one.scores[0] for one in known(steadied([face(score=float(s)) for s in closing]))])
    assert after.max() > 0.93 and after.argmax() == 20
    assert np.abs(after - closing).max() < 0.12


def test_a_quick_turn_is_not_rounded_off() -> None:
    """Ten degrees in five frames: the corners of that are hardly blunted."""
    yaw = np.radians(10) * np.clip((np.arange(40) - 17) / 5, 0, 1)
    after = np.array([turn_of(one)[1] for one in known(steadied([face(turn=(0, y, 0)) for y in yaw]))])
    assert np.degrees(np.abs(after - yaw).max()) < 0.9


@pytest.mark.parametrize("parted", ["a lost face", "a gap", "another person", "a step back"])
def test_nothing_passes_from_one_side_of_a_break_to_the_other(parted: str) -> None:
    faces: list[FaceReading | None] = [*[face(score=0.2)] * 12, *[face(50.0, 0.9, (0, 0.5, 0))] * 12]
    times = [FRAME_NS * n for n in range(24)]
    if parted == "a lost face":
        faces.insert(12, None)
        times.append(FRAME_NS * 24)
    elif parted == "another person":
        faces[12:] = [dataclasses.replace(one, identity=2) for one in faces[12:] if one is not None]
    else:
        times[12:] = [t + (10**9 if parted == "a gap" else -(10**9)) for t in times[12:]]
    after = steadied(faces, times)
    assert [one is None for one in after] == [one is None for one in faces]
    for before, now in zip(faces, after, strict=True):
        if before is not None and now is not None:
            np.testing.assert_allclose(now.points, before.points, atol=1e-3)
            np.testing.assert_allclose(now.scores, before.scores, atol=1e-5)
            np.testing.assert_allclose(now.transform, before.transform, atol=1e-5)


@pytest.mark.parametrize("times", [(0.0,), (-0.04, 0.0), (0.0, 0.04, 0.08), (-0.1, -0.03, 0.0, 0.02, 0.11)])
def test_shares_pass_a_parabola_as_far_as_there_are_values_for_one(times: tuple[float, ...]) -> None:
    at = np.array(times)
    share, wide = shares(at, np.array([0.035, 0.09]))
    np.testing.assert_allclose(wide.sum(), 1)
    curve = np.full(len(at), 3.0) + (2 * at if len(at) > 1 else 0) + (50 * at**2 if len(at) > 2 else 0)
    assert share @ curve == pytest.approx(3, abs=1e-4)
