from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vivant.nodes.depth.depth_colours import depth_colours
from vivant.nodes.depth.depth_file import FilePolarity, read_depth_file
from vivant.nodes.depth.depth_png import depth_png

UNEVEN = np.random.default_rng(3).beta(2, 5, (60, 70)).astype(np.float32) * np.float32(0.7) + np.float32(0.1)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "depth.png"
    path.write_bytes(depth_png(UNEVEN))
    return path


def test_it_is_read_back_as_it_was(written: Path) -> None:
    values, missing = read_depth_file(written, FilePolarity.DISPARITY)
    assert missing == 0 and values.dtype == np.float32
    assert np.abs(values - UNEVEN).max() <= 0.5 / 65535 + 1e-7  # half a step: no number was stretched
    turned, _ = read_depth_file(written, FilePolarity.INVERTED)
    np.testing.assert_allclose(turned, 1 - values, atol=1e-6)


def test_white_is_near_and_it_has_16_bits(written: Path) -> None:
    with Image.open(written) as opened:
        assert opened.mode == "I;16"
        grey = np.asarray(opened)
    assert grey[np.unravel_index(UNEVEN.argmax(), UNEVEN.shape)] == grey.max() > 256


def test_what_another_program_wrote_is_stretched(tmp_path: Path, written: Path) -> None:
    with Image.open(written) as opened:
        Image.fromarray(np.asarray(opened)).save(tmp_path / "bare.png")  # without the mark
        reduced = (np.asarray(opened) >> 8).astype(np.uint8)
        Image.fromarray(reduced).save(tmp_path / "reduced.png")
    for name in ("bare.png", "reduced.png"):
        values, _ = read_depth_file(tmp_path / name, FilePolarity.DISPARITY)
        assert values.min() == 0 and values.max() == 1


def test_in_colours_brightness_tells_what_is_near() -> None:
    ramp = np.tile(np.linspace(0, 1, 256, dtype=np.float32), (4, 1))
    colours = depth_colours(ramp)
    assert colours.shape == (4, 256, 3) and colours.dtype == np.uint8
    light = colours[0].astype(float) @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(light) > -1).all() and light[-1] - light[0] > 200
    assert colours[0, 128, 0] > colours[0, 128, 2]  # red before blue: as RGB, not BGR
