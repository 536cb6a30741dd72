from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vivant.graph.errors import VivantError
from vivant.nodes.depth.depth_file import FilePolarity, filled_from_behind, read_depth_file

DISPARITY, METRIC, INVERTED = FilePolarity.DISPARITY, FilePolarity.METRIC, FilePolarity.INVERTED
RAMP = np.tile(np.linspace(0, 1, 41, dtype=np.float32), (30, 1))


def saved(folder: Path, name: str, values: np.ndarray) -> Path:
    path = folder / name
    if path.suffix == ".png":
        Image.fromarray(values).save(path)
    elif path.suffix == ".npy":
        np.save(path, values)
    else:
        np.savez(path, values)
    return path


@pytest.mark.parametrize(
    ("name", "values", "step"),
    [
        ("a.png", np.round(RAMP * 255).astype(np.uint8), 1 / 255),
        ("a.png", np.round(RAMP * 65535).astype(np.uint16), 1 / 65535),
        ("a.npy", RAMP * 7 + 3, 1e-6),
        ("a.npy", (RAMP * 7 + 3).astype(np.float64), 1e-6),
        ("a.npz", RAMP * 40, 1e-6),
        ("a.npy", np.round(RAMP * 40).astype(np.int16), 1 / 40),
        ("a.npz", (RAMP * 40)[None, :, :, None], 1e-6),
    ],
)
def test_every_kind_of_file_gives_the_same_map(tmp_path: Path, name: str, values: np.ndarray, step: float) -> None:
    read, missing = read_depth_file(saved(tmp_path, name, values), DISPARITY)
    assert read.dtype == np.float32 and read.flags.c_contiguous
    assert missing == 0
    np.testing.assert_allclose(read, RAMP, atol=step + 1e-5)


def test_polarity_says_which_end_is_near(tmp_path: Path) -> None:
    path = saved(tmp_path, "a.npy", RAMP)
    np.testing.assert_allclose(read_depth_file(path, INVERTED)[0], 1 - RAMP, atol=1e-5)
    metres = saved(tmp_path, "m.npy", 1 / (0.1 + 0.9 * RAMP))
    np.testing.assert_allclose(read_depth_file(metres, METRIC)[0], RAMP, atol=1e-4)


def test_a_distance_of_nothing_is_missing(tmp_path: Path) -> None:
    metres = 1 / (0.1 + 0.9 * RAMP)
    metres[10:12, 5:8] = 0
    metres[10:12, 20:22] = -1
    read, missing = read_depth_file(saved(tmp_path, "m.npy", metres), METRIC)
    assert missing == pytest.approx(10 / RAMP.size)
    assert np.isfinite(read).all()
    np.testing.assert_allclose(read[10, 5:8], RAMP[10, 4], atol=1e-3)


def test_what_is_missing_belongs_to_what_lies_behind(tmp_path: Path) -> None:
    scene = np.full((20, 30), 2.0, np.float32)
    scene[:, 15:] = 10.0
    scene[:, 10:15] = np.nan
    scene[4, :] = np.inf
    read, missing = read_depth_file(saved(tmp_path, "s.npz", scene), DISPARITY)
    assert missing == pytest.approx((19 * 5 + 30) / scene.size)
    assert (read[:, :15] == 0).all()
    assert (read[:, 15:] == 1).all()


def test_filling_changes_nothing_that_is_known() -> None:
    values = np.random.default_rng(0).random((9, 9)).astype(np.float32)
    known = np.random.default_rng(1).random((9, 9)) > 0.5
    filled = filled_from_behind(values, known)
    assert (filled[known] == values[known]).all()
    assert np.isfinite(filled).all()


def test_a_map_that_is_all_equally_far_is_all_zero(tmp_path: Path) -> None:
    read, _ = read_depth_file(saved(tmp_path, "flat.npy", np.full((8, 8), 3.0)), DISPARITY)
    assert (read == 0).all()


def test_a_few_wild_numbers_do_not_flatten_the_rest(tmp_path: Path) -> None:
    values = np.tile(RAMP, (10, 10))
    values[0, 0] = 1e6
    read, _ = read_depth_file(saved(tmp_path, "wild.npy", values), DISPARITY)
    assert np.median(read) == pytest.approx(0.5, abs=0.02)


def bad_files(folder: Path) -> dict[str, Path]:
    rgb = np.zeros((9, 9, 3), np.uint8)
    rgb[..., 0] = 200
    np.savez(folder / "two.npz", a=RAMP, b=RAMP)
    np.save(folder / "objects.npy", np.array([{}, 1], object), allow_pickle=True)
    for name, content in {
        "cut.npy": b"\x93NUMPY\x01\x00v",
        "empty.npz": b"",
        "text.png": b"hello",
        "a.exr": b"v",
    }.items():
        (folder / name).write_bytes(content)
    whole = saved(folder, "whole.png", np.round(RAMP * 255).astype(np.uint8)).read_bytes()
    (folder / "half.png").write_bytes(whole[: len(whole) // 2])
    return {
        "in colours": saved(folder, "rgb.png", rgb),
        "none is called depth": folder / "two.npz",
        "damaged": folder / "cut.npy",
        "objects.npy": folder / "objects.npy",
        "empty.npz": folder / "empty.npz",
        "not a PNG": folder / "text.png",
        "half.png": folder / "half.png",
        ".exr": folder / "a.exr",
        "no usable number": saved(folder, "nan.npy", np.full((9, 9), np.nan, np.float32)),
        "(4, 9, 9)": saved(folder, "cube.npy", np.zeros((4, 9, 9))),
        "(9,)": saved(folder, "line.npy", np.zeros((1, 9))),
        "type": saved(folder, "words.npy", np.array([["a", "b"], ["c", "d"]])),
    }


def test_what_is_no_depth_map_is_told_in_words(tmp_path: Path) -> None:
    for says, path in bad_files(tmp_path).items():
        with pytest.raises(VivantError) as caught:
            read_depth_file(path, DISPARITY)
        assert says in str(caught.value), path
        assert caught.value.exit_status == 2
        assert caught.value.remedy


def test_a_file_that_claims_to_be_huge_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "huge.npy"
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": (20000, 20000)})
        file.truncate(file.tell() + 20000 * 20000)  # sparse
    with pytest.raises(VivantError, match="too large"):
        read_depth_file(path, DISPARITY)
