from __future__ import annotations

import numpy as np
import pytest

from vivant.nodes.face.anatomical_head import AnatomicalHead
from vivant.nodes.face.details import COUNT, GAZE, HANDLES, MIRRORED, DetailReader, DetailScale
from vivant.nodes.face.head_fit import HeadFitter
from vivant.nodes.formats.arkit import INDEX
from vivant.nodes.puppet.mirroring import mirrored_details


def test_what_the_weights_say_is_no_detail(head: AnatomicalHead, fitter: HeadFitter) -> None:
    reader, neutral = DetailReader(DetailScale(head), fitter.units), head.landmark_positions(head.vertices)
    reader.learn(neutral.astype(np.float64), np.zeros(52))
    worn = np.zeros(52)
    worn[INDEX["jawOpen"]] = 0.7
    local = neutral + np.tensordot(worn, fitter.units, axes=1)
    assert np.abs(reader.read(local, worn)[:COUNT]).max() < 1e-4


def test_what_they_do_not_say_is(head: AnatomicalHead, fitter: HeadFitter) -> None:
    reader, neutral = DetailReader(DetailScale(head), fitter.units), head.landmark_positions(head.vertices)
    reader.learn(neutral.astype(np.float64), np.zeros(52))
    local = neutral.astype(np.float64)
    local[61, 1] += 0.1
    found = reader.read(local, np.zeros(52))
    assert found[HANDLES.index(61), 1] == pytest.approx(0.1, abs=1e-3)
    assert np.abs(np.delete(found[:COUNT], HANDLES.index(61), axis=0)).max() < 1e-4
    reader.forget()
    reader.learn(local, np.zeros(52))  # for another person that corner is where it belongs
    assert np.abs(reader.read(local, np.zeros(52))[:COUNT]).max() < 1e-4


def test_a_mirror_taken_twice_changes_nothing() -> None:
    details = np.random.default_rng(0).standard_normal((COUNT + 2, 2)).astype(np.float32)
    once = mirrored_details(details)
    assert once is not None and once.shape == details.shape
    np.testing.assert_array_equal(mirrored_details(once), details)
    np.testing.assert_allclose(once[GAZE], details[GAZE][::-1] * [-1, 1])
    assert sorted(MIRRORED) == list(range(COUNT + 2))
    assert mirrored_details(None) is None
