from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.outputs.yuv420 import to_yuv420

U8 = npt.NDArray[np.uint8]


def planes(height: int, width: int) -> tuple[U8, U8, U8]:
    """Planes within larger memory, as codecs have them."""
    even = height + height % 2, width + width % 2
    luma, blue, red = (np.full((rows, columns + 7), 77, np.uint8) for rows, columns in
                       (even, *2 * [(even[0] // 2, even[1] // 2)]))  # fmt: skip
    return luma[:, :-7], blue[:, :-7], red[:, :-7]


@pytest.mark.parametrize("size", [(48, 64), (47, 64), (48, 63), (33, 35), (2, 2), (1, 1)])
def test_colours_are_those_of_bt709_and_chroma_that_of_four_pixels(size: tuple[int, int]) -> None:
    height, width = size
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3)).astype(np.uint8)
    pixels.setflags(write=False)
    converted = planes(height, width)
    to_yuv420(pixels, *converted)
    whole = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge").astype(float)
    quarter = whole.reshape(whole.shape[0] // 2, 2, whole.shape[1] // 2, 2, 3).mean(axis=(1, 3))
    shares = np.array([0.2126, 0.7152, 0.0722])
    expected = (
        16 + 219 / 255 * (whole @ shares),
        128 + 224 / 255 * (quarter[..., 2] - quarter @ shares) / 1.8556,
        128 + 224 / 255 * (quarter[..., 0] - quarter @ shares) / 1.5748,
    )
    for plane, exact in zip(converted, expected, strict=True):
        assert np.abs(plane - exact).max() < 0.51
        assert (plane.base is not None) and (plane.base[:, -7:] == 77).all()


@pytest.mark.parametrize("size", [(48, 64), (47, 64), (48, 63), (33, 35), (2, 2), (1, 1)])
def test_a_picture_as_opengl_has_it_gives_the_same(size: tuple[int, int]) -> None:
    rows = np.random.default_rng(2).integers(0, 256, (*size, 4)).astype(np.uint8)
    upright, turned = planes(*size), planes(*size)
    to_yuv420(np.ascontiguousarray(rows[::-1, :, :3]), *upright)
    to_yuv420(rows, *turned, upside_down=True)
    for one, other in zip(upright, turned, strict=True):
        np.testing.assert_array_equal(one, other)
        assert (other.base is not None) and (other.base[:, -7:] == 77).all()


@pytest.mark.parametrize(
    ("rgb", "yuv"),
    [((0, 0, 0), (16, 128, 128)), ((255, 255, 255), (235, 128, 128)), ((255, 0, 0), (63, 102, 240)),
     ((0, 255, 0), (173, 42, 26)), ((0, 0, 255), (32, 240, 118))],
)  # fmt: skip
def test_the_ends_of_the_range(rgb: tuple[int, int, int], yuv: tuple[int, int, int]) -> None:
    converted = planes(4, 4)
    to_yuv420(np.full((4, 4, 3), rgb, np.uint8), *converted)
    assert [set(plane.reshape(-1).tolist()) for plane in converted] == [{value} for value in yuv]
