from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vivant.graph.errors import VivantError
from vivant.nodes.face.details import COUNT
from vivant.nodes.formats.motion import FaceMotion
from vivant.nodes.formats.motion_recording import MotionRecording


def motion(seed: int, *, known: bool = True) -> FaceMotion:
    random = np.random.default_rng(seed)
    weights, scores = random.random((2, 52)).astype(np.float32)
    rotation, translation = random.random((3, 3)).astype(np.float32), random.random(3).astype(np.float32)
    details = random.random((COUNT + 2, 2)).astype(np.float32)
    return FaceMotion(
        weights, rotation, translation, seed % 2 == 0, details if known else None, scores if known else None
    )


def times(count: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return 33_366_700 * np.arange(count, dtype=np.int64)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "me.npz"
    MotionRecording(times(4), (motion(1), None, motion(2), motion(3, known=False))).save(path)
    return path


def test_what_is_saved_comes_back_bit_by_bit(saved: Path) -> None:
    back = MotionRecording.load(saved)
    np.testing.assert_array_equal(back.times_ns, times(4))
    assert back.motions[1] is None
    for n, seed in ((0, 1), (2, 2), (3, 3)):
        was, now = motion(seed, known=n != 3), back.motions[n]
        assert now is not None and now.from_neutral == was.from_neutral
        for name in ("weights", "rotation", "translation", "details", "scores"):
            here, there = getattr(was, name), getattr(now, name)
            if here is None:
                assert there is None
            else:
                assert there.dtype == np.float32
                np.testing.assert_array_equal(here, there)


def test_nobody_in_it_is_a_recording_too(tmp_path: Path) -> None:
    MotionRecording(times(2), (None, None)).save(tmp_path / "a.npz")
    assert MotionRecording.load(tmp_path / "a.npz").motions == (None, None)


@pytest.mark.parametrize(
    ("spoilt", "says"),
    [
        ({"version": np.int64(2)}, "version is 2"),
        ({"weights": np.zeros((4, 51), np.float32)}, "'weights' has the shape"),
        ({"rotation": np.zeros((3, 3, 3), np.float32)}, "'rotation' has the shape"),
        ({"details": np.zeros((4, 5), np.float32)}, "'details' has the shape"),
        ({"details": np.full((4, 5, 2), np.nan, np.float32)}, "no number"),
        ({"scores": np.full((4, 52), np.inf, np.float32)}, "no number"),
        ({"times_ns": np.array([0, 2, 1, 3])}, "do not rise"),
        ({"times_ns": np.array([-1, 0, 1, 2])}, "do not rise"),
        ({"times_ns": np.array([{}, {}, {}, {}])}, "allow_pickle"),
    ],
)
def test_a_recording_that_does_not_hold_together_is_refused(saved: Path, spoilt: dict[str, Any], says: str) -> None:
    with np.load(saved) as stored:
        arrays = {name: stored[name] for name in stored.files}
    np.savez(saved, **arrays | spoilt)
    with pytest.raises(VivantError, match=says) as caught:
        MotionRecording.load(saved)
    assert caught.value.exit_status == 2 and str(saved) in str(caught.value.where)


@pytest.mark.parametrize("content", [b"", b"no arrays", b"PK\x03\x04 cut off"])
def test_what_is_no_recording_is_refused(tmp_path: Path, saved: Path, content: bytes) -> None:
    (tmp_path / "bad.npz").write_bytes(content)
    with pytest.raises(VivantError, match="not a recording of motion"):
        MotionRecording.load(tmp_path / "bad.npz")
    (tmp_path / "half.npz").write_bytes(saved.read_bytes()[: saved.stat().st_size // 2])
    with pytest.raises(VivantError, match="not a recording of motion"):
        MotionRecording.load(tmp_path / "half.npz")
    np.savez(tmp_path / "other.npz", something=np.zeros(3))
    with pytest.raises(VivantError, match="not a recording of motion"):
        MotionRecording.load(tmp_path / "other.npz")
